package etl

import (
	"fmt"
	"time"
)

// check reports why a cell can't be a value of the column.
func (c Column) check(v cell) *fault {
	if c.Kind == Text {
		if c.Required && (v.missing() || v.start == v.end) {
			return c.absent(v)
		}
		return nil
	}
	if v.blank() {
		if c.Required {
			return c.absent(v)
		}
		return nil
	}
	if !c.Kind.admits(v.raw()) {
		return &fault{v.start + 1, fmt.Sprintf("%q in column %q is not a %s", v.text(), c.Header, c.Kind),
			"correct it, or write NA for a missing value"}
	}
	return nil
}

func (c Column) absent(v cell) *fault {
	cure := "remove the record or fill it in"
	if c.Kind == Text {
		cure += ` (the word NA is written with quotes: "NA")`
	}
	return &fault{v.start + 1, fmt.Sprintf("no value in column %q", c.Header), cure}
}

func (k Kind) admits(text []byte) bool {
	switch k {
	case Int:
		return whole(text, 9)
	case Long:
		return whole(text, 18)
	case Timestamp:
		return timestamp(text)
	}
	return true
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
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
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
