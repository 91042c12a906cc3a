// Package cell writes a value of a query as text, the same on every way out: the
// terminal, csv, reports.
package cell

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Text is a value as text; NULL is empty.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case json.RawMessage:
		return string(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case map[string]any, []any:
		return nested(v)
	}
	return fmt.Sprint(v)
}

// nested is a struct or a list as JSON.
func nested(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil { // such as NaN
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// IsNumber says whether a value is a number, to be aligned by its digits.
func IsNumber(v any) bool {
	switch v.(type) {
	case int, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, json.Number:
		return true
	}
	return false
}
