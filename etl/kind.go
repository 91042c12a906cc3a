package etl

import (
	"strconv"
	"time"
)

// A Kind says which texts a column admits. A cell of a kind but Text holds no
// value when it is empty or one of the layout's Missing, quoted or not; a Text
// cell only when it is one of those and has no quotes.
type Kind int

// The kinds of a raw column.
const (
	Text      Kind = iota
	Int            // at most 9 digits
	Long           // at most 18 digits
	Timestamp      // 2006-01-02, or 2006-01-02 15:04:05 with up to 6 decimals; UTC
	Float          // a decimal number
	Code           // a whole number that may be written as 1, 1.0 or 1.5607E8; at most 2^53
)

// String says what the kind admits.
func (k Kind) String() string {
	return [...]string{"text", "whole number of at most 9 digits", "whole number of at most 18 digits",
		"time as 2006-01-02 15:04:05", "decimal number", "whole number"}[k]
}

// sql is the kind's type in DuckDB.
func (k Kind) sql() string {
	return [...]string{"VARCHAR", "INTEGER", "BIGINT", "TIMESTAMP", "DOUBLE", "BIGINT"}[k]
}

// admits reports whether text is of the kind, a number with a decimal point.
func (k Kind) admits(text []byte) bool {
	switch k {
	case Int:
		return whole(text, 9)
	case Long:
		return whole(text, 18)
	case Timestamp:
		return timestamp(text)
	case Float:
		return decimal(text)
	case Code:
		return whole(text, 15) || decimal(text) && integral(text)
	}
	return true
}

// value is the number that an admitted text stands for; 0 for other kinds.
func (k Kind) value(text []byte) float64 {
	if k == Text || k == Timestamp {
		return 0
	}
	if whole(text, 15) {
		return float64(wholeNumber(text))
	}
	value, _ := strconv.ParseFloat(string(text), 64) // admits has parsed it
	return value
}

// wholeNumber is the number that a text of whole stands for.
func wholeNumber(text []byte) (n int64) {
	for _, b := range text {
		if b != '-' {
			n = n*10 + int64(b-'0')
		}
	}
	if text[0] == '-' {
		return -n
	}
	return n
}

// whole reports whether text is an optional minus and 1 to most digits.
func whole(text []byte, most int) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	return len(text) <= most && digits(text)
}

func digits(text []byte) bool {
	for _, b := range text {
		if b < '0' || b > '9' {
			return false
		}
	}
	return len(text) > 0
}

// decimal reports whether text is a finite number in decimal notation, with or
// without an exponent. Nothing else that ParseFloat takes is: no hexadecimal,
// no underscore, no word.
func decimal(text []byte) bool {
	for _, b := range text {
		if (b < '0' || b > '9') && b != '-' && b != '+' && b != '.' && b != 'e' && b != 'E' {
			return false
		}
	}
	_, err := strconv.ParseFloat(string(text), 64)
	return err == nil
}

// integral reports whether a number is whole and small enough that a double
// holds it exactly.
func integral(text []byte) bool {
	value, _ := strconv.ParseFloat(string(text), 64)
	return value == float64(int64(value)) && value >= -1<<53 && value <= 1<<53
}

// timestamp reports whether text is a date of years 1 to 9999, with or
// without a time of day.
func timestamp(text []byte) bool {
	if len(text) < 10 || !date(text[:10]) {
		return false
	}
	return len(text) == 10 || text[10] == ' ' && clock(text[11:])
}

func date(text []byte) bool {
	if text[4] != '-' || text[7] != '-' || !digits(text[:4]) || !digits(text[5:7]) || !digits(text[8:]) {
		return false
	}
	year, month, day := number(text[:4]), number(text[5:7]), number(text[8:])
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= daysIn(year, month))
}

// clock reports whether text is hh:mm:ss with up to 6 decimals.
func clock(text []byte) bool {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return false
	}
	if !digits(text[:2]) || !digits(text[3:5]) || !digits(text[6:8]) {
		return false
	}
	if number(text[:2]) > 23 || number(text[3:5]) > 59 || number(text[6:8]) > 59 {
		return false
	}
	rest := text[8:]
	return len(rest) == 0 || len(rest) <= 7 && rest[0] == '.' && digits(rest[1:])
}

// number is the value of a short run of digits.
func number(digits []byte) (n int) {
	for _, b := range digits {
		n = n*10 + int(b-'0')
	}
	return n
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
