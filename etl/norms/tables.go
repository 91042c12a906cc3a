package norms

import (
	"alignctl/etl"
	"alignctl/lake"
)

// Specs are the tables that this package writes.
func Specs() []lake.Spec { return []lake.Spec{rawSpec(), coreSpec(), lemmaSpec()} }

func rawSpec() lake.Spec {
	return lake.Spec{
		Name: "raw.norm",
		Doc: "What one group of raters said of a word in a dimension, in the scale of the file. " +
			"A record of the file gives a row for each dimension and group of raters that the file has.",
		Key:   []string{"source", "file_id", "line", "dimension", "group"},
		Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", "name of the source that the file belongs to"),
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("file_id", "first 16 hex digits of the file's SHA-256; see meta.files"),
			etl.LongColumn("line", "", "line of the record in the file; the header, where there is one, is line 1"),
			etl.TextColumn("word", "the word as the file has it"),
			etl.TextColumn("headword", "the word without blanks around it and without its sense"),
			etl.Optional(etl.TextColumn("sense", "sense of a homograph: money for bank (money); NULL where none is told")),
			etl.TextColumn("folded", "the headword in NFKC, case folded: fold(headword) in SQL; of traditional characters "+
				"the simplified ones where the set says so"),
			etl.TextColumn("dimension", "valence, arousal, dominance, concreteness, aoa, ..."),
			etl.TextColumn("group", "the raters: Sum (all of them), or as the source calls them; in Warriner M, F (men, women), "+
				"Y, O (younger, older), L, H (lower, higher education)"),
			etl.Optional(etl.DoubleColumn("mean", "", "mean rating; NULL where the file has none")),
			etl.Optional(etl.DoubleColumn("sd", "", "standard deviation of the ratings")),
			etl.Optional(etl.LongColumn("n", "count", "raters, as the source counts them")),
			etl.Optional(etl.DoubleColumn("known", "1", "share of the raters who knew the word")),
			etl.DoubleColumn("scale_low", "", "lowest number of the scale"),
			etl.DoubleColumn("scale_high", "", "highest number of the scale"),
			etl.BoolColumn("reversed", "whether the lowest number stands for the most"),
		},
	}
}

func coreSpec() lake.Spec {
	return lake.Spec{
		Name: "core.norm",
		Doc: "A word's rating in a dimension by all raters of a source, on the scale that sources share: valence, arousal " +
			"and dominance 1 to 9, concreteness 1 to 5 with 5 = concrete, other dimensions as in the source.",
		Key:   []string{"source", "language", "word", "dimension"},
		Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", "name of the source, such as warriner"),
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("word", "the word as it is spelled in the source, without its sense; spellings that differ in case "+
				"are words of their own"),
			etl.TextColumn("folded", "the word as it is looked up: NFKC, case folded, as by fold() in SQL; of traditional "+
				"characters the simplified ones where the set says so"),
			etl.TextColumn("dimension", "valence, arousal, dominance, concreteness, aoa, ..."),
			etl.DoubleColumn("value", "", "mean rating on the shared scale, from value_low to value_high"),
			etl.DoubleColumn("value_low", "", "low end of the shared scale"),
			etl.DoubleColumn("value_high", "", "high end of the shared scale"),
			etl.DoubleColumn("original", "", "mean rating in the source's scale"),
			etl.DoubleColumn("scale_low", "", "lowest number of the source's scale"),
			etl.DoubleColumn("scale_high", "", "highest number of the source's scale"),
			etl.BoolColumn("reversed", "whether the lowest number of the source's scale stands for the most"),
			etl.Optional(etl.DoubleColumn("sd", "", "standard deviation of the ratings, on the shared scale; NULL where the "+
				"source has none or several records are in the value")),
			etl.Optional(etl.LongColumn("n", "count", "raters, over all records in the value; NULL where one doesn't tell")),
			etl.LongColumn("records", "count", "records of raw.norm in the value"),
			etl.LongColumn("senses", "count", "senses of the word that the source tells apart"),
			etl.TextColumn("rule", "how the records gave one value: single (there is one); repeated (the mean of several, "+
				"weighted by raters where all tell them); senses (the same, over the senses of a homograph); bare (the word was also "+
				"rated without a sense, and that rating counts)"),
		},
	}
}
