package eval

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"unicode/utf8"

	"gonum.org/v1/gonum/stat/distuv"

	"alignctl/internal/stat"
)

// A Defect is a fault of the ALIGN study's public code. A run or a scoring that
// names it does as the study did in place of what is right.
type Defect string

// The defects, each with the suite that it belongs to.
const (
	// RawGold compares people's words as they are, capitals, doubled blanks and
	// all, with an answer's in lower case. Associations.
	RawGold Defect = "raw-gold"
	// PooledSpearman correlates positions and ranks of the words of three cues at
	// once, and averages the correlations and their p values. Associations.
	PooledSpearman Defect = "pooled-spearman"
	// TwoBegins puts the tokens that a tokenizer puts around a text around a prompt
	// as well, which has them by its chat template. GenerateOptions, of a folder.
	TwoBegins Defect = "two-begin-tokens"
	// NullCueLost leaves out cues that pandas reads as missing, such as null. All.
	NullCueLost Defect = "null-cue-lost"
	// CutHead takes as many characters off an answer's head as the prompt's
	// special tokens have. Ranking.
	CutHead Defect = "cut-head"
	// ArbitraryTies ranks people's words by their place in the list, also where
	// they were given equally often. Ranking.
	ArbitraryTies Defect = "arbitrary-ties"
	// MeanOfMedians calls the mean of the cues' medians their median. Norms.
	MeanOfMedians Defect = "mean-of-medians"
	// Uncorrected leaves p values as they are, however many there are. Norms.
	Uncorrected Defect = "uncorrected"
)

// validateDefects refuses what is none of the defects that some work can repeat.
func validateDefects(work string, known, repeated []Defect) error {
	for i, d := range repeated {
		if !slices.Contains(known, d) {
			return fmt.Errorf("%s as published: there is no defect %q, but %q", work, string(d), known)
		}
		if slices.Contains(repeated[:i], d) {
			return fmt.Errorf("%s as published: defect %q is given twice", work, string(d))
		}
	}
	return nil
}

// repeatTwoBegins has a model read prompts with two beginnings.
func repeatTwoBegins(m Model) error {
	local, ok := m.(*Local)
	if !ok {
		return fmt.Errorf("generate as published: %s needs a model's folder: a server makes its own tokens", TwoBegins)
	}
	tokenizer, ok := local.Tokenizer.(interface {
		Around() (before, after []int32, err error)
	})
	if !ok {
		return fmt.Errorf("generate as published: %s needs a tokenizer that puts tokens around a text", TwoBegins)
	}
	before, after, err := tokenizer.Around()
	local.Tokenizer = enclosing{local.Tokenizer, before, after}
	return err
}

// An enclosing is a tokenizer that puts tokens around each text.
type enclosing struct {
	Tokenizer
	before, after []int32
}

// Encode gives the ids of a text with those around it.
func (e enclosing) Encode(text string) []int32 {
	return slices.Concat(e.before, e.Tokenizer.Encode(text), e.after)
}

// lostCues are words that pandas takes for missing values in a CSV file.
var lostCues = []string{"null", "NULL", "nan", "NaN", "-nan", "-NaN", "NA", "N/A", "n/a", "None", "<NA>", "#N/A", "#NA"}

// specialToken is a control token of a prompt: those of Llama's, Qwen's and
// SmolLM's templates.
var specialToken = regexp.MustCompile(`<\|[^|<>]+\|>|</?s>`)

// cutHead is what is left of an answer where the prompt was cut off by its length
// with special tokens from a text without them.
func cutHead(prompt, output string) string {
	special := 0
	for _, token := range specialToken.FindAllString(prompt, -1) {
		special += utf8.RuneCountInString(token)
	}
	answer := []rune(output)
	return string(answer[min(special, len(answer)):])
}

// pooledCues is how many cues the study correlated at once.
const pooledCues = 3

// pooledSpearman is the mean correlation over batches of three cues, whose words
// are correlated at once, and the mean of the p values; how many batches have
// any. Batches that can't be correlated are left out.
func pooledSpearman(words [][]string, golds []Gold) (rho, p float64, n int) {
	var rhos, ps []float64
	for start := 0; start < len(words); start += pooledCues {
		var positions, ranks []float64
		for i := start; i < min(start+pooledCues, len(words)); i++ {
			x, y := golds[i].places(words[i])
			positions, ranks = append(positions, x...), append(ranks, y...)
		}
		if r, ok := stat.Spearman(positions, ranks); ok && len(positions) > 2 {
			rhos, ps = append(rhos, r), append(ps, correlationP(r, len(positions)))
		}
	}
	return stat.Mean(rhos), stat.Mean(ps), len(rhos)
}

// correlationP is the two-sided p value of a correlation of n pairs, n above 2,
// by Student's t.
func correlationP(r float64, n int) float64 {
	degrees := float64(n - 2)
	t := math.Abs(r) * math.Sqrt(degrees/((1-r)*(1+r)))
	if math.IsInf(t, 1) {
		return 0
	}
	return 2 * distuv.StudentsT{Sigma: 1, Nu: degrees}.Survival(t)
}
