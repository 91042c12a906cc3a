package wvs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl"
	"alignctl/etl/etltest"
)

// TestCodebook reads the same words in both forms.
func TestCodebook(t *testing.T) {
	want := &Codebook{
		Texts: []Text{{"Q1", "zh", "多重要？"}, {"Q223", "zh", "Which, \"now\"?"}},
		Labels: []Label{{"Q1", "zh", 1, 0, "很"}, {"Q1", "zh", 2, 0, "不"},
			{"Q223", "zh", 840001, 0, "a party"}},
	}
	for name, test := range map[string]struct {
		text   string
		others int
	}{
		"JSON": {`{"A_YEAR": {"question": "When?", "choices": {"2017": "2017", "x": [1, {"y": null}]}},
 "Q1": {"question": "多重要？", "type": ["any"], "choices": {"1": "很", "2": "不", "-1": "?"}},
 "Q223": {"question": "Which, \"now\"?", "choices": {"840001": "a party"}}}`, 1},
		"JSON with a mark": {"\ufeff" + `{"Q1": {"question": "多重要？", "choices": {"1": "很", "2": "不"}},
 "Q223": {"choices": {"840001": "a party"}, "question": "Which, \"now\"?"}}` + "\n", 0},
		"CSV": {"question,language,text,code,label\nQ1,zh,多重要？,1,很\nQ1,zh,,2,不\nQ1,zh,,-1,?\n" +
			"Q223,zh,\"Which, \"\"now\"\"?\",,\nQ223,zh,,840001,a party\n", 0},
		"CSV by semicolons": {"label;code;text;language;question\n很;1;多重要？;zh;Q1\n不;2;多重要？;zh;Q1\n" +
			"a party;840001;\"Which, \"\"now\"\"?\";zh;Q223\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := etltest.File(t, "book", test.text)
			got, err := ReadCodebook(context.Background(), path, "zh")
			if err != nil {
				t.Fatal(err)
			}
			if got.SHA256 != sha256Of([]byte(test.text)) || got.Bytes != int64(len(test.text)) || got.Others != test.others {
				t.Errorf("sha256 %s, %d bytes, %d others", got.SHA256, got.Bytes, got.Others)
			}
			if diff := cmp.Diff(want, &Codebook{Texts: got.Texts, Labels: got.Labels}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A list has an option for each code; its lead to them is no part of the
// question, and what it says again it says once.
func TestCodebookList(t *testing.T) {
	entry := `{"id": "7", "country": "Xaa", "input": "Which:\nthis?\nChoose：\n", "options": ["(A) yes", "(B)no"]}`
	path := etltest.File(t, "book", "["+entry+",\n"+entry+`, {"id": "x", "input": "?", "options": []}]`)
	got, err := ReadCodebook(t.Context(), path, "en")
	if err != nil {
		t.Fatal(err)
	}
	want := &Codebook{Texts: []Text{{"Q7", "en", "Which:\nthis?"}},
		Labels: []Label{{"Q7", "en", 1, 0, "yes"}, {"Q7", "en", 2, 0, "no"}}}
	if diff := cmp.Diff(want, &Codebook{Texts: got.Texts, Labels: got.Labels}); diff != "" || got.Others != 1 {
		t.Errorf("%d others\n%s", got.Others, diff)
	}
}

func TestCodebookRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a list of numbers": {"[1]", `:1:2: this entry isn't a question with its options; write {"id": "1", "input": "...", "options": ["(A)...", "(B)..."]}`},
		"a list cut off":    {"[{\"id\": \"1\"", ":1:12: file ends within the codebook; is the file complete?"},
		"too few options":   {"[\n {\"id\": \"1\", \"input\": \"a\", \"options\": [\"(A)b\"]}]", ":2:2: Q1 has 1 options, where its codes are 1-4; give an option for each code, in their order"},
		"no words in one":   {`[{"id": "7", "input": "a", "options": ["(A)", "b"]}]`, ":1:2: option 1 of Q7 has no words; give it some"},
		"two wordings":      {`[{"id": "7", "input": "a", "options": ["b", "c"]}, {"id": "Q7", "input": "a", "options": ["c", "b"]}]`, ":1:52: code 1 of Q7 has two labels in language en; correct the codebook"},
		"cut off":           {"{\"Q1\": {\"question\":\n", ":2:1: file ends within the codebook; is the file complete?"},
		"no JSON":           {"{\"Q1\": {question: 1}}", ":1:9: is not JSON: invalid character 'q'; correct it"},
		"no words":          {`{"A_YEAR": {}}`, ": no entry words a question of wave 7; is it a codebook of wave 7?"},
		"more behind":       {`{"Q1": {"question": "a"}} {}`, ":1:27: text after the codebook's last brace; remove it"},
		"no object":         {`{"Q1": "a"}`, ":1:8: an object is expected here; see the codebook's form in the command's help"},
		"no text":           {`{"Q1": {"question": 1}}`, ":1:21: a text is expected here; write it in quotes"},
		"no code":           {`{"Q1": {"choices": {"one": "a"}}}`, `:1:21: "one" among the choices of Q1 is no code; give a whole number`},
		"foreign code":      {"{\"Q1\": {\"choices\": {\"1\": \"a\",\n \"5\": \"b\"}}}", ":2:7: code 5 is no answer to Q1, whose codes are 1-4; correct the codebook"},
		"no label":          {`{"Q1": {"choices": {"1": ""}}}`, ":1:26: code 1 of Q1 has an empty label; give it a label or leave it out"},
		"twice":             {`{"Q1": {}, "Q1": {}}`, `:1:12: "Q1" stands twice; remove one of them`},
		"not UTF-8":         {"{\"Q1\": {\"question\": \"caf\xe9\"}}", ":1:25: byte 0xE9 is not UTF-8; save the codebook as UTF-8"},

		"no such question": {"question,language,text\nQ1,en,a\nQ999,en,b\n", `:3:1: "Q999" is no question of wave 7; correct it or remove the row`},
		"no language":      {"question,language,text\nQ1,English,a\n", `:2:4: "English" is no language code; write en, zh, or the like`},
		"two texts":        {"question,language,text\nQ1,en,a\nQ1,en,b\n", ":3:7: Q1 has two texts in language en; remove one of them"},
		"two labels": {"question,language,code,label\nQ1,en,1,a\nQ1,en,1,b\n",
			":3:7: code 1 of Q1 has two labels in language en; correct it or remove the row"},
		"code alone":  {"question,language,code,label\nQ1,en,1,\n", ":2: a code without a label, or a label without a code; give both or none"},
		"nothing":     {"question,language,text,code,label\nQ1,en,,,\n", ":2: neither a text nor a label; give one of them"},
		"other words": {"question,words\nQ1,a\n", `:1:10: column "words" is not in layout codebook; rename it, or remove it and add "language", which the file lacks`},
	} {
		t.Run(name, func(t *testing.T) {
			path := etltest.File(t, "book", test.text)
			_, err := ReadCodebook(context.Background(), path, "")
			if err == nil || err.Error() != path+test.want {
				t.Errorf("%v\nwant %s", err, path+test.want)
			}
		})
	}
}

// FuzzCodebook reads any bytes: an error names the file, and what is read fits
// wave 7.
func FuzzCodebook(f *testing.F) {
	for _, seed := range []string{
		`{"Q1": {"question": "a", "choices": {"1": "b", "-1": "c"}}}`,
		`{"X": [1, {"y": null}], "Q223": {"choices": {"840001": "p"}}}`,
		"question,language,text,code,label,position\nQ1,en,a,,,\nQ1,en,,1,b,2\n",
		`[{"id": "7", "input": "a\nb:", "options": ["(A)c", "d"]}]`,
		"\ufeffquestion;language;text\nQ1;zh;多\n", "[", `{"Q1": {"question": "` + "\xff",
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "book")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		book, err := ReadCodebook(context.Background(), path, "en")
		var bad *etl.ParseError
		if err != nil {
			if !errors.As(err, &bad) || bad.File != path {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		for _, l := range book.Labels {
			if q := byName()[l.Question]; q == nil || !q.Answers(l.Code) || l.Label == "" || l.Position < 0 {
				t.Fatalf("label %+v", l)
			}
		}
	})
}
