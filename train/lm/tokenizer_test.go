package lm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// The environment variables that name a folder of real models, and one of
// published tokenizers.
const (
	modelsVariable     = "ALIGNCTL_TESTMODELS"
	tokenizersVariable = "ALIGNCTL_TOKENIZERS"
)

// publishedModels are the folders of the variables, by the name in the golden files.
var publishedModels = map[string]string{
	"smollm2": "smollm2", "llama31": "llama3_1", "qwen25": "qwen2_5", "qwen3": "qwen3",
}

// realModel is the folder of a published model's tokenizer; the test is skipped where it is not at hand.
func realModel(t testing.TB, name string) string {
	t.Helper()
	for _, variable := range []string{tokenizersVariable, modelsVariable} {
		folder := filepath.Join(os.Getenv(variable), name)
		if _, err := os.Stat(filepath.Join(folder, tokenizerFile)); err == nil && os.Getenv(variable) != "" {
			return folder
		}
	}
	t.Skipf("neither %s nor %s holds %s: its published tokenizer is not tested", tokenizersVariable, modelsVariable, name)
	return ""
}

func caseFolder(name string) string { return filepath.Join("testdata", "cases", name) }

func loadTestTokenizer(t testing.TB, folder string) *Tokenizer {
	t.Helper()
	tokenizer, err := LoadTokenizer(folder)
	if err != nil {
		t.Fatal(err)
	}
	return tokenizer
}

