//go:build linux

package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/bench/measure"
)

// country is the code of one that there is none of.
const country = "XAA"

// Which codes a question has is a fact that comes with alignctl.
const codesQuery = `select question, code from core.wvs_option join core.wvs_question using (source, question, language)
	where language = '' and role = 'substantive' and recodes is null and (position is not null or kind = 'nominal')
	order by number, question, code`

// load makes a lake whose people choose each option of each question, and words
// it.
func (b *bench) load(ctx context.Context) error {
	if _, err := measure.Run(b.command(ctx, "init", "--quiet")); err != nil {
		return err
	}
	if err := b.etl(ctx, "codes.csv", "B_COUNTRY_ALPHA,Q1\n"+country+",1\n"); err != nil {
		return err
	}
	if err := b.sql(ctx, "options.csv", "csv", codesQuery); err != nil {
		return err
	}
	questions, err := b.readCodes()
	if err != nil {
		return err
	}
	book, err := json.Marshal(words(questions))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dir, "book.json"), book, 0o600); err != nil {
		return err
	}
	return b.etl(ctx, "people.csv", answers(questions), "--codebook", "book.json")
}

// etl loads a file of people's answers.
func (b *bench) etl(ctx context.Context, name, text string, flags ...string) error {
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		return err
	}
	cmd := b.command(ctx, slices.Concat([]string{"etl", "wvs", "--quiet", "--source", "bench"}, flags, []string{name})...)
	_, err := measure.Run(cmd)
	return err
}

// A question has codes that answer it.
type question struct {
	name  string
	codes []string
}

func (b *bench) readCodes() (questions []question, err error) {
	f, err := os.Open(filepath.Join(b.dir, "options.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, row := range rows[1:] {
		if n := len(questions); n == 0 || questions[n-1].name != row[0] {
			questions = append(questions, question{name: row[0]})
		}
		last := &questions[len(questions)-1]
		last.codes = append(last.codes, row[1])
	}
	return questions, nil
}

// answers are a file of people who together choose every code.
func answers(questions []question) string {
	people := 0
	var text strings.Builder
	text.WriteString("B_COUNTRY_ALPHA")
	for _, q := range questions {
		people = max(people, len(q.codes))
		text.WriteString("," + q.name)
	}
	for i := range people {
		text.WriteString("\n" + country)
		for _, q := range questions {
			text.WriteString("," + q.codes[i%len(q.codes)])
		}
	}
	return text.String() + "\n"
}

// vocabulary is what invented questions are made of.
var vocabulary = strings.Fields(`how often do people in your town think about the work of others and would you say that it is
	important for children to learn responsibility at home rather than school please tell me whether you agree strongly with this
	statement some neighbours never trust their government most countries should protect nature even if growth becomes slower`)

// An entry words a question, as a codebook has it.
type entry struct {
	Question string            `json:"question"`
	Choices  map[string]string `json:"choices"`
}

// words are texts of the length that the survey's have: questions of 5 to 25
// words, answers of 1 to 5.
func words(questions []question) map[string]entry {
	draw := rand.New(rand.NewPCG(1, 2))
	book := map[string]entry{}
	for _, q := range questions {
		e := entry{Question: phrase(draw, 5, 25) + "?", Choices: map[string]string{}}
		for _, code := range q.codes {
			e.Choices[code] = phrase(draw, 1, 5) + " " + code
		}
		book[q.name] = e
	}
	return book
}

// phrase draws between least and most words.
func phrase(draw *rand.Rand, least, most int) string {
	drawn := make([]string, least+draw.IntN(most-least+1))
	for i := range drawn {
		drawn[i] = vocabulary[draw.IntN(len(vocabulary))]
	}
	return strings.Join(drawn, " ")
}
