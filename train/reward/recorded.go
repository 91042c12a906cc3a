package reward

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"alignctl/lake"
)

// An Answer is a recorded answer, a line of a file of JSON objects.
type Answer struct {
	ExampleID  string  `json:"example_id"` // what it answers: an example,
	Cue        string  `json:"cue"`        // or where there is none, a cue,
	Language   string  `json:"language"`   // in this language ("": in any)
	Completion *string `json:"completion"`
}

// maxAnswerBytes is the longest line of a file of answers.
const maxAnswerBytes = 16 << 20

// ReadAnswers reads recorded answers: a JSON object a line, with the members
// completion, and example_id or cue. Others, and empty lines, are passed over.
func ReadAnswers(r io.Reader) ([]Answer, error) {
	var answers []Answer
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxAnswerBytes)
	number := 0
	for lines.Scan() {
		number++
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var a Answer
		if err := a.parse(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		answers = append(answers, a)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("line %d: longer than %d MB", number+1, maxAnswerBytes>>20)
	case err != nil:
		return nil, err
	case answers == nil:
		return nil, errors.New("it has no line")
	}
	return answers, nil
}

func (a *Answer) parse(line []byte) error {
	if err := json.Unmarshal(line, a); err != nil {
		return fmt.Errorf("want a JSON object with completion, and example_id or cue: %w", err)
	}
	switch {
	case a.Completion == nil:
		return errors.New("it has no completion")
	case a.ExampleID == "" && a.Cue == "":
		return errors.New("it has neither example_id nor cue")
	}
	return nil
}

// Samples joins answers to the examples of a data set that they answer, in the
// answers' order. Their prompts are the text of the examples' messages.
func Samples(ctx context.Context, session *lake.Session, dataset string, answers []Answer) ([]Sample, error) {
	named := Selection{Dataset: dataset, IDs: []string{}, Cues: []string{}}
	for _, a := range answers {
		if a.ExampleID != "" {
			named.IDs = append(named.IDs, a.ExampleID)
		} else {
			named.Cues = append(named.Cues, a.Cue)
		}
	}
	questions, err := named.Read(ctx, session)
	if err != nil {
		return nil, err
	}
	index := indexed(questions.All)
	samples := make([]Sample, len(answers))
	for i, a := range answers {
		q, found := index[a.key()]
		if !found {
			return nil, fmt.Errorf("answer %d: %s has no example %q of cue %q", i+1, dataset, a.ExampleID, a.Cue)
		}
		samples[i] = q.Sample
		samples[i].Prompt, samples[i].Completion = q.text(), *a.Completion
	}
	return samples, nil
}

// key is the example that an answer is to; language and cue where it has no id.
func (a Answer) key() Answer {
	if a.ExampleID != "" {
		return Answer{ExampleID: a.ExampleID}
	}
	return Answer{Cue: a.Cue, Language: a.Language}
}

// indexed finds questions by id, and by cue with or without the language: the
// first of several.
func indexed(questions []Question) map[Answer]Question {
	index := map[Answer]Question{}
	for _, q := range questions {
		for _, key := range []Answer{{ExampleID: q.ExampleID}, {Cue: q.Cue}, {Cue: q.Cue, Language: q.Language}} {
			if _, taken := index[key]; !taken {
				index[key] = q
			}
		}
	}
	return index
}

// text is the prompt's turns without a model's marks.
func (q Question) text() string {
	turns := make([]string, len(q.Messages))
	for i, m := range q.Messages {
		turns[i] = m.Content
	}
	return strings.Join(turns, "\n")
}
