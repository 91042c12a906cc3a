# The official cleaning of a SWOW-EN `complete` file in R's data.table, as one
# who knows it would write it. data.table writes no Parquet, so the tables are
# csv files.
#
#   Rscript swow_datatable.R COMPLETE.csv WORDS CUES VARIANTS OUT
library(data.table)

arguments <- commandArgs(trailingOnly = TRUE)
out <- arguments[5]
lines <- function(path) readLines(path, encoding = "UTF-8")
unknown <- c("Unknown word", "\"Unknown word", "\"\"Unknown word") # fread leaves doubled quotes
native <- c("United States" = 3, "Canada" = 2, "Australia" = 2, "New Zealand" = 2, "Jamaica" = 2,
            "Puerto Rico" = 2, "South Africa" = 2, "Ireland" = 1, "United Kingdom" = 1)

texts <- c("nativeLanguage", "country", "cue", "R1", "R2", "R3")
wide <- fread(arguments[1], select = c("id", "participantID", texts), colClasses = list(character = texts),
              na.strings = "NA", encoding = "UTF-8", showProgress = FALSE)
corrections <- fread(arguments[3], header = FALSE, sep = "\t", quote = "", col.names = c("cue", "correction"))
wide[corrections, on = "cue", cue := i.correction]
for (r in c("R1", "R2", "R3")) set(wide, which(wide[[r]] %chin% c("", "No more responses")), r, NA_character_)
wide[R2 == R1 & !R2 %chin% unknown, R2 := NA]
wide[R3 == R2 & !R3 %chin% unknown, R3 := NA]
wide[is.na(R2), c("R2", "R3") := list(R3, NA_character_)]

association <- melt(wide, c("id", "participantID", "cue"), c("R1", "R2", "R3"), "position", "response")
association[, position := as.integer(position)]
association[, kind := fifelse(is.na(response), "missing", fifelse(response %chin% unknown, "unknown", "word"))]
association[kind == "unknown", response := NA]

people <- association[, .(slots = .N), keyby = participantID]
words <- association[kind == "word", .(participantID, response)]
words[, english := response %chin% lines(arguments[2])]
words[, several := grepl("[[:space:],;]", trimws(response))]
counted <- words[, .(words = .N, english = sum(english), several = sum(several)), by = participantID]
different <- unique(words[, .(participantID, response)])[, .(different = .N), by = participantID]
counted[different, on = "participantID", different := i.different]
people <- counted[people, on = "participantID"]
people[is.na(words), words := 0L]
people[, status := fcase(1 - words / slots > 0.6, "X", english / words < 0.6, "Non-native",
                         1 - different / words > 0.2, "Perseveration", several / words > 0.3, "Verbose",
                         default = "Valid")]
fwrite(people, file.path(out, "participant.csv"))

trials <- wide[, .(id, cue, participantID, nativeLanguage, country)]
trials[people, on = "participantID", status := i.status]
trials[, us := fcoalesce(nativeLanguage == "United States" & country == "United States", FALSE)]
trials[, key := fcoalesce(native[nativeLanguage], 0) + participantID / max(participantID)]
trials[status == "Valid", official := frank(-key, ties.method = "min") <= 100, by = cue]
trials[, official := fcoalesce(official, FALSE) & !cue %chin% lines(arguments[4])]
rm(wide)
association[trials, on = "id", c("status", "us", "official") := list(i.status, i.us, i.official)]
fwrite(association, file.path(out, "association.csv"))

words <- association[status == "Valid" & kind == "word"]
count <- function(words, name) {
  counted <- words[, .(population = name, n1 = sum(position == 1L), n123 = .N), by = .(cue, response)]
  counted[, c("total1", "total123") := list(sum(n1), sum(n123)), by = cue]
  counted[, c("strength1", "strength123") := list(n1 / total1, n123 / total123)]
  setorder(counted, cue, -n123, response)
}
strength <- rbind(count(words, "all"), count(words[official == TRUE], "official"), count(words[us == TRUE], "us"))
fwrite(strength, file.path(out, "strength.csv"))
