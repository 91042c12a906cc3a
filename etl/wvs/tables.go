package wvs

import (
	"alignctl/etl"
	"alignctl/lake"
)

// Specs are the tables that this package writes.
func Specs() []lake.Spec {
	return []lake.Spec{respondentSpec(), answerSpec(), questionSpec(), optionSpec(), distributionSpec(), missingSpec()}
}

const sourceDoc = "name of the source, such as wvs7-usa"

func respondentSpec() lake.Spec {
	return lake.Spec{
		Name: "raw.wvs_respondent",
		Doc:  "One respondent of a file of the World Values Survey. What is NULL isn't in the file.",
		Key:  []string{"source", "respondent"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", sourceDoc),
			etl.IntColumn("respondent", "", "number in the source, from 1, by file_id and line; joins raw.wvs_answer"),
			etl.TextColumn("country", "ISO 3166-1 alpha-3 code; B_COUNTRY_ALPHA"),
			etl.Optional(etl.IntColumn("country_code", "", "ISO 3166-1 numeric code; B_COUNTRY")),
			etl.TextColumn("file_id", "first 16 hex digits of the file's SHA-256; see meta.files"),
			etl.LongColumn("line", "", "line of the record in the file; the header is line 1"),
			etl.Optional(etl.TextColumn("release", "version of the data file; version")),
			etl.Optional(etl.IntColumn("year", "year", "year of the survey; A_YEAR")),
			etl.Optional(etl.LongColumn("interview", "", "number of the interview; D_INTERVIEW")),
			etl.Optional(etl.IntColumn("interview_date", "", "date of the interview as yyyymmdd; J_INTDATE")),
			etl.Optional(etl.TextColumn("language", "ISO 639 code of the interview's language; LNGE_ISO")),
			etl.Optional(etl.DoubleColumn("weight", "1", "weight within the country, mean about 1; W_WEIGHT")),
			etl.Optional(etl.DoubleColumn("weight_equal", "1", "factor by which countries count alike; S018")),
			etl.Optional(etl.DoubleColumn("weight_population", "1", "factor by which countries count by population; PWGHT")),
		},
	}
}

func answerSpec() lake.Spec {
	return lake.Spec{
		Name: "raw.wvs_answer",
		Doc: "A respondent's code for a question, as the file has it. Which codes are answers is in core.wvs_option; " +
			"negative ones say why there is none: -1 don't know, -2 no answer, -3 not applicable, -4 not asked, -5 unknown.",
		Key: []string{"source", "question", "respondent"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", sourceDoc),
			etl.TextColumn("question", "name of the column in the file, such as Q1"),
			etl.IntColumn("respondent", "", "as in raw.wvs_respondent"),
			etl.Optional(etl.IntColumn("code", "", "NULL where the cell is empty")),
		},
	}
}

func questionSpec() lake.Spec {
	return lake.Spec{
		Name: "core.wvs_question",
		Doc: "A question of wave 7 in one language. The language '' has every question without words; another has those " +
			"that the source's codebook words.",
		Key: []string{"source", "question", "language"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", sourceDoc),
			etl.TextColumn("question", "such as Q1"),
			etl.TextColumn("language", "ISO 639-1 code, or '' for the facts alone"),
			etl.IntColumn("number", "", "place in the questionnaire"),
			etl.Optional(etl.TextColumn("text", "the question as the codebook words it")),
			etl.TextColumn("topic", "part of the questionnaire, in our own short words"),
			etl.TextColumn("kind", "scale: binary, ordinal, scale10, reordered (ordered, not as the codes are), nominal or number"),
			etl.TextColumn("role", "substantive, or demographic: about the respondent, not an opinion"),
			etl.Optional(etl.TextColumn("recodes", "the question whose answers this one puts into other classes")),
			etl.Optional(etl.IntColumn("options", "count", "codes that are answers; NULL where any from 0 up may be one")),
		},
	}
}

func optionSpec() lake.Spec {
	return lake.Spec{
		Name: "core.wvs_option",
		Doc: "A code that answers a question, in one language. The language '' has every code without words; another has " +
			"those that the source's codebook labels.",
		Key: []string{"source", "question", "language", "code"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", sourceDoc),
			etl.TextColumn("question", "such as Q1"),
			etl.TextColumn("language", "ISO 639-1 code, or '' for the facts alone"),
			etl.IntColumn("code", "", "as in raw.wvs_answer"),
			etl.Optional(etl.IntColumn("position", "", "place on the scale, from 1; NULL on a nominal scale, and beside the scale")),
			etl.Optional(etl.TextColumn("label", "the answer as the codebook words it")),
		},
	}
}

func distributionSpec() lake.Spec {
	return lake.Spec{
		Name: "core.wvs_distribution",
		Doc: "How often a country's respondents gave a code, among those who gave an answer. A question that nobody in a " +
			"country answered has no row: core.wvs_missing says why.",
		Key: []string{"source", "country", "question", "code"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", sourceDoc),
			etl.TextColumn("country", "ISO 3166-1 alpha-3 code"),
			etl.TextColumn("question", "such as Q1"),
			etl.IntColumn("code", "", "a valid code of the question that somebody gave"),
			etl.LongColumn("n", "count", "respondents who gave the code"),
			etl.LongColumn("valid_n", "count", "respondents who gave any answer"),
			etl.DoubleColumn("share", "1", "n / valid_n"),
			etl.Optional(etl.DoubleColumn("weighted_n", "count", "weights of those who gave the code; NULL without weights")),
			etl.Optional(etl.DoubleColumn("weighted_share", "1", "weighted_n by the sum over all codes; NULL without weights")),
		},
	}
}

func missingSpec() lake.Spec {
	return lake.Spec{
		Name: "core.wvs_missing",
		Doc: "How many of a country's respondents answered a question, and why the others didn't. It has every question of " +
			"wave 7 for every country of the source.",
		Key: []string{"source", "country", "question"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", sourceDoc),
			etl.TextColumn("country", "ISO 3166-1 alpha-3 code"),
			etl.TextColumn("question", "such as Q1"),
			etl.TextColumn("state", "asked; not asked (every cell says so, or is empty); or no column (no file of the country has it)"),
			etl.LongColumn("respondents", "count", "respondents of the country"),
			etl.LongColumn("valid_n", "count", "gave an answer"),
			etl.LongColumn("dont_know", "count", "code -1"),
			etl.LongColumn("no_answer", "count", "code -2"),
			etl.LongColumn("not_applicable", "count", "code -3"),
			etl.LongColumn("not_asked", "count", "code -4"),
			etl.LongColumn("unknown", "count", "code -5"),
			etl.LongColumn("blank", "count", "an empty cell"),
		},
	}
}
