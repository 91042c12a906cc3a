package swow

import "alignctl/etl"

// Layouts are the raw formats that are known; a file's header decides which
// one it follows. An unquoted NA is a missing value; a quoted one is the word.
func Layouts() []etl.Layout {
	return []etl.Layout{complete(), r100()}
}

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

// participant gives the columns that both layouts share.
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
