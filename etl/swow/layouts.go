package swow

import "alignctl/etl"

// Layouts are the raw formats that are known; a file's header decides which
// one it follows, the earlier where two have as much in common with it. An unquoted NA is a missing value; a quoted one is the word.
func Layouts() []etl.Layout {
	return []etl.Layout{complete(), r100(), r55(), rawMandarin()}
}

// cleanedLayouts names the layouts of files that the publisher has cleaned and
// sampled.
func cleanedLayouts() []string { return []string{r100().Name, r55().Name} }

// complete is SWOW-EN.complete*.csv: every record, uncleaned, with the
// responses as typed (R1Raw) and as corrected (R1).
func complete() etl.Layout {
	return etl.Layout{Name: "complete", Missing: []string{"NA"}, Columns: append(participant(),
		etl.Column{Header: "city", Name: "city"},
		etl.Column{Header: "section", Name: "section"},
		etl.Column{Header: "R1Raw", Name: "r1_raw"},
		etl.Column{Header: "R2Raw", Name: "r2_raw"},
		etl.Column{Header: "R3Raw", Name: "r3_raw"},
	)}
}

// r100 is SWOW-EN.R100*.csv as R's write.csv made it: 100 records a cue; the
// first column holds row names under an empty header.
func r100() etl.Layout {
	return etl.Layout{Name: "r100", Missing: []string{"NA"}, Columns: append(participant(), etl.Column{Header: ""})}
}

// rawMandarin is the Mandarin file as collected. The first column numbers the
// records; trialsID is the trial.
func rawMandarin() etl.Layout {
	return etl.Layout{Name: "raw-zh", Missing: []string{"NA"}, Columns: append(mandarin(false),
		etl.Column{Header: "SequenceNumber", Aliases: []string{"sequenceNumber"}},
		etl.Column{Header: "R1Raw", Name: "r1_raw"},
		etl.Column{Header: "R2Raw", Name: "r2_raw"},
		etl.Column{Header: "R3Raw", Name: "r3_raw"},
	)}
}

// r55 is SWOWZH.R55*.csv: cleaned, 55 records a cue; releases leave out some of
// the columns, or write them otherwise.
func r55() etl.Layout {
	return etl.Layout{Name: "r55", Missing: []string{"NA"}, Columns: append(mandarin(true),
		etl.Column{Header: "", Optional: true})}
}

// mandarin gives the columns of the Mandarin layouts.
func mandarin(released bool) []etl.Column {
	return []etl.Column{
		{Header: "trialsID", Aliases: []string{"TrialsID", "trialID", "id"}, Name: "trial_id", Kind: etl.Long, Optional: released},
		{Header: "participantID", Aliases: []string{"ParticipantID"}, Name: "participant_id", Required: true},
		{Header: "created_at", Aliases: []string{"Created_at", "Created_At"}, Name: "created_at", Kind: etl.Timestamp, Optional: released},
		{Header: "age", Aliases: []string{"Age"}, Name: "age", Kind: etl.Int, Optional: released},
		{Header: "nativeLanguage", Aliases: []string{"NativeLanguage"}, Name: "native_language", Optional: released},
		{Header: "gender", Aliases: []string{"Gender"}, Name: "gender", Optional: released},
		{Header: "education", Aliases: []string{"Education"}, Name: "education", Kind: etl.Int, Optional: released},
		{Header: "city", Aliases: []string{"City"}, Name: "city", Optional: released},
		{Header: "country", Aliases: []string{"Country"}, Name: "country", Optional: released},
		{Header: "section", Aliases: []string{"Section"}, Name: "section", Optional: released},
		{Header: "cue", Aliases: []string{"Cue"}, Name: "cue", Required: true},
		{Header: "R1", Name: "r1"},
		{Header: "R2", Name: "r2"},
		{Header: "R3", Name: "r3"},
	}
}

// participant gives the columns that the English layouts share.
func participant() []etl.Column {
	return []etl.Column{
		{Header: "id", Name: "trial_id", Kind: etl.Long},
		{Header: "participantID", Name: "participant_id", Required: true},
		{Header: "age", Name: "age", Kind: etl.Int},
		{Header: "gender", Name: "gender"},
		{Header: "nativeLanguage", Name: "native_language"},
		{Header: "country", Name: "country"},
		{Header: "education", Name: "education", Kind: etl.Int},
		{Header: "created_at", Name: "created_at", Kind: etl.Timestamp},
		{Header: "cue", Name: "cue", Required: true},
		{Header: "R1", Name: "r1"},
		{Header: "R2", Name: "r2"},
		{Header: "R3", Name: "r3"},
	}
}
