package swow

import (
	"alignctl/etl"
	"alignctl/lake"
)

// Specs are the tables that this package writes.
func Specs() []lake.Spec {
	return []lake.Spec{rawSpec(), associationSpec(), participantSpec(), strengthSpec(), cueSpec(), responseSpec(),
		removedSpec(), publishedSpec()}
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
			etl.TextColumn("layout", "format of the file: complete, r100, raw-zh or r55"),
			etl.Optional(etl.LongColumn("trial_id", "", "the file's id")),
			etl.TextColumn("participant_id", "the file's participantID"),
			etl.Optional(etl.TimestampColumn("created_at", "when the responses were given, UTC")),
			etl.Optional(etl.IntColumn("age", "year", "age of the participant")),
			etl.Optional(etl.TextColumn("gender", "Fe, Ma or X")),
			etl.Optional(etl.TextColumn("native_language", "native language; for English a country-like label of the variant")),
			etl.Optional(etl.IntColumn("education", "", "highest level of education, 1 to 5")),
			etl.Optional(etl.TextColumn("city", "place of the participant; layouts complete and raw-zh only")),
			etl.Optional(etl.TextColumn("country", "country of the participant")),
			etl.Optional(etl.TextColumn("section", "part of the study; layouts complete and raw-zh only")),
			etl.TextColumn("cue", "the word shown"),
			etl.Optional(etl.TextColumn("r1_raw", "first response as typed; layouts complete and raw-zh only")),
			etl.Optional(etl.TextColumn("r2_raw", "second response as typed; layouts complete and raw-zh only")),
			etl.Optional(etl.TextColumn("r3_raw", "third response as typed; layouts complete and raw-zh only")),
			etl.Optional(etl.TextColumn("r1", "first response; NULL where the file has an unquoted NA")),
			etl.Optional(etl.TextColumn("r2", "second response; NULL where the file has an unquoted NA")),
			etl.Optional(etl.TextColumn("r3", "third response; NULL where the file has an unquoted NA")),
		},
	}
}

func associationSpec() lake.Spec {
	return lake.Spec{
		Name: "core.association",
		Doc: "One slot of a record of raw.swow after the official cleaning (corrections made, repeats dropped, a gap at the " +
			"second slot closed): three rows a record. Those with kept count; with removed NULL as well they are the " +
			"official sample.",
		Key:   []string{"language", "file_id", "line", "position"},
		Scope: "language", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("source", "source of the record"),
			etl.TextColumn("file_id", "file of the record, as in raw.swow"),
			etl.LongColumn("line", "", "line of the record, as in raw.swow"),
			etl.TextColumn("participant_id", "participant of the record"),
			etl.TextColumn("cue", "the word shown, corrected and normalised"),
			etl.IntColumn("position", "", "slot, 1 to 3"),
			etl.Optional(etl.TextColumn("response", "the word given, corrected and normalised; NULL where the slot holds none")),
			etl.TextColumn("kind", "word; missing (none given, empty, or masked); unknown (the participant did not know the cue); "+
				"repeat (same as the response before it); self (the cue, where such answers are dropped); in Mandarin also "+
				"long and symbol"),
			etl.BoolColumn("kept", "whether the response counts in population all: kind is word, and the participant is kept"),
			etl.Optional(etl.TextColumn("removed", "why the record is not in the official sample: the status of its participant; "+
				"sample (others of the cue came first); few (the cue has too few records); variant (of a British spelling)")),
		},
	}
}

func participantSpec() lake.Spec {
	return lake.Spec{
		Name: "core.participant",
		Doc: "A participant: statistics of all records, and the status by the rules of the language. An answer is a slot " +
			"that is neither missing nor unknown; a repeat of the slot before counts as missing. Where records of one " +
			"participant differ about the person, the smallest value stands.",
		Key:   []string{"language", "source", "participant_id"},
		Scope: "language", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("source", "source of the records"),
			etl.TextColumn("participant_id", "as in raw.swow"),
			etl.Optional(etl.IntColumn("age", "year", "age")),
			etl.Optional(etl.TextColumn("gender", "Fe, Ma or X")),
			etl.Optional(etl.TextColumn("native_language", "as in raw.swow")),
			etl.Optional(etl.TextColumn("country", "as in raw.swow")),
			etl.Optional(etl.IntColumn("education", "", "highest level of education, 1 to 5")),
			etl.LongColumn("records", "count", "records"),
			etl.LongColumn("slots", "count", "slots: three a record"),
			etl.LongColumn("missing", "count", "slots without a response, or with a repeat of the slot before"),
			etl.LongColumn("unknown", "count", "slots that say the cue is not known"),
			etl.LongColumn("words", "count", "slots with a word"),
			etl.LongColumn("different_words", "count", "different words"),
			etl.Optional(etl.LongColumn("in_lexicon", "count", "words that the word list has; NULL without a word list")),
			etl.LongColumn("multiword", "count", "responses of several words: blanks, commas and semicolons part them"),
			etl.DoubleColumn("prop_x", "1", "(missing + unknown) / slots"),
			etl.Optional(etl.DoubleColumn("prop_english", "1", "in_lexicon / answers, in any language; NULL without a word list or answers")),
			etl.Optional(etl.DoubleColumn("prop_repeat", "1", "1 - different_words / answers; NULL without answers")),
			etl.Optional(etl.DoubleColumn("prop_ngram", "1", "multiword / answers; NULL without answers")),
			etl.Optional(etl.DoubleColumn("prop_long", "1", "words longer than the language's limit, of the answers")),
			etl.Optional(etl.DoubleColumn("prop_symbol", "1", "words without letter or digit, of the answers; NULL where the "+
				"language has no rule about it")),
			etl.Optional(etl.DoubleColumn("prop_latin", "1", "words in Latin letters, of the answers; NULL where the language has "+
				"no rule about it")),
			etl.Optional(etl.TextColumn("status", "Valid, or the first rule of the language that applies, such as X, Non-native, "+
				"Perseveration, Verbose; NULL where no rule was asked: the publisher has cleaned the file")),
		},
	}
}

