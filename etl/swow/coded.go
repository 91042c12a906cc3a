package swow

import (
	"errors"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// codedType is the type of a column of texts that go by a dictionary.
var codedType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

// A coded column takes texts, mostly by number, and gives them in batches, each
// with a dictionary of the texts that it has.
type coded struct {
	texts      []string         // number 1 first: 0 is no text
	places     []int32          // by number: 1 + its place in the dictionary, or 0
	dictionary []string         // of the batch
	index      map[string]int32 // place of a text in the dictionary
	rows       []int32          // places
	valid      []bool
	strange    bool // a number came that no text has
}

func newCoded(texts []string) *coded {
	return &coded{texts: texts, places: make([]int32, len(texts)+1), index: map[string]int32{}}
}

// add adds a row, the text of a number or null.
func (c *coded) add(number int32) {
	if number < 0 || int(number) >= len(c.places) {
		c.strange, number = true, 0
	}
	if number > 0 && c.places[number] == 0 {
		c.places[number] = 1 + c.place(c.texts[number-1])
	}
	c.rows, c.valid = append(c.rows, c.places[number]-1), append(c.valid, number > 0)
}

// known tells where a number came that no text of a column has, as from an engine
// that is broken.
func known(columns ...*coded) error {
	for _, c := range columns {
		if c.strange {
			return errors.New("the engine gave the number of a text that there isn't")
		}
	}
	return nil
}

// addText adds a row by its text.
func (c *coded) addText(text string) {
	c.rows, c.valid = append(c.rows, c.place(text)), append(c.valid, true)
}

// place finds or makes the place of a text, which may be part of a buffer that
// others reuse, in the dictionary.
func (c *coded) place(text string) int32 {
	place, known := c.index[text]
	if !known {
		place = int32(len(c.dictionary))
		text = strings.Clone(text)
		c.index[text], c.dictionary = place, append(c.dictionary, text)
	}
	return place
}

// array makes an array of the rows so far, and begins anew.
func (c *coded) array() arrow.Array {
	texts, places := array.NewStringBuilder(memory.DefaultAllocator), array.NewInt32Builder(memory.DefaultAllocator)
	texts.AppendValues(c.dictionary, nil)
	places.AppendValues(c.rows, c.valid)
	clear(c.places)
	clear(c.index)
	c.dictionary, c.rows, c.valid = c.dictionary[:0], c.rows[:0], c.valid[:0]
	return array.NewDictionaryArray(codedType, places.NewArray(), texts.NewArray())
}
