package nearest

import "testing"

func TestHint(t *testing.T) {
	known := []string{"data.sft_ranked", "data.pairs"}
	for name, want := range map[string]string{
		"data.sft_rankd": "; did you mean \"data.sft_ranked\"?",
		"strength":       "; there are data.sft_ranked, data.pairs",
	} {
		if got := Hint(name, known); got != want {
			t.Errorf("Hint(%q) = %q, want %q", name, got, want)
		}
	}
	if got := Hint("x", nil); got != "" {
		t.Errorf("Hint without names = %q", got)
	}
}
