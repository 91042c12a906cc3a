package wvs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"alignctl/eval"
	"alignctl/lake"
)

// A Country is people whose answers count: those of a country in a source.
type Country struct {
	Source string // of the lake, such as wvs7-usa; "": the one that has the country
	Code   string // ISO 3166-1 alpha-3
}

// ParseCountry reads USA, or wvs7-usa/USA.
func ParseCountry(text string) (Country, error) {
	source, code, found := strings.Cut(text, "/")
	if !found {
		source, code = "", text
	}
	if len(code) != 3 || strings.ToUpper(code) != code || found && source == "" {
		return Country{}, fmt.Errorf("read country %q: want a code of three letters such as USA, or SOURCE/USA", text)
	}
	return Country{Source: source, Code: code}, nil
}

// String is the country as ParseCountry reads it.
func (c Country) String() string {
	if c.Source == "" {
		return c.Code
	}
	return c.Source + "/" + c.Code
}

// MarshalText writes the country as ParseCountry reads it.
func (c Country) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is ParseCountry.
func (c *Country) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCountry(string(text))
	return err
}

// An Option is a code that answers an item.
type Option struct {
	Code int64
	// Place is where the option stands on the scale, from 1. Options may share one.
	// On a nominal scale it only tells options apart.
	Place int
	// Used: somebody in one of the survey's countries chose it.
	Used bool
}

// An Item is a question with people's answers.
type Item struct {
	Question string // such as Q1
	Number   int    // place in the questionnaire
	Topic    string // part of the questionnaire
	Kind     string // of the scale, as in core.wvs_question
	Ordered  bool   // the scale has an order
	Options  []Option
	Shares   [][]float64 // of each country: a share an option, which sum to 1
}

// Places is how many places the scale has.
func (it Item) Places() int {
	most := 0
	for _, o := range it.Options {
		most = max(most, o.Place)
	}
	return most
}

// A Survey is the items that all of some countries were asked.
type Survey struct {
	Countries []Country
	Weighted  bool // people count by their weights
	Items     []Item
	// Unasked are questions that not all countries answered: no items.
	Unasked []string
}

// People says whose answers a survey holds, and how they count.
type People struct {
	Countries []Country
	Weighted  bool // by W_WEIGHT
}

// The tables that a survey is read from.
const (
	questionTable     = "core.wvs_question"
	optionTable       = "core.wvs_option"
	distributionTable = "core.wvs_distribution"
)

// Read reads what people answered, from the tables of the session: opinions, not
// facts about the respondent, with a list of options. A code beside an ordered
// scale ("other answer") has no place on it and is left out; the shares of the
// others then sum to 1.
func (p People) Read(ctx context.Context, s *lake.Session) (Survey, error) {
	if len(p.Countries) == 0 {
		return Survey{}, errors.New("read survey: no country given")
	}
	survey := Survey{Countries: make([]Country, len(p.Countries)), Weighted: p.Weighted}
	for i, c := range p.Countries {
		var err error
		if survey.Countries[i], err = resolve(ctx, s, c); err != nil {
			return Survey{}, fmt.Errorf("read survey: %w", err)
		}
	}
	items, err := readItems(ctx, s, survey.Countries[0].Source)
	if err != nil {
		return Survey{}, fmt.Errorf("read survey: %w", err)
	}
	for _, c := range survey.Countries {
		if err := addShares(ctx, s, items, c, p.Weighted); err != nil {
			return Survey{}, fmt.Errorf("read survey: %w", err)
		}
	}
	for _, it := range items {
		if it.asked(len(survey.Countries)) {
			survey.Items = append(survey.Items, *it)
		} else {
			survey.Unasked = append(survey.Unasked, it.Question)
		}
	}
	if len(survey.Items) == 0 {
		return Survey{}, fmt.Errorf("read survey: no question was asked in all of %s", list(survey.Countries))
	}
	return survey, nil
}