func strengthSpec() lake.Spec {
	return lake.Spec{
		Name: "core.strength",
		Doc: "Associative strength of a response to a cue in a population: the share of the cue's kept responses. " +
			"A response that equals its cue is counted unless the load says otherwise.",
		Key:   []string{"language", "population", "cue", "response"},
		Scope: "language", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("population", "all: everybody kept; official: the official sample without variants, where it differs from all; "+
				"us: country and native language are United States (the ALIGN study); a name of the user's; or the source of a ready-made table, see raw.strength"),
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

func cueSpec() lake.Spec {
	return lake.Spec{
		Name:  "core.cue_stats",
		Doc:   "Statistics of a cue in a population, over first responses (1) and over all (123).",
		Key:   []string{"language", "population", "cue"},
		Scope: "language", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("population", "as in core.strength"),
			etl.TextColumn("cue", "the word shown"),
			etl.LongColumn("records", "count", "records of the cue"),
			etl.LongColumn("types1", "count", "different first responses"),
			etl.LongColumn("types123", "count", "different responses"),
			etl.LongColumn("tokens1", "count", "kept first responses"),
			etl.LongColumn("tokens123", "count", "kept responses"),
			etl.Optional(etl.DoubleColumn("entropy1", "bit", "Shannon entropy of the first responses, to 9 decimals; NULL without any")),
			etl.Optional(etl.DoubleColumn("entropy123", "bit", "Shannon entropy of the responses, to 9 decimals; NULL without any")),
			etl.Optional(etl.DoubleColumn("coverage1", "1", "share of tokens1 whose word is itself a cue of the population")),
			etl.Optional(etl.DoubleColumn("coverage123", "1", "share of tokens123 whose word is itself a cue of the population")),
			etl.DoubleColumn("unknown_share", "1", "share of the records whose first slot says that the cue is not known"),
			etl.DoubleColumn("missing2_share", "1", "share of the records without a second response, or with a repeat of the first"),
			etl.DoubleColumn("missing3_share", "1", "share of the records without a third response, or with a repeat of the second"),
			etl.BoolColumn("in_component1", "whether the cue is in the largest strongly connected component of the graph "+
				"cue to first response, among cues: each cue of it leads to every other"),
			etl.BoolColumn("in_component123", "the same of the graph cue to response in any slot"),
		},
	}
}

func responseSpec() lake.Spec {
	return lake.Spec{
		Name:  "core.response_stats",
		Doc:   "How often a response was given in a population, and to how many cues.",
		Key:   []string{"language", "population", "response"},
		Scope: "language", Licence: lake.NoRedistribution,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("population", "as in core.strength"),
			etl.TextColumn("response", "the word given"),
			etl.LongColumn("n1", "count", "times given as the first response"),
			etl.LongColumn("n123", "count", "times given in any slot"),
			etl.LongColumn("cues1", "count", "cues that it was a first response to"),
			etl.LongColumn("cues123", "count", "cues that it was a response to"),
			etl.BoolColumn("is_cue", "whether it is itself a cue of the population"),
		},
	}
}

func removedSpec() lake.Spec {
	return lake.Spec{
		Name: "core.removed",
		Doc: "What a step of the cleaning removed, for one reason, counted in slots, records or participants. n_in is n_kept " +
			"of the step before; n_in = n_kept + the n of all reasons of the step. A slot goes at the first step that has a " +
			"reason. What the last step keeps is population official, or all where that is the same.",
		Key:   []string{"language", "unit", "step", "reason"},
		Scope: "language", Licence: lake.OpenData,
		Columns: []lake.Column{
			etl.TextColumn("language", "ISO 639-1 code"),
			etl.TextColumn("unit", "slot, record or participant"),
			etl.IntColumn("step", "", "number of the official step: 1 (and 2), 3, 7 (by 5 and 6), 8, 9"),
			etl.TextColumn("reason", "kind of a slot that is no word; status of a participant; sample, few, variant, self"),
			etl.TextColumn("name", "repeats, no word, participants, sample, strengths"),
			etl.LongColumn("n_in", "count", "what the step began with"),
			etl.LongColumn("n", "count", "what it removed for this reason"),
			etl.LongColumn("n_kept", "count", "what it left"),
			etl.BoolColumn("applied", "whether the reason was looked for: a rule about native words needs a word list, and files "+
				"that the publisher has cleaned pass steps 7 and 8 by"),
		},
	}
}
