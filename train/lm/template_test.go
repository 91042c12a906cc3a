package lm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Templates of the families, written for this test in their manner; what each
// renders is what transformers gives for the same template and conversation.
const (
	chatML = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}" +
		"{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}{% endif %}" +
		"{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}" +
		"{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
	headers = "{{- bos_token }}\n{%- for m in messages %}\n    {%- if m.role not in ['user', 'assistant', 'system'] %}\n" +
		"        {{- raise_exception('unknown role ' + m.role) }}\n    {%- endif %}\n" +
		"    {{- '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' + m.content | trim + '<|eot_id|>' }}\n{%- endfor %}\n" +
		"{%- if add_generation_prompt %}\n    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}\n{%- endif %}\n"
)

func templateFolder(t *testing.T, template any) string {
	t.Helper()
	folder := t.TempDir()
	text, err := json.Marshal(map[string]any{"bos_token": "<s>", "eos_token": map[string]string{"content": "</s>"},
		"chat_template": template})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "tokenizer_config.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestRender(t *testing.T) {
	user := []Message{{"user", " What is near? "}}
	turns := []Message{{"system", "Speak."}, {"user", "海"}, {"assistant", "水"}}
	tests := []struct {
		name, template string
		messages       []Message
		prompt         bool
		want           string
	}{
		{"default system", chatML, user, true,
			"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n What is near? <|im_end|>\n<|im_start|>assistant\n"},
		{"own system", chatML, turns, false,
			"<|im_start|>system\nSpeak.<|im_end|>\n<|im_start|>user\n海<|im_end|>\n<|im_start|>assistant\n水<|im_end|>\n"},
		{"trimmed, one beginning", headers, user, true,
			"<s><|start_header_id|>user<|end_header_id|>\n\nWhat is near?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
		{"methods of texts", "{% for m in messages %}{{ m.content.replace(' ', '_').lstrip('_').split('is')[-1] }}{% endfor %}", user, false,
			"_near?_"},
		{"range", "{% for i in range(1, 7, 2) %}{{ i }}{% endfor %}{% for i in range(2, 0, -1) %}{{ i }}{% endfor %}", user, false, "13521"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			template, err := LoadTemplate(templateFolder(t, test.template))
			if err != nil {
				t.Fatal(err)
			}
			got, err := template.Render(test.messages, test.prompt)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got\n%q, want\n%q", got, test.want)
			}
		})
	}
}

func TestNamedTemplates(t *testing.T) {
	template, err := LoadTemplate(templateFolder(t, []map[string]string{
		{"name": "tool_use", "template": "no"}, {"name": "default", "template": "yes"}}))
	if err != nil {
		t.Fatal(err)
	}
	if template.Text() != "yes" {
		t.Errorf("got template %q, want the default one", template.Text())
	}
}

func TestTemplateErrors(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		template any
		want     string
	}{
		{"none", nil, "has no chat template"},
		{"broken", "{% for m in %}", "chat template of"},
		{"refusing", headers, "unknown role narrator"},
		{"including a file", "{% include '" + secret + "' %}", "chat template of"},
		{"including itself", "{% include '/" + templateName + "' %}", "chat template of"},
		{"macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "chat template of"},
		{"dividing by zero", "{% for a in 0 % 0 %}{% endfor %}", "chat template of"},
		{"range without end", "{% for i in range(1000000000000) %}{% endfor %}", "conversation needs"},
		{"range of a power", "{% for i in range(10**12) %}x{% endfor %}", `"**" is not supported`},
		{"loops in loops", strings.Repeat("{% for i in range(9999) %}", 9) + strings.Repeat("{% endfor %}", 9), "conversation needs"},
		{"filtered loops", strings.Repeat("{% for i in range(9999) if i > 9000 %}", 9) + strings.Repeat("{% endfor %}", 9), "conversation needs"},
		{"text times", "{{ 'x' * 99999999999 }}", `"*" is not supported`},
		{"text doubling", "{% set ns = namespace(x='x') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "conversation needs"},
		{"text doubling in loops", strings.Repeat("{% for x in [x ~ x ~ 'x'] %}", 60) + strings.Repeat("{% endfor %}", 60), "conversation needs"},
		{"list in itself", "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", "conversation needs"},
		{"namespace in itself", "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}", "conversation needs"},
		{"namespace in a list in itself", "{% set ns = namespace() %}{% set ns.x = [ns, ns] %}{{ ns }}", "conversation needs"},
		{"list that is appended to", "{% set l = [] %}{{ l.append(l) }}{{ l }}", "chat template of"},
		{"replacing by much", "{% set a = 'aaaaaaaa'.replace('a', 'aaaaaaaa') %}" + strings.Repeat("{% set a = a.replace('a', a) %}", 5), "conversation needs"},
		{"wide indent", "{{ 'x' | indent(99999999999) }}", "conversation needs"},
		{"wide json", "{{ messages | tojson(indent=99999999999) }}", "conversation needs"},
		{"recursive loop", "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}", "recursive"},
		{"deep brackets", "{{ " + strings.Repeat("(", 60_000) + "1" + strings.Repeat(")", 60_000) + " }}", "nested too deeply"},
		{"deep negation", "{{ " + strings.Repeat("not ", 30_000) + "1 }}", "nested too deeply"},
		{"too long", strings.Repeat("x", 200_000), "no model needs"},
		{"list without default", []map[string]string{{"name": "rag", "template": "x"}}, "default"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			template, err := LoadTemplate(templateFolder(t, test.template))
			text := ""
			if err == nil {
				text, err = template.Render([]Message{{"narrator", "x"}}, false)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(text, "s3cret") {
				t.Errorf("got %q, error %v, want an error with %q", text, err, test.want)
			}
		})
	}
}

// A template comes from somewhere: whatever it says, there is a text or an error.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{chatML, headers, "{% for a in 0 % 0 %}{% endfor %}", "{{ messages[9].content }}", "{%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template := &Template{path: "fuzz", text: text}
		if err := template.compile(); err != nil {
			return
		}
		_, _ = template.Render([]Message{{"user", "x"}}, true)
	})
}
