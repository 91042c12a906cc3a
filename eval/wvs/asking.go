package wvs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"alignctl/eval"
	"alignctl/train/lm"
)

// The read-outs: how a model's distribution over options is found.
const (
	Likelihood = "likelihood"  // how likely it finds the words of each option as its answer
	FirstToken = "first-token" // how likely it begins its answer with each option's key
	Sampled    = "sampled"     // what it answers when asked again and again
)

// The keys that stand before the options as they are shown.
const (
	NoKeys  = "none"
	Letters = "letters" // A, B, ...
	Numbers = "numbers" // 1, 2, ...
)

// An asking is an item in one wording, its options in one order.
type asking struct {
	item     *Item
	variant  string   // id of the template
	sample   int32    // number among the item's askings in that wording, by order and draw
	options  []Option // as shown
	labels   []string
	keys     []string // nil: none
	messages []lm.Message
}

// key names the asking's sample.
func (a asking) key() eval.SampleKey {
	return eval.SampleKey{ItemID: a.item.Question, Variant: a.variant, Sample: a.sample}
}

// conversation is the asking for a model; its id names it in errors, and decides
// its draws.
func (a asking) conversation() eval.Conversation {
	id := strings.Join([]string{a.item.Question, a.variant, strconv.Itoa(int(a.sample))}, ":")
	return eval.Conversation{ID: id, Messages: a.messages}
}

// distinct refuses keys that can't be told apart by a first token.
func (a asking) distinct() error {
	for _, key := range a.keys {
		for _, longer := range a.keys {
			if key != longer && strings.HasPrefix(longer, key) {
				return fmt.Errorf("ask about question %s: an answer that begins with %s may be %s: ask by --keys %s",
					a.item.Question, key, longer, Letters)
			}
		}
	}
	return nil
}

// answers are the strings by which a model gives each option.
func (a asking) answers() []string {
	if a.keys != nil {
		return a.keys
	}
	return a.labels
}

// codes are the options' as shown.
func (a asking) codes() []int32 {
	codes := make([]int32, len(a.options))
	for i, o := range a.options {
		codes[i] = int32(o.Code)
	}
	return codes
}

// A wording is how items are put.
type wording struct {
	templates []Template
	country   string
	keys      string
	orders    int
	draws     int // of each order
	seed      int64

	associates string // population; "": none are shown
}

// ask puts an item in each wording and order, as often as answers are drawn.
func (w wording) ask(it *Item, options []Option, words wordsOf) []asking {
	var all []asking
	for _, t := range w.templates {
		for number, order := range Orders(it.Question, len(options), w.orders, w.seed) {
			a := asking{item: it, variant: t.ID, keys: w.keysOf(len(order))}
			for _, i := range order {
				a.options = append(a.options, options[i])
				a.labels = append(a.labels, words.labels[options[i].Code])
			}
			a.messages = t.fill(map[string]string{"question": words.question, "options": a.shown(),
				"country": w.country, "ask": w.line(t), "associates": inLine(words.associates, t.Language)})
			for draw := range w.draws {
				a.sample = int32(number*w.draws + draw)
				all = append(all, a)
			}
		}
	}
	return all
}

// shown is the options as lines.
func (a asking) shown() string {
	lines := make([]string, len(a.labels))
	for i, label := range a.labels {
		if lines[i] = "- " + label; a.keys != nil {
			lines[i] = a.keys[i] + ". " + label
		}
	}
	return strings.Join(lines, "\n")
}

// line is how a template asks for an answer.
func (w wording) line(t Template) string {
	return map[string]string{NoKeys: t.Ask.Text, Letters: t.Ask.Letter, Numbers: t.Ask.Number}[w.keys]
}

// keysOf gives n options their keys.
func (w wording) keysOf(n int) []string {
	if w.keys == NoKeys {
		return nil
	}
	keys := make([]string, n)
	for i := range keys {
		if keys[i] = strconv.Itoa(i + 1); w.keys == Letters {
			keys[i] = string(rune('A' + i))
		}
	}
	return keys
}

// validate refuses what can't be asked.
func (w wording) validate() error {
	for _, t := range w.templates {
		switch {
		case t.Language != w.templates[0].Language:
			return fmt.Errorf("ask in one language: templates %q and %q are in %s and %s",
				w.templates[0].ID, t.ID, w.templates[0].Language, t.Language)
		case slices.Contains(t.slots(), "country") && w.country == "":
			return fmt.Errorf("template %q speaks of a country: name it, as it is called in the prompt's language", t.ID)
		case slices.Contains(t.slots(), "associates") != (w.associates != ""):
			return fmt.Errorf("template %q and the population %q whose associates it shows: take neither or both, "+
				"such as associates-en-1 and all", t.ID, w.associates)
		case slices.Contains(t.slots(), "ask") && w.line(t) == "":
			return fmt.Errorf("template %q has no line that asks for an answer with keys %q", t.ID, w.keys)
		}
	}
	if w.orders < 1 {
		return fmt.Errorf("ask in %d orders: want at least 1", w.orders)
	}
	return nil
}
