package swow

import (
	"alignctl/etl"
	"alignctl/lake"
)

// Specs are the tables that this package writes.
func Specs() []lake.Spec {
	return []lake.Spec{rawSpec(), associationSpec(), strengthSpec(), splitSpec(), publishedSpec()}
}

func rawSpec() lake.Spec {
	return lake.Spec{
		Name: "raw.swow",
		Doc: "One record of a raw Small World of Words file: a participant's up to three responses to a cue, " +
			"as the file has them.",
		Key: []string{"source", "file_id", "line"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("source", "name of the source that the file belongs to"),
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("file_id", "first 16 hex digits of the file's SHA-256; see meta.files"),
			etl.LongColumn("line", "", "line of the record in the file; the header is line 1"),
			etl.TextColumn("layout", "format of the file: complete or r100"),
			etl.Optional(etl.LongColumn("trial_id", "", "the file's id")),
			etl.TextColumn("participant_id", "the file's participantID"),
			etl.Optional(etl.TimestampColumn("created_at", "when the responses were given, UTC")),
			etl.Optional(etl.IntColumn("age", "year", "age of the participant")),
			etl.Optional(etl.TextColumn("gender", "Fe, Ma or X")),
			etl.Optional(etl.TextColumn("native_language", "native language; for English a country-like label of the variant")),
			etl.Optional(etl.IntColumn("education", "", "highest level of education, 1 to 5")),
			etl.Optional(etl.TextColumn("city", "place of the participant; layout complete only")),
			etl.Optional(etl.TextColumn("country", "country of the participant")),
			etl.Optional(etl.TextColumn("section", "part of the study; layout complete only")),
			etl.TextColumn("cue", "the word shown"),
			etl.Optional(etl.TextColumn("r1_raw", "first response as typed; layout complete only")),
			etl.Optional(etl.TextColumn("r2_raw", "second response as typed; layout complete only")),
			etl.Optional(etl.TextColumn("r3_raw", "third response as typed; layout complete only")),
			etl.Optional(etl.TextColumn("r1", "first response; NULL where the file has an unquoted NA")),
			etl.Optional(etl.TextColumn("r2", "second response; NULL where the file has an unquoted NA")),
			etl.Optional(etl.TextColumn("r3", "third response; NULL where the file has an unquoted NA")),
		},
	}
}

func associationSpec() lake.Spec {
	return lake.Spec{
		Name: "core.association",
		Doc: "One slot of a record of raw.swow after the official cleaning (repeats dropped, a gap at the second " +
			"slot closed): three rows a record. Use those with kept.",
		Key:   []string{"language", "file_id", "line", "position"},
		Scope: "language", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("source", "source of the record"),
			etl.TextColumn("file_id", "file of the record, as in raw.swow"),
			etl.LongColumn("line", "", "line of the record, as in raw.swow"),
			etl.TextColumn("participant_id", "participant of the record"),
			etl.TextColumn("cue", "the word shown"),
			etl.IntColumn("position", "", "slot, 1 to 3"),
			etl.Optional(etl.TextColumn("response", "the response of a word or a repeat, else NULL")),
			etl.TextColumn("kind", "word; missing (none given, empty, or masked); unknown (the participant did not know the cue); "+
				"repeat (same as the response before it); in Mandarin also long and symbol"),
			etl.BoolColumn("kept", "whether the response counts: kind is word"),
		},
	}
}

func strengthSpec() lake.Spec {
	return lake.Spec{
		Name: "core.strength",
		Doc: "Associative strength of a response to a cue in a population: the share of the cue's kept responses. " +
			"A response that equals its cue is counted.",
		Key:   []string{"language", "population", "cue", "response"},
		Scope: "language", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("population", "all, or us: country and native language are United States (the ALIGN study); "+
				"or the source of a ready-made table, see raw.strength"),
			etl.TextColumn("cue", "the word shown"),
			etl.TextColumn("response", "the word given"),
			etl.Optional(etl.LongColumn("n1", "count", "times given as the first response; NULL where a ready-made table doesn't say")),
			etl.Optional(etl.LongColumn("n123", "count", "times given in any slot; NULL likewise")),
			etl.Optional(etl.LongColumn("total1", "count", "kept first responses to the cue; NULL likewise")),
			etl.Optional(etl.LongColumn("total123", "count", "kept responses to the cue; NULL likewise")),
			etl.Optional(etl.DoubleColumn("strength1", "1", "n1 / total1; NULL where total1 is 0 or NULL")),
			etl.Optional(etl.DoubleColumn("strength123", "1", "n123 / total123; NULL where total123 is NULL")),
			etl.LongColumn("rank", "", "place among the cue's responses by n123 (n1 where that is NULL), largest first; "+
				"ties share the best place"),
		},
	}
}

func splitSpec() lake.Spec {
	return lake.Spec{
		Name:  "core.split",
		Doc:   "The split of a cue under a recipe. Spellings of one cue (cue_group) stand on the same side.",
		Key:   []string{"language", "recipe", "cue"},
		Scope: "language", Licence: lake.OpenData,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("recipe", "cue-70-20-10: by cue group, 70 % train, 20 % dev, 10 % test, by largest remainder"),
			etl.TextColumn("cue", "the word shown"),
			etl.TextColumn("cue_group", "the cue in NFKC, case folded, blanks trimmed and collapsed"),
			etl.LongColumn("seed", "", "groups stand in the order of md5(seed|cue_group)"),
			etl.TextColumn("split", "train, dev or test"),
		},
	}
}
