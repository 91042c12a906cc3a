package main

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// exactInteger is the largest integer that every JSON reader keeps exactly, and
// exactDigits how many digits of a decimal it keeps.
const (
	exactInteger = 1 << 53
	exactDigits  = 15
)

// jsonValue makes a value that encoding/json writes without loss: numbers that
// a JSON reader would round (snapshot ids) become strings, NaN and infinities
// null.
func jsonValue(v any) any {
	switch v := v.(type) {
	case int64:
		if v > exactInteger || v < -exactInteger {
			return strconv.FormatInt(v, 10)
		}
	case uint64:
		if v > exactInteger {
			return strconv.FormatUint(v, 10)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case float32:
		if wide := float64(v); math.IsNaN(wide) || math.IsInf(wide, 0) {
			return nil
		}
	case json.Number:
		return exactNumber(string(v))
	case json.RawMessage:
		return json.RawMessage(jsonTokens.ReplaceAllFunc(v, exactToken))
	case []byte:
		return string(v)
	case time.Time:
		return v.UTC()
	}
	return v
}

// exactNumber is a number's digits as a JSON number, or as a string where a
// reader would round it.
func exactNumber(digits string) any {
	count := len(strings.TrimLeft(strings.Replace(digits, ".", "", 1), "-0"))
	if count > exactDigits {
		return digits
	}
	return json.Number(digits)
}

// jsonTokens finds the strings of a JSON text and what could be numbers in it.
var jsonTokens = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)|-?[0-9][0-9.eE+-]*`)

// exactToken is jsonValue for a token of a JSON text that DuckDB wrote, whose
// NaN isn't JSON.
func exactToken(token []byte) []byte {
	switch first := strings.TrimPrefix(string(token), "-")[0]; {
	case first == 'N' || first == 'I':
		return []byte("null")
	case first == '"':
		return token
	}
	if n, err := strconv.ParseInt(string(token), 10, 64); err == nil && n <= exactInteger && n >= -exactInteger {
		return token
	}
	if strings.ContainsAny(string(token), ".eE") {
		return token // of a double
	}
	return strconv.AppendQuote(nil, string(token))
}
