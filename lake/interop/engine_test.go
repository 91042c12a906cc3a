package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// An engine is another program that reads and writes Iceberg, asked through
// its Python script.
type engine struct {
	name    string
	in      io.Writer
	out     *bufio.Reader
	process *exec.Cmd
	log     *bytes.Buffer // stderr
}

// pyIceberg starts PyIceberg, or skips the test where there is none.
func pyIceberg(t *testing.T) *engine {
	t.Helper()
	python := os.Getenv("ALIGNCTL_PYICEBERG")
	if python == "" {
		t.Skip("ALIGNCTL_PYICEBERG names no Python that has PyIceberg; run: make test-interop")
	}
	return start(t, "PyIceberg", python, "pyiceberg_engine.py")
}

// spark starts Spark, or skips the test where there is none.
func spark(t *testing.T, master string) *engine {
	t.Helper()
	python := os.Getenv("ALIGNCTL_PYSPARK")
	if python == "" || os.Getenv("ALIGNCTL_SPARK_JARS") == "" {
		t.Skip("ALIGNCTL_PYSPARK and ALIGNCTL_SPARK_JARS name no Spark; run: make test-interop")
	}
	return start(t, "Spark", python, "spark_engine.py", master)
}

// start runs an engine until the test ends.
func start(t *testing.T, name, python string, args ...string) *engine {
	t.Helper()
	e := &engine{name: name, process: exec.Command(python, args...), log: &bytes.Buffer{}}
	in, err := e.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	e.in, e.out, e.process.Stderr = in, bufio.NewReader(out), e.log
	if err := e.process.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() {
		in.Close() // its loop ends
		if err := e.process.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, e.tail())
		}
	})
	return e
}

type args map[string]any

// ask runs a verb of the engine's script and decodes its answer into T.
func ask[T any](t *testing.T, e *engine, verb string, a args) T {
	t.Helper()
	answer, err := try[T](e, verb, a)
	if err != nil {
		t.Fatalf("%s: %v\n%s", e.name, err, e.tail())
	}
	return answer
}

// do is ask for a verb whose answer doesn't matter.
func do(t *testing.T, e *engine, verb string, a args) {
	t.Helper()
	ask[any](t, e, verb, a)
}

// try is ask where the engine may refuse.
func try[T any](e *engine, verb string, a args) (result T, err error) {
	if a == nil {
		a = args{}
	}
	if err := json.NewEncoder(e.in).Encode(args{"verb": verb, "args": a}); err != nil {
		return result, fmt.Errorf("%s %v: %w", verb, a, err)
	}
	line, err := e.out.ReadBytes('\n')
	if err != nil {
		return result, fmt.Errorf("%s %v: it ended: %w", verb, a, err)
	}
	answer := struct {
		OK    json.RawMessage
		Error string
	}{}
	if err := json.Unmarshal(line, &answer); err != nil {
		return result, fmt.Errorf("%s %v: answer %q: %w", verb, a, line, err)
	}
	if answer.Error != "" {
		return result, fmt.Errorf("%s %v: %w", verb, a, errors.New(answer.Error))
	}
	return result, json.Unmarshal(answer.OK, &result)
}

// tail is the end of what the engine logged.
func (e *engine) tail() string {
	lines := strings.Split(e.log.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// rows asks for a table's rows, each as canonical JSON, sorted. Version is nil,
// or args with a snapshot or a tag.
func (e *engine) rows(t *testing.T, table string, version args) []string {
	t.Helper()
	a := args{"table": table}
	for name, value := range version {
		a[name] = value
	}
	rows := ask[[]json.RawMessage](t, e, "read", a)
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = canonical(t, row)
	}
	slices.Sort(lines)
	return lines
}

// canonical is a JSON value with sorted names and no spaces, numbers as they
// stand.
func canonical(t *testing.T, value []byte) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(decoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
