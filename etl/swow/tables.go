package swow

import "alignctl/lake"

// Specs are the tables that this package writes.
func Specs() []lake.Spec {
	return []lake.Spec{rawSpec(), associationSpec(), strengthSpec(), splitSpec()}
}

func rawSpec() lake.Spec {
	return lake.Spec{
		Name: "raw.swow",
		Doc: "One record of a raw Small World of Words file: a participant's up to three responses to a cue, " +
			"as the file has them.",
		Key: []string{"source", "file_id", "line"}, Scope: "source", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			text("source", "name of the source that the file belongs to"),
			text("language", "ISO 639-1 code"),
			text("file_id", "first 16 hex digits of the file's SHA-256; see meta.files"),
			long("line", "", "line of the record in the file; the header is line 1"),
			text("layout", "format of the file: complete or r100"),
			optional(long("trial_id", "", "the file's id")),
			text("participant_id", "the file's participantID"),
			optional(column("created_at", lake.Timestamp, "", "when the responses were given, UTC")),
			optional(column("age", lake.Int, "year", "age of the participant")),
			optional(text("gender", "Fe, Ma or X")),
			optional(text("native_language", "native language; for English a country-like label of the variant")),
			optional(column("education", lake.Int, "", "highest level of education, 1 to 5")),
			optional(text("city", "place of the participant; layout complete only")),
			optional(text("country", "country of the participant")),
			optional(text("section", "part of the study; layout complete only")),
			text("cue", "the word shown"),
			optional(text("r1_raw", "first response as typed; layout complete only")),
			optional(text("r2_raw", "second response as typed; layout complete only")),
			optional(text("r3_raw", "third response as typed; layout complete only")),
			optional(text("r1", "first response; NULL where the file has an unquoted NA")),
			optional(text("r2", "second response; NULL where the file has an unquoted NA")),
			optional(text("r3", "third response; NULL where the file has an unquoted NA")),
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
			text("language", "ISO 639-1 code"),
			text("source", "source of the record"),
			text("file_id", "file of the record, as in raw.swow"),
			long("line", "", "line of the record, as in raw.swow"),
			text("participant_id", "participant of the record"),
			text("cue", "the word shown"),
			column("position", lake.Int, "", "slot, 1 to 3"),
			optional(text("response", "the response of a word or a repeat, else NULL")),
			text("kind", "word; missing (none given, empty, or masked); unknown (the participant did not know the cue); "+
				"repeat (same as the response before it); in Mandarin also long and symbol"),
			column("kept", lake.Bool, "", "whether the response counts: kind is word"),
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
			text("language", "ISO 639-1 code"),
			text("population", "all, or us: country and native language are United States (the ALIGN study)"),
			text("cue", "the word shown"),
			text("response", "the word given"),
			long("n1", "count", "times given as the first response"),
			long("n123", "count", "times given in any slot"),
			long("total1", "count", "kept first responses to the cue"),
			long("total123", "count", "kept responses to the cue"),
			optional(column("strength1", lake.Double, "1", "n1 / total1; NULL where total1 is 0")),
			column("strength123", lake.Double, "1", "n123 / total123"),
			long("rank", "", "place among the cue's responses by n123, largest first; ties share the best place"),
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
			text("language", "ISO 639-1 code"),
			text("recipe", "cue-70-20-10: by cue group, 70 % train, 20 % dev, 10 % test, by largest remainder"),
			text("cue", "the word shown"),
			text("cue_group", "the cue in NFKC, case folded, blanks trimmed and collapsed"),
			long("seed", "", "groups stand in the order of md5(seed|cue_group)"),
			text("split", "train, dev or test"),
		},
	}
}

func column(name string, t lake.Type, unit, doc string) lake.Column {
	return lake.Column{Name: name, Type: t, Required: true, Unit: unit, Doc: doc}
}

func text(name, doc string) lake.Column { return column(name, lake.String, "", doc) }

func long(name, unit, doc string) lake.Column { return column(name, lake.Long, unit, doc) }

func optional(c lake.Column) lake.Column {
	c.Required = false
	return c
}
