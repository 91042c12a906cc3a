package wvs

import (
	"fmt"
	"math"
	"regexp"

	"alignctl/etl"
)

// A sheet is the answers of a file's respondents: a column of codes for each
// question, in the order of the file's records. The long form goes question by
// question.
type sheet struct {
	fileID  string
	places  map[string]int // of each question among columns
	columns []codes
}

func newSheet(fileID string) *sheet { return &sheet{fileID: fileID, places: map[string]int{}} }

// column adds a question.
func (s *sheet) column(question string) *codes {
	s.places[question] = len(s.columns)
	s.columns = append(s.columns, codes{})
	return &s.columns[len(s.columns)-1]
}

// answersTo are the codes of a question, none where it isn't in the file.
func (s *sheet) answersTo(question string) *codes {
	if at, found := s.places[question]; found {
		return &s.columns[at]
	}
	return &codes{}
}

// respondents is how many records the columns have.
func (s *sheet) respondents() int {
	if len(s.columns) == 0 {
		return 0
	}
	return s.columns[0].len()
}

// codes is a column of codes in two bytes each, or in four once one of them asks
// for it.
type codes struct {
	narrow []int16
	wide   []int32 // nil: narrow holds
}

// blank is the code of an empty cell, and blankNarrow as it is kept.
const (
	blank       = math.MinInt32
	blankNarrow = math.MinInt16
)

func (c *codes) len() int { return max(len(c.narrow), len(c.wide)) }

func (c *codes) append(code int32) {
	switch {
	case c.wide != nil:
		c.wide = append(c.wide, code)
	case code == blank:
		c.narrow = append(c.narrow, blankNarrow)
	case code > blankNarrow && code <= math.MaxInt16:
		c.narrow = append(c.narrow, int16(code))
	default:
		c.wide = append(c.appendTo(nil), code)
		c.narrow = nil
	}
}

// appendTo appends the codes to a list.
func (c *codes) appendTo(list []int32) []int32 {
	for _, code := range c.narrow {
		if code == blankNarrow {
			list = append(list, blank)
			continue
		}
		list = append(list, int32(code))
	}
	return append(list, c.wide...)
}

// A census takes what a check reads of files, beside their form.
type census struct {
	countries map[string]bool
	sheets    []*sheet // in the order of the files
	complete  bool     // nothing more is taken: the files are checked, or not to be loaded
}

func newCensus() *census { return &census{countries: map[string]bool{}} }

// A person is how a survey names a respondent.
type person struct {
	country   string
	interview int64
}

// A reading is a census at work on one file.
type reading struct {
	census    *census
	persons   map[person]bool
	sheet     *sheet
	begun     bool
	questions []int // places in the file of the sheet's columns
	interview int   // place of D_INTERVIEW; -1: the file lacks it
}

// verify makes the check of whole records of one file, which takes the answers
// of those that pass.
func (c *census) verify() func(etl.Record) error {
	r := &reading{census: c, persons: map[person]bool{}, sheet: newSheet(""), interview: -1}
	if !c.complete {
		c.sheets = append(c.sheets, r.sheet)
	}
	return r.record
}

func (r *reading) record(record etl.Record) error {
	if !r.begun {
		r.begin(record.Columns())
	}
	country, err := r.identify(record)
	if err != nil || r.census.complete {
		return err
	}
	r.census.countries[country] = true
	for i, at := range r.questions {
		code := int32(blank)
		if number, given := record.Number(at); given {
			code = int32(number)
		}
		r.sheet.columns[i].append(code)
	}
	return nil
}

// begin finds the columns.
func (r *reading) begin(columns []etl.Column) {
	r.begun = true
	for i, c := range columns {
		if isQuestion(c) {
			r.questions = append(r.questions, i)
			r.sheet.column(c.Header)
		}
		if c.Name == "interview" {
			r.interview = i
		}
	}
}

// identify sees that a record has a country, and that no respondent stands
// twice. Files without D_INTERVIEW don't say who is who.
func (r *reading) identify(record etl.Record) (country string, err error) {
	country, _ = record.Value("country")
	if !alpha3.MatchString(country) {
		return "", record.Refuse("country", fmt.Sprintf("%q is no country code of three capital letters", country),
			"correct it")
	}
	if r.interview < 0 {
		return country, nil
	}
	number, _ := record.Number(r.interview) // the column is required
	p := person{country, int64(number)}
	if r.persons[p] {
		return "", record.Refuse("interview",
			fmt.Sprintf("respondent %d of %s stands twice in the file", p.interview, country), "remove one of the records")
	}
	r.persons[p] = true
	return country, nil
}

var alpha3 = regexp.MustCompile(`^[A-Z]{3}$`)