// TestPublishedTokenizers compares ids with those of the reference
// implementation, for every family whose tokenizer is at hand.
func TestPublishedTokenizers(t *testing.T) {
	for name, folder := range publishedModels {
		t.Run(name, func(t *testing.T) {
			tokenizer := loadTestTokenizer(t, realModel(t, folder))
			text, err := os.ReadFile(filepath.Join("testdata", "tokens", "golden_tokens_"+name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var golden []goldenTokens
			if err := json.Unmarshal(text, &golden); err != nil {
				t.Fatal(err)
			}
			for _, g := range golden {
				got := tokenizer.Encode(g.Text)
				if len(got) != len(g.IDs) || len(got) > 0 && cmp.Diff(got, g.IDs) != "" {
					t.Errorf("Encode(%q)\n got %v\nwant %v", g.Text, got, g.IDs)
				}
				want := g.Text
				if tokenizer.normalize {
					want = norm.NFC.String(want)
				}
				if back := tokenizer.Decode(g.IDs, false); back != want {
					t.Errorf("Decode = %q, want %q", back, want)
				}
				if streamed := streamText(t, tokenizer, g); streamed != want {
					t.Errorf("streamed %q, want %q", streamed, want)
				}
			}
		})
	}
}

type goldenTokens struct {
	Text string
	IDs  []int32
}

// streamText decodes ids one by one; no piece holds part of a character.
func streamText(t *testing.T, tokenizer *Tokenizer, golden goldenTokens) string {
	t.Helper()
	var text strings.Builder
	stream := tokenizer.Stream(false)
	for _, id := range golden.IDs {
		piece := stream.Next(id)
		if !utf8.ValidString(piece) || strings.Contains(piece, "\uFFFD") && !strings.Contains(golden.Text, "\uFFFD") {
			t.Errorf("token %d of %v gave %q: part of a character", id, golden.IDs, piece)
		}
		text.WriteString(piece)
	}
	return text.String() + stream.Rest()
}

// TestPublishedTemplates compares conversations with the texts that
// transformers renders from the published templates, without a date: a text
// that depends on the day can't be trained on twice.
func TestPublishedTemplates(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "tokens", "golden_chat.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Model    string
		Messages []Message
		Prompt   bool
		Text     string
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for name, folder := range publishedModels {
		t.Run(name, func(t *testing.T) {
			template, err := LoadTemplate(realModel(t, folder))
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range golden {
				if g.Model != name {
					continue
				}
				got, err := template.Render(g.Messages, g.Prompt)
				if err != nil || got != g.Text {
					t.Errorf("%v (prompt: %t)\n got %q (%v)\nwant %q", g.Messages, g.Prompt, got, err, g.Text)
				}
			}
		})
	}
}

func TestCase40SplitRunes(t *testing.T) {
	tokenizer := loadTestTokenizer(t, caseFolder("40-decode-utf8-split-over-tokens"))
	whole := []int32{258, 110, 259, 124}
	if diff := cmp.Diff(whole, tokenizer.Encode("地图")); diff != "" {
		t.Errorf("Encode: %s", diff)
	}
	stream := tokenizer.Stream(true)
	var pieces []string
	for _, id := range whole {
		pieces = append(pieces, stream.Next(id))
	}
	if diff := cmp.Diff([]string{"", "地", "", "图"}, pieces); diff != "" {
		t.Errorf("stream: %s", diff)
	}
	if rest := stream.Rest(); rest != "" {
		t.Errorf("rest %q after whole runes", rest)
	}
	if joined := tokenizer.Bytes(258) + tokenizer.Bytes(110); joined != "地" || tokenizer.Bytes(-1) != "" {
		t.Errorf("the bytes of 258 and 110 are %q, of -1 %q", joined, tokenizer.Bytes(-1))
	}
	for _, c := range []struct {
		ids  []int32
		want string
	}{
		{whole, "地图"}, {whole[:3], "地\uFFFD"}, {[]int32{189}, "\uFFFD"}, {[]int32{-1, 1 << 30}, ""},
	} {
		if got := tokenizer.Decode(c.ids, true); got != c.want {
			t.Errorf("Decode(%v) = %q, want %q", c.ids, got, c.want)
		}
	}
	for _, text := range []string{"茶", "é", "🙂", "a\u0301"} {
		if got := tokenizer.Decode(tokenizer.Encode(text), true); got != text {
			t.Errorf("round trip of %q gave %q", text, got)
		}
	}
}

func TestSpecialTokens(t *testing.T) {
	tokenizer := loadTestTokenizer(t, caseFolder("27-sft-eos-is-pad-and-single-bos"))
	ids := tokenizer.Encode("sea<|end|>sea")
	if diff := cmp.Diff([]int32{261, 1, 261}, ids); diff != "" {
		t.Errorf("added token in text: %s", diff)
	}
	if got := tokenizer.Decode(ids, true); got != "seasea" {
		t.Errorf("without special tokens: %q", got)
	}
	if got := tokenizer.Decode(ids, false); got != "sea<|end|>sea" {
		t.Errorf("with special tokens: %q", got)
	}
	bos, okBOS := tokenizer.BOS()
	eos, okEOS := tokenizer.EOS()
	pad, okPAD := tokenizer.PAD()
	if bos != 0 || eos != 1 || pad != 1 || !okBOS || !okEOS || !okPAD {
		t.Errorf("BOS %d, EOS %d, PAD %d", bos, eos, pad)
	}
	if n := tokenizer.VocabSize(); n != 273 {
		t.Errorf("VocabSize() = %d, want 273", n)
	}
	if id, ok := tokenizer.ID("sea"); !ok || id != 261 {
		t.Errorf("ID(sea) = %d, %t", id, ok)
	}
}

// TestScannersMatchTheirPatterns: each hand-written scanner cuts as a regular
// expression engine does by the pattern it stands for.
func TestScannersMatchTheirPatterns(t *testing.T) {
	alphabet := rapid.SampledFrom([]rune(" \t\n\r\u00a0\u0085\u3000'sStTreEvVlLmMdDſ19½三Ⅳ١aéß海词.,!?_$€\u0301🙂\u200b\x1c"))
	for pattern, scanner := range wordPatterns {
		expression := regexp2.MustCompile(pattern, regexp2.Unicode)
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.StringOfN(alphabet, 0, 24, -1).Draw(t, "text")
			if scanner.foldCase && strings.Contains(text, "'ſ") {
				return // the engine doesn't fold the long s; the reference implementation does
			}
			want := collectPieces(func(text string, yield func(string)) {
				splitByRegexp(expression, true, text, yield)
			}, text)
			if diff := cmp.Diff(want, collectPieces(scanner.split, text)); diff != "" {
				t.Fatalf("%q by %s: %s", text, pattern, diff)
			}
		})
	}
}

