package wvs

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"alignctl/etl"
)

// maxWeight bounds a weight, far above any that a survey gives: sums of weights
// in ten-billionths stay whole numbers of 64 bits.
const maxWeight = 1000

// Layouts are the raw formats that are known, for a check that loads nothing.
func Layouts() []etl.Layout {
	c := newCensus()
	c.complete = true
	return []etl.Layout{c.layout()}
}

// layout is the raw format: a file of one country, delimited by semicolons, or
// the cross-national one, by commas; the header decides. Columns that are no
// question of wave 7 (interviewers' notes, indices, a country's own questions)
// are left out. The codes are read by the check itself, into a sheet: DuckDB
// stages the columns of respondents alone.
func (c *census) layout() etl.Layout {
	return etl.Layout{
		Name: "wvs7", Delimiters: ";,", Missing: []string{"", "NA"}, Trailing: true,
		Columns: respondentColumns(),
		Other: func(header string) (etl.Column, bool) {
			if q := byName()[header]; q != nil {
				return etl.Column{Kind: etl.Code, Valid: q.valid}, true
			}
			return etl.Column{}, true
		},
		Verify: c.verify,
	}
}

func respondentColumns() []etl.Column {
	return []etl.Column{
		{Header: "B_COUNTRY", Name: "country_code", Kind: etl.Code, Required: true, Optional: true},
		{Header: "B_COUNTRY_ALPHA", Name: "country", Required: true},
		{Header: "version", Name: "release", Optional: true},
		{Header: "A_YEAR", Name: "year", Kind: etl.Code, Optional: true},
		{Header: "D_INTERVIEW", Name: "interview", Kind: etl.Code, Required: true, Optional: true},
		{Header: "J_INTDATE", Name: "interview_date", Kind: etl.Code, Optional: true},
		{Header: "LNGE_ISO", Name: "language", Optional: true},
		{Header: "W_WEIGHT", Name: "weight", Kind: etl.Float, Optional: true, Valid: validWeight},
		{Header: "S018", Name: "weight_equal", Kind: etl.Float, Optional: true},
		{Header: "PWGHT", Name: "weight_population", Kind: etl.Float, Optional: true},
	}
}

// valid is the question's Column.Valid.
func (q *Question) valid(code float64) error {
	if q.Admits(int64(code)) {
		return nil
	}
	return fmt.Errorf("is no code of the question: answers are %s, and -1 to %d say why there is none",
		q.codes(), lowestMissing)
}

func validWeight(w float64) error {
	switch {
	case w < 0:
		return errors.New("is negative: a weight says how many people a respondent stands for")
	case w > maxWeight:
		return fmt.Errorf("is above %d: weights within a country have a mean of about 1", maxWeight)
	}
	return nil
}

func isQuestion(c etl.Column) bool { return byName()[c.Header] != nil }

// questionsOf are the questions that a file has columns of, by name.
func questionsOf(f *etl.Checked) (names []string) {
	for _, c := range f.Columns {
		if isQuestion(c) {
			names = append(names, c.Header)
		}
	}
	slices.Sort(names)
	return names
}

// leftOut are the columns of a file that are not loaded.
func leftOut(f *etl.Checked) (headers []string) {
	for _, c := range f.Columns {
		if c.Name == "" && !isQuestion(c) {
			headers = append(headers, c.Header)
		}
	}
	return headers
}

// labelled finds a header cell such as "Q1: Important in life: Family".
var labelled = regexp.MustCompile(`(?:^|[;,\t"])((?:Q[0-9]{1,3}[A-Z_0-9]*|[A-Z]_[A-Z_]+): [^;,\t"]*)`)

// explain says what a file is whose header breaks the contract, where that is
// plain: an export with labels in the place of codes.
func explain(err error, header string) error {
	var bad *etl.ParseError
	if !errors.As(err, &bad) || bad.Line > 1 {
		return err
	}
	at := labelled.FindStringSubmatchIndex(strings.TrimPrefix(header, "\ufeff"))
	if at == nil {
		return err
	}
	cell := strings.TrimPrefix(header, "\ufeff")[at[2]:at[3]]
	return &etl.ParseError{File: bad.File, Line: 1, Column: at[2] + 1,
		Reason: fmt.Sprintf("header %q has a label: the file is an export with labels instead of codes", cell),
		Cure:   "take the file with codes: names such as Q1 in the header, numbers in the cells"}
}
