package eval

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The fields of an answer in a file. A file must have OutputField, and CueField
// or ItemField.
const (
	ItemField     = "item_id" // of a data set
	LanguageField = "language"
	CueField      = "cue"
	SplitField    = "split"
	PromptField   = "prompt"
	OutputField   = "output"
	FinishField   = "finish"
)

// AnswerFields are the fields that a file of answers may have.
func AnswerFields() []string {
	return []string{ItemField, LanguageField, CueField, SplitField, PromptField, OutputField, FinishField}
}

// A fileRecord is a line of a file of answers: a JSON object, or a row of a table.
type fileRecord struct {
	line   int
	values map[string]any
}

// value is what a column holds, as text. A column of nested JSON is a path, such
// as response.choices.0.text. found is false where there is none.
func (r fileRecord) value(column string) (text string, found bool, err error) {
	v, found := r.values[column]
	if !found {
		v, found = descend(r.values, strings.Split(column, "."))
	}
	if !found {
		return "", false, nil
	}
	if text, err = asText(v); err != nil {
		err = fmt.Errorf("line %d: %s %w", r.line, column, err)
	}
	return text, true, err
}

// columns lists what a record has.
func (r fileRecord) columns() string { return strings.Join(slices.Sorted(maps.Keys(r.values)), ", ") }

func descend(v any, path []string) (any, bool) {
	if len(path) == 0 {
		return v, true
	}
	switch v := v.(type) {
	case map[string]any:
		if member, found := v[path[0]]; found {
			return descend(member, path[1:])
		}
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(v) {
			return descend(v[i], path[1:])
		}
	}
	return nil, false
}

// asText is a JSON value as text; a list has a line an element.
func asText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case []any:
		lines := make([]string, len(v))
		for i, element := range v {
			var err error
			if lines[i], err = asText(element); err != nil {
				return "", err
			}
		}
		return strings.Join(lines, "\n"), nil
	}
	return "", errors.New("holds an object: name what is in it, such as NAME.MEMBER")
}

// readRecords reads a file of answers, by the ending of its name: .jsonl or
// .ndjson (a JSON object a line), .csv or .tsv (with a header).
func readRecords(name string, content []byte) ([]fileRecord, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		return nil, fmt.Errorf("line %d: it isn't UTF-8", invalidLine(content))
	}
	var records []fileRecord
	var err error
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jsonl", ".ndjson":
		records, err = readJSONLines(content)
	case ".csv":
		records, err = readTable(content, ',')
	case ".tsv":
		records, err = readTable(content, '\t')
	default:
		return nil, errors.New("its name ends in neither .jsonl, .csv nor .tsv")
	}
	if err == nil && len(records) == 0 {
		err = errors.New("it holds no answer")
	}
	return records, err
}

// invalidLine is the first line that isn't UTF-8.
func invalidLine(content []byte) int {
	for i, line := range bytes.Split(content, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 1
}

// maxLine is the longest line of a file of JSON.
const maxLine = 16 << 20

func readJSONLines(content []byte) (records []fileRecord, err error) {
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		values, err := readObject(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: want a JSON object: %w", number, err)
		}
		records = append(records, fileRecord{number, values})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read a line after %d answers: %w", len(records), err)
	}
	return records, nil
}

func readObject(line []byte) (values map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&values); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("something follows it")
	}
	if values == nil {
		return nil, errors.New("it is null")
	}
	return values, nil
}

func readTable(content []byte, comma rune) (records []fileRecord, err error) {
	reader := csv.NewReader(bytes.NewReader(content))
	reader.Comma = comma
	header, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err // names the line
		}
		line, _ := reader.FieldPos(0)
		values := make(map[string]any, len(header))
		for i, name := range header {
			values[name] = row[i]
		}
		if len(values) < len(header) {
			return nil, fmt.Errorf("the header names a column twice: %s", strings.Join(header, ", "))
		}
		records = append(records, fileRecord{line, values})
	}
}
