package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alignctl/demo"
	"alignctl/eval/endpointtest"
)

// TestGuides does what each guide says, in its order, in an empty folder: writes
// the files that it shows and runs the commands of its blocks of language sh. A
// block without a language is for machines that a test doesn't have.
func TestGuides(t *testing.T) {
	for name, prepare := range map[string]func(*shell){
		"elsewhere":    standInTrainer,
		"first-figure": ownFilesToo,
		"gpu":          nil,
		"own-language": nil,
		"own-view":     nil,
		"prove":        nil,
		"query":        nil,
		"server":       standInServer,
		"study":        standInFiles,
		"team":         standInTeam,
	} {
		t.Run(name, func(t *testing.T) { follow(t, name, prepare) })
	}
}

// follow does what a guide says, in a folder of its own that prepare may fill.
func follow(t *testing.T, name string, prepare func(*shell)) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "docs", "guides", name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("ALIGNCTL_LAKE", "") // a developer's own lake isn't the guide's
	shell := &shell{t: t, names: map[string]string{}}
	if prepare != nil {
		prepare(shell)
	}
	began := time.Now()
	shell.walk(string(text))
	t.Logf("guide %s: %d commands, %.0f s", name, shell.commands, time.Since(began).Seconds())
	if shell.commands < 5 {
		t.Errorf("the guide shows only %d commands", shell.commands)
	}
}

// walk goes through the blocks of a guide.
func (s *shell) walk(text string) {
	s.t.Helper()
	blocks := fencedBlocks(text)
	for i, b := range blocks {
		switch b.language {
		case "python", "r":
			s.program(b, blocks[i+1].body)
		case "sh":
			for line := range strings.Lines(b.body) {
				s.line(strings.TrimSpace(line))
			}
		case "yaml", "csv", "sql":
			b.body = s.named(b.body)
			writeShown(s.t, b)
		}
	}
}

// line runs a line of a guide.
func (s *shell) line(line string) {
	s.t.Helper()
	switch command, argument, _ := strings.Cut(line, " "); command {
	case "cd":
		s.t.Chdir(argument)
	case "mkdir":
		if err := os.Mkdir(argument, 0o755); err != nil {
			s.t.Fatal(err)
		}
	case "job/run.sh":
		s.elsewhere(strings.Fields(argument)...)
	default:
		line, file, redirected := strings.Cut(line, " > ")
		if out := s.run(line); redirected {
			s.write(file, []byte(out))
		}
	}
}

// interpreters run blocks of a language, by the variable or else the program that
// names one.
var interpreters = map[string]struct{ variable, program, flag string }{
	"python": {"ALIGNCTL_PYICEBERG", "", "-c"}, // with polars, duckdb and PyIceberg: make test-interop
	"r":      {"", "Rscript", "-e"},
}

// program runs a block in another language, which prints what the guide shows.
func (s *shell) program(b fencedBlock, want string) {
	s.t.Helper()
	with := interpreters[b.language]
	path := os.Getenv(with.variable)
	if with.program != "" {
		path, _ = exec.LookPath(with.program)
	}
	if path == "" {
		s.t.Logf("left out a block of %s: neither $%s nor the program %q is there", b.language, with.variable, with.program)
		return
	}
	command := exec.Command(path, with.flag, b.body)
	var log strings.Builder
	command.Stderr = &log
	got, err := command.Output()
	if err != nil {
		s.t.Fatalf("%v\n%s\n%s", err, b.body, log.String())
	}
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(string(got))); diff != "" {
		s.t.Errorf("the guide (-) and the run (+) differ: %s\n%s", diff, b.body)
	}
}

// ownFilesToo has the demo's corpus and model stand in for the user's, which train
// for two steps.
func ownFilesToo(s *shell) {
	here, err := os.Getwd()
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("SWOW-EN.R100.csv", demo.Files()[0].Data)
	s.names["../SmolLM2-135M-Instruct"] = filepath.Join(here, "first-figure", "models", "base")
	s.names["--preset small"] = "--preset small --max-steps 2 --eval-examples 4 --backend go"
}

// standInTrainer takes the guide's job to the trainer of $ALIGNCTL_TRL, or has
// alignctl train it in its place.
func standInTrainer(s *shell) {
	s.elsewhere = func(settings ...string) {
		s.t.Helper()
		python, there := os.LookupEnv("ALIGNCTL_TRL")
		if !there {
			s.run("alignctl train sft --model models/base --data data.sft_ranked --preset study --precision f32 --max-steps 4 --backend go --out here")
			if err := os.CopyFS("job/result", os.DirFS("here")); err != nil {
				s.t.Fatal(err)
			}
			s.write("job/result/trainer_state.json", []byte(`{"global_step": 4, "log_history": [
				{"step": 1, "loss": 6.5}, {"step": 2, "loss": 6.25}, {"step": 2, "eval_loss": 6.5}, {"step": 4, "loss": 6}]}`))
			return
		}
		command := exec.Command("job/run.sh", settings...)
		command.Env = append(os.Environ(), "PYTHON="+python, "HF_HUB_OFFLINE=1", "HF_HOME="+s.t.TempDir())
		if log, err := command.CombinedOutput(); err != nil {
			s.t.Fatalf("%v\n%s", err, log)
		}
	}
}

// standInServer has the tests' server answer in the place of a large one.
func standInServer(s *shell) {
	server := endpointtest.New()
	s.t.Cleanup(server.Close)
	s.names["http://localhost:8000/v1"] = server.URL + "/ok/v1"
	s.names["llama-70b"] = endpointtest.Model
}

// standInFiles puts the demo's corpus where the licensed files belong.
func standInFiles(s *shell) {
	names := map[string]string{
		"DEMO-EN.R100.csv": "SWOW-EN.R100.csv", "DEMO-ZH.R100.csv": "SWOW-ZH.R55.csv", "DEMO-EN.affect.csv": "warriner.csv",
		"DEMO-EN.concreteness.txt": "brysbaert.txt", "DEMO-ZH.affect.csv": "xu-affect.csv",
		"DEMO-ZH.concreteness.csv": "xu-concreteness.csv", "DEMO-WVS.XNL.csv": "WVS-USA.csv", "DEMO-WVS.XSL.csv": "WVS-CHN.csv",
		"DEMO-WVS.codebook.csv": "codebook.csv",
	}
	for _, f := range demo.Files() {
		s.write(filepath.Join("raw", names[f.Name]), f.Data)
	}
}

func (s *shell) write(path string, content []byte) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// A fencedBlock is a block of code in Markdown, and the text before it.
type fencedBlock struct{ before, language, body string }

func fencedBlocks(markdown string) (blocks []fencedBlock) {
	parts := strings.Split(markdown, "```")
	for i := 1; i < len(parts); i += 2 {
		language, body, _ := strings.Cut(parts[i], "\n")
		blocks = append(blocks, fencedBlock{before: parts[i-1], language: language, body: body})
	}
	return blocks
}

// writeShown writes a block to the file that the text before it names last.
func writeShown(t *testing.T, b fencedBlock) {
	t.Helper()
	names := strings.Split(b.before, "`")
	if len(names) < 3 {
		t.Fatalf("no file is named before\n%s", b.body)
	}
	name := names[len(names)-2]
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(b.body), 0o644); err != nil {
		t.Fatal(err)
	}
}
