# A World Values Survey file to answers in long form and distributions, in R's
# data.table. It writes no Parquet, so the tables are csv files.
#
#   Rscript wvs_datatable.R WVS.csv OUT
library(data.table)

arguments <- commandArgs(trailingOnly = TRUE)
out <- arguments[2]
header <- names(fread(arguments[1], nrows = 0))
questions <- grep("^Q[0-9]", header, value = TRUE)
wide <- fread(arguments[1], select = c("B_COUNTRY_ALPHA", "D_INTERVIEW", "W_WEIGHT", questions), showProgress = FALSE)
setnames(wide, 1:3, c("country", "respondent", "weight"))
answers <- melt(wide, c("country", "respondent", "weight"), questions, "question", "code", na.rm = TRUE)
rm(wide)
fwrite(answers[, !"weight"], file.path(out, "answer.csv"))
counted <- answers[code >= 0, .(n = .N, weighted_n = sum(weight)), keyby = .(country, question, code)]
counted[, c("share", "weighted_share") := list(n / sum(n), weighted_n / sum(weighted_n)), by = .(country, question)]
fwrite(counted, file.path(out, "distribution.csv"))
