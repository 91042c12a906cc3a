package norms

import (
	"errors"
	"slices"
	"strings"

	"alignctl/etl"
)

// A rating is the place of one group's ratings of a dimension in a file.
type rating struct{ dimension, group string }

// column is the staged column of one of its numbers: mean, sd, n or known.
func (r rating) column(number string) string { return r.dimension + "." + r.group + "." + number }

// ratings lists the set's, by dimension and group.
func (s *Set) ratings() (list []rating) {
	for _, d := range s.dimensions() {
		for _, g := range s.groups() {
			list = append(list, rating{d, g})
		}
	}
	return list
}

// Layouts are the raw formats of the set's files: with a header line, and
// without one where such files are.
func (s *Set) Layouts() []etl.Layout {
	l := etl.Layout{
		Name: s.Name, Columns: s.columns(), Delimiters: s.Delimiters, Unquoted: s.Unquoted,
		DecimalComma: s.DecimalComma, Encodings: s.Encodings, Missing: s.Missing,
	}
	if slices.Contains(s.Ignore, "*") {
		l.Other = func(string) (etl.Column, bool) { return etl.Column{}, true }
	}
	if len(s.Headerless) == 0 {
		return []etl.Layout{l}
	}
	plain := l
	plain.Headerless, plain.Columns, plain.Other = true, nil, nil
	for _, cell := range s.Headerless {
		at := slices.IndexFunc(l.Columns, func(c etl.Column) bool {
			return c.Header == cell || slices.Contains(c.Aliases, cell)
		})
		plain.Columns = append(plain.Columns, l.Columns[at])
	}
	return []etl.Layout{l, plain}
}

// columns are the columns of a file of the set.
func (s *Set) columns() []etl.Column {
	columns := []etl.Column{{Header: s.Word[0], Aliases: s.Word[1:], Name: "word", Required: true}}
	for _, r := range s.ratings() {
		columns = append(columns, s.ratingColumns(r)...)
	}
	for _, cell := range s.Ignore {
		if cell != "*" {
			columns = append(columns, etl.Column{Header: cell, Optional: true})
		}
	}
	return columns
}

// ratingColumns are the columns of one group's ratings of a dimension.
func (s *Set) ratingColumns(r rating) (columns []etl.Column) {
	d := s.Dimensions[r.dimension]
	for _, number := range []struct {
		name   string
		header Header
		kind   etl.Kind
		valid  func(float64) error
	}{
		{"mean", d.Mean, etl.Float, etl.Between(d.Low, d.High)},
		{"sd", d.SD, etl.Float, notNegative},
		{"n", d.N, etl.Code, notNegative},
		{"known", d.Known, etl.Float, etl.Between(0, 1)},
	} {
		if len(number.header) == 0 {
			continue
		}
		cells := make([]string, len(number.header))
		for i, cell := range number.header {
			cells[i] = strings.ReplaceAll(cell, "{group}", s.Groups[r.group])
		}
		columns = append(columns, etl.Column{
			Header: cells[0], Aliases: cells[1:], Name: r.column(number.name), Kind: number.kind, Valid: number.valid,
			Optional: number.name != "mean" || r.group != Whole || d.Optional,
		})
	}
	return columns
}

func notNegative(value float64) error {
	if value < 0 {
		return errors.New("is negative")
	}
	return nil
}