// ReadSurvey is People.Read on a lake as it is.
func ReadSurvey(ctx context.Context, l *lake.Lake, p People) (_ Survey, err error) {
	if err := eval.Need(ctx, l, questionTable, optionTable, distributionTable); err != nil {
		return Survey{}, err
	}
	pins, err := l.At(ctx, "")
	if err != nil {
		return Survey{}, err
	}
	s, err := l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return Survey{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return p.Read(ctx, s)
}

func list(countries []Country) string {
	names := make([]string, len(countries))
	for i, c := range countries {
		names[i] = c.String()
	}
	return strings.Join(names, ", ")
}

// resolve finds the source of a country.
func resolve(ctx context.Context, s *lake.Session, c Country) (Country, error) {
	var held, named []string
	err := s.Each(ctx, "select distinct source, country from core.wvs_distribution order by all", nil,
		func(rows *sql.Rows) error {
			var source, code string
			err := rows.Scan(&source, &code)
			held = append(held, source+"/"+code)
			if code == c.Code && (c.Source == "" || c.Source == source) {
				named = append(named, source)
			}
			return err
		})
	switch {
	case err != nil:
		return c, err
	case len(named) == 0:
		return c, fmt.Errorf("country %q: core.wvs_distribution has %s", c, strings.Join(held, ", "))
	case len(named) > 1:
		return c, fmt.Errorf("country %q: it is in the sources %s: name one, as in %s/%s",
			c, strings.Join(named, " and "), named[0], c.Code)
	}
	return Country{Source: named[0], Code: c.Code}, nil
}

// itemsQuery gives the codes of each question, in the order of the scale. A
// recode puts the same answers into other classes.
const itemsQuery = `
select question, q.number, q.topic, q.kind, q.kind <> 'nominal' as ordered, o.code,
	coalesce(o.position, row_number() over (partition by question order by o.code)) as place
from core.wvs_question q join core.wvs_option o using (source, question, language)
where source = $1 and language = '' and q.role = 'substantive' and q.recodes is null and q.options is not null
	and (o.position is not null or q.kind = 'nominal')
order by q.number, question, place, o.code`

// readItems reads the questions of wave 7, without anybody's answers.
func readItems(ctx context.Context, s *lake.Session, source string) ([]*Item, error) {
	var items []*Item
	err := s.Each(ctx, itemsQuery, []any{source}, func(rows *sql.Rows) error {
		var it Item
		var o Option
		err := rows.Scan(&it.Question, &it.Number, &it.Topic, &it.Kind, &it.Ordered, &o.Code, &o.Place)
		if len(items) == 0 || items[len(items)-1].Question != it.Question {
			items = append(items, &it)
		}
		last := items[len(items)-1]
		last.Options = append(last.Options, o)
		return err
	})
	return items, err
}

// sharesQuery gives the shares of the codes that somebody chose.
const sharesQuery = `
select question, code, case when $3 then weighted_share else share end
from core.wvs_distribution where source = $1 and country = $2
order by question, code`

// addShares adds a country's shares to the items.
func addShares(ctx context.Context, s *lake.Session, items []*Item, c Country, weighted bool) error {
	shares := map[string]map[int64]float64{}
	err := s.Each(ctx, sharesQuery, []any{c.Source, c.Code, weighted}, func(rows *sql.Rows) error {
		var question string
		var code int64
		var share sql.NullFloat64
		if err := rows.Scan(&question, &code, &share); err != nil {
			return err
		}
		if !share.Valid {
			return fmt.Errorf("country %q has no weights: count its people unweighted", c)
		}
		if shares[question] == nil {
			shares[question] = map[int64]float64{}
		}
		shares[question][code] = share.Float64
		return nil
	})
	for _, it := range items {
		it.add(shares[it.Question])
	}
	return err
}

// add appends a country's shares, nil where it has none on the scale.
func (it *Item) add(byCode map[int64]float64) {
	shares := make([]float64, len(it.Options))
	for i, o := range it.Options {
		share, used := byCode[o.Code]
		shares[i] = share
		it.Options[i].Used = o.Used || used
	}
	it.Shares = append(it.Shares, normalised(shares))
}

// asked says whether all of n countries have answers.
func (it *Item) asked(n int) bool {
	if len(it.Shares) < n {
		return false
	}
	for _, shares := range it.Shares {
		if shares == nil {
			return false
		}
	}
	return true
}

// normalised makes shares sum to 1; nil when there is nothing to share.
func normalised(shares []float64) []float64 {
	var total float64
	for _, s := range shares {
		total += s
	}
	if !(total > 0) {
		return nil
	}
	out := make([]float64, len(shares))
	for i, s := range shares {
		out[i] = s / total
	}
	return out
}
