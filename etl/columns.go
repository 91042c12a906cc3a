package etl

import "alignctl/lake"

// TextColumn declares a text that every row has.
func TextColumn(name, doc string) lake.Column { return column(name, lake.String, "", doc) }

// LongColumn declares a whole number that every row has.
func LongColumn(name, unit, doc string) lake.Column { return column(name, lake.Long, unit, doc) }

// IntColumn declares a small whole number that every row has.
func IntColumn(name, unit, doc string) lake.Column { return column(name, lake.Int, unit, doc) }

// DoubleColumn declares a number that every row has.
func DoubleColumn(name, unit, doc string) lake.Column { return column(name, lake.Double, unit, doc) }

// BoolColumn declares a truth value that every row has.
func BoolColumn(name, doc string) lake.Column { return column(name, lake.Bool, "", doc) }

// TimestampColumn declares a time that every row has.
func TimestampColumn(name, doc string) lake.Column { return column(name, lake.Timestamp, "", doc) }

// Optional is a column that a row may lack a value of.
func Optional(c lake.Column) lake.Column {
	c.Required = false
	return c
}

func column(name string, t lake.Type, unit, doc string) lake.Column {
	return lake.Column{Name: name, Type: t, Required: true, Unit: unit, Doc: doc}
}
