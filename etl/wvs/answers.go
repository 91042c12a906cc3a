package wvs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"alignctl/lake/duck"
)

// batchRows is from how many rows on a batch of answers is full: those of one
// question of the cross-national file are nearly that many.
const batchRows = 1 << 16

// answers replaces the source's rows of raw.wvs_answer and lets go of what the
// check read.
func (w *loader) answers(ctx context.Context) error {
	sheets := slices.Clone(w.plan.sheets)
	for _, k := range w.kept() {
		more, err := w.keptSheets(ctx, k)
		if err != nil {
			return err
		}
		sheets = append(sheets, more...)
	}
	slices.SortFunc(sheets, func(a, b *sheet) int { return strings.Compare(a.fileID, b.fileID) })
	for _, s := range sheets {
		w.cells += int64(len(s.columns)) * int64(s.respondents())
	}
	_, err := w.job.Run.WriteArrow(ctx, answerSpec(), w.plan.options.Source, answerSchema(),
		func(yield func(arrow.RecordBatch, error) bool) {
			newLong(w.plan.options.Source).write(sheets, func(b arrow.RecordBatch) bool { return yield(b, nil) })
		})
	w.plan.sheets = nil
	return err
}

// keptSheets reads the answers of the files that were there before.
func (w *loader) keptSheets(ctx context.Context, k kept) (sheets []*sheet, err error) {
	rows, err := w.job.Run.Session().Query(ctx, fmt.Sprintf(`
		select n.file_id, a.question, list(a.code order by n.respondent) as codes
		from (%s) a join wvs_numbered n on n.origin = %s and n.old = a.respondent
		group by n.file_id, a.question order by n.file_id, a.question`, k.Answers, duck.Literal(k.table)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var fileID, question string
		var list anyList
		if err := rows.Scan(&fileID, &question, &list); err != nil {
			return nil, err
		}
		if len(sheets) == 0 || sheets[len(sheets)-1].fileID != fileID {
			sheets = append(sheets, newSheet(fileID))
		}
		list.appendTo(sheets[len(sheets)-1].column(question))
	}
	return sheets, rows.Err()
}

// anyList takes a list of a query's result.
type anyList []any

// Scan takes the value.
func (l *anyList) Scan(value any) error {
	list, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%T is no list", value)
	}
	*l = list
	return nil
}

// appendTo appends the list's codes; a null is an empty cell.
func (l anyList) appendTo(c *codes) {
	for _, v := range l {
		code, given := v.(int32)
		if !given {
			code = blank
		}
		c.append(code)
	}
}

// answerSchema is the columns of raw.wvs_answer as they are written.
func answerSchema() *arrow.Schema {
	text := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	return arrow.NewSchema([]arrow.Field{{Name: "source", Type: text}, {Name: "question", Type: text},
		{Name: "respondent", Type: arrow.PrimitiveTypes.Int32}, {Name: "code", Type: arrow.PrimitiveTypes.Int32}}, nil)
}

// A long turns sheets to long form in key order: question by question, file by
// file, respondent by respondent. Nothing is sorted.
type long struct {
	source      string
	names       []string // of the questions of the batch
	question    []int32  // a row's place in names
	respondents []int32
	codes       []int32
	valid       []bool
}

func newLong(source string) *long { return &long{source: source} }

// write gives the rows of sheets, in batches, until one isn't taken.
func (l *long) write(sheets []*sheet, take func(arrow.RecordBatch) bool) {
	for _, name := range questionsIn(sheets) {
		first := int32(1)
		for _, s := range sheets {
			l.add(name, first, s.answersTo(name))
			first += int32(s.respondents())
		}
		if len(l.codes) >= batchRows && !take(l.batch()) {
			return
		}
	}
	if len(l.codes) > 0 {
		take(l.batch())
	}
}

func questionsIn(sheets []*sheet) []string {
	all := map[string]bool{}
	for _, s := range sheets {
		for name := range s.places {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// add takes a question's codes, of respondents from first on.
func (l *long) add(name string, first int32, codes *codes) {
	if codes.len() == 0 {
		return
	}
	if len(l.names) == 0 || l.names[len(l.names)-1] != name {
		l.names = append(l.names, name)
	}
	from := len(l.codes)
	l.codes = codes.appendTo(l.codes)
	for i, code := range l.codes[from:] {
		l.question = append(l.question, int32(len(l.names)-1))
		l.respondents = append(l.respondents, first+int32(i))
		l.valid = append(l.valid, code != blank)
	}
}

// batch makes a batch of the rows so far, and begins anew.
func (l *long) batch() arrow.RecordBatch {
	schema, n := answerSchema(), len(l.codes)
	columns := []arrow.Array{
		dictionary(schema.Field(0).Type, []string{l.source}, make([]int32, n)),
		dictionary(schema.Field(1).Type, l.names, l.question),
		numbers(l.respondents, nil), numbers(l.codes, l.valid),
	}
	l.names, l.question, l.respondents = l.names[:0], l.question[:0], l.respondents[:0]
	l.codes, l.valid = l.codes[:0], l.valid[:0]
	return array.NewRecordBatch(schema, columns, int64(n))
}

// numbers copies values to an array; valid is nil where none is null.
func numbers(values []int32, valid []bool) arrow.Array {
	b := array.NewInt32Builder(memory.DefaultAllocator)
	b.AppendValues(values, valid)
	return b.NewInt32Array()
}

// dictionary is texts by their places in a list.
func dictionary(t arrow.DataType, texts []string, places []int32) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(texts, nil)
	return array.NewDictionaryArray(t, numbers(places, nil), b.NewStringArray())
}