func collectPieces(split splitter, text string) []string {
	var pieces []string
	split(text, func(piece string) { pieces = append(pieces, piece) })
	return pieces
}

func TestSplitters(t *testing.T) {
	removed, err := splitPattern(`[a-z]+`, false)
	if err != nil {
		t.Fatal(err)
	}
	isolated, err := splitPattern(`[a-z]+`, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		split splitter
		text  string
		want  []string
	}{
		{"digits one by one", splitDigits(true), "ab12½三x", []string{"ab", "1", "2", "½", "三x"}},
		{"digits together", splitDigits(false), "ab12½三x", []string{"ab", "12½", "三x"}},
		{"matches only", removed, "ab-cd 1", []string{"ab", "cd"}},
		{"matches and rest", isolated, "ab-cd 1", []string{"ab", "-", "cd", " 1"}},
		{"prefix space", prefixSpace, "ab", []string{" ab"}},
		{"long s", wordPattern{foldCase: true, anyPrefix: true, maxNumbers: 3}.split, "it'ſx", []string{"it", "'ſ", "x"}},
	} {
		if diff := cmp.Diff(c.want, collectPieces(c.split, c.text)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// tinyTokenizer is a whole tokenizer.json in which one test replaces a part.
const tinyTokenizer = `{"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel"},
"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}`

// nested is a component within a component, over and over, as a cycle would be
// if JSON could hold one.
func nested(depth int) string {
	return strings.Repeat(`{"type":"Sequence","normalizers":[`, depth) + strings.Repeat(`]}`, depth)
}

func TestUnknownComponentsAreNamed(t *testing.T) {
	if _, err := parseTokenizer([]byte(tinyTokenizer)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"normalizer":null`, `"normalizer":{"type":"Lowercase"}`, `normalizer "Lowercase"`},
		{`"pre_tokenizer":{"type":"ByteLevel"}`, `"pre_tokenizer":{"type":"Metaspace"}`, `pre_tokenizer "Metaspace"`},
		{`"pre_tokenizer":{"type":"ByteLevel"}`, `"pre_tokenizer":null`, `pre_tokenizer is missing`},
		{`"pre_tokenizer":{"type":"ByteLevel"}`,
			`"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Punctuation"},{"type":"ByteLevel"}]}`,
			`pre_tokenizer "Punctuation"`},
		{`"pre_tokenizer":{"type":"ByteLevel"}`,
			`"pre_tokenizer":{"type":"Sequence","pretokenizers":[
				{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated"},{"type":"ByteLevel"}]}`, `compile split pattern "("`},
		{`"decoder":{"type":"ByteLevel"}`, `"decoder":{"type":"WordPiece"}`, `decoder "WordPiece"`},
		{`"BPE"`, `"Unigram"`, `model "Unigram"`},
		{`"merges"`, `"byte_fallback":true,"merges"`, "byte_fallback"},
		{`"a b"`, `"a c"`, `merge 0 ("a", "c")`},
		{`"a b"`, `"ab"`, "not a pair"},
		{`"ab":2`, `"ab":1`, "taken by another token"},
		{`"ab":2`, `"ab":2000000000`, "far outside"},
		{`"added_tokens":[]`, `"added_tokens":[{"id":3,"content":"<x>","lstrip":true}]`, `added token "<x>"`},
		{`"added_tokens":[]`, `"added_tokens":[{"id":3,"content":"ab"}]`, `added token "ab"`},
		{`"added_tokens":[]`, `"added_tokens":[{"id":4294967296,"content":"x"}]`, "4294967296"},
		{`"added_tokens":[]`, `"added_tokens":[{"id":-1,"content":"x"}]`, "far outside"},
		{`"normalizer":null`, `"normalizer":` + nested(20_000), "exceeded max depth"},
		{`"b":1,"ab":2`, `"b":1`, `merge 0 ("a", "b")`},
		{`{"added_tokens"`, `{"added_tokens`, "invalid character"},
	} {
		text := strings.Replace(tinyTokenizer, c.old, c.new, 1)
		if _, err := parseTokenizer([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.new, err, c.want)
		}
	}
}

func TestFolderWithoutTokenizer(t *testing.T) {
	folder := t.TempDir()
	_, err := LoadTokenizer(folder)
	if err == nil || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), "fetch") {
		t.Errorf("error %v, want one that names the folder and the cure", err)
	}
	writeTestFile(t, filepath.Join(folder, tokenizerFile), []byte(tinyTokenizer))
	writeTestFile(t, filepath.Join(folder, tokenizerConfigFile), []byte(`{"eos_token":{"content":"<end>"}}`))
	if _, err := LoadTokenizer(folder); err == nil || !strings.Contains(err.Error(), `eos_token "<end>"`) {
		t.Errorf("error %v, want one that names the token", err)
	}
}

// TestMergeOrder: pairs join by the rank in which they were learnt, not from
// left to right, and equal pairs leftmost first.
func TestMergeOrder(t *testing.T) {
	text := strings.NewReplacer(`{"a":0,"b":1,"ab":2}`, `{"a":0,"b":1,"c":2,"bc":3,"ab":4,"aa":5}`,
		`["a b"]`, `["b c","a b","a a"]`).Replace(tinyTokenizer)
	tokenizer, err := parseTokenizer([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{
		"abc": {0, 3}, "ab": {4}, "aaa": {5, 0}, "aaab": {5, 4}, "aabc": {5, 3}, "x": nil, "abx": {4},
	} {
		if diff := cmp.Diff(want, tokenizer.Encode(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// FuzzTokenizerRoundTrip: decoding what was encoded gives the text back, whole
// and streamed.
func FuzzTokenizerRoundTrip(f *testing.F) {
	tokenizer := loadTestTokenizer(f, caseFolder("40-decode-utf8-split-over-tokens"))
	for _, seed := range []string{"", "地图", "a\u0301 b", "<|end|><|bos|>x", "\x00\n\t 9", "🙂🙂", strings.Repeat("地", 99)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ids := tokenizer.Encode(text)
		got := tokenizer.Decode(ids, false)
		if !utf8.ValidString(got) {
			t.Fatalf("Decode gave invalid UTF-8: %q", got)
		}
		var streamed strings.Builder
		stream := tokenizer.Stream(false)
		for _, id := range ids {
			streamed.WriteString(stream.Next(id))
		}
		streamed.WriteString(stream.Rest())
		if streamed.String() != got {
			t.Fatalf("streamed %q, whole %q", streamed.String(), got)
		}
		if utf8.ValidString(text) && got != text {
			t.Fatalf("round trip of %q gave %q", text, got)
		}
	})
}

// FuzzParseTokenizer: no tokenizer.json crashes the reader or what it builds.
func FuzzParseTokenizer(f *testing.F) {
	f.Add([]byte(tinyTokenizer))
	f.Add([]byte(`{"model":{"vocab":{"":0},"merges":[["",""]]},"pre_tokenizer":{"type":"ByteLevel"},"decoder":{"type":"ByteLevel"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		tokenizer, err := parseTokenizer(text)
		if err != nil {
			return
		}
		stream, streamed := tokenizer.Stream(true), ""
		ids := tokenizer.Encode("ab ba 12 地图")
		for _, id := range ids {
			streamed += stream.Next(id)
		}
		if whole := tokenizer.Decode(ids, true); streamed+stream.Rest() != whole {
			t.Fatalf("streamed %q, whole %q", streamed, whole)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tokenizer := loadTestTokenizer(b, realModel(b, "smollm2"))
	text := strings.Repeat("Give me the first three words you associate with the cue word 'ocean'. 海洋 sea, blue, 42\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tokenizer.Encode(text)
	}
}
