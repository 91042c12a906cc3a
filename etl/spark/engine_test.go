package spark_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/etl/spark"
	"alignctl/etl/spark/connect"
	"alignctl/etl/spark/sparktest"
	"alignctl/lake"
)

func TestEngine(t *testing.T) {
	t.Setenv(connect.TokenVariable, "s3cret")
	server := sparktest.Start(t, "local[2]", "spark.connect.authenticate.token=s3cret")
	for name, test := range map[string]func(*testing.T, *etl.Job){
		"says what it rejects": rejects, "can't see a file": unseen, "many rows travel": manyTravel, "stops": stops,
		"drops": drops, "writes in order": writes, "reads a table": reads,
	} {
		t.Run(name, func(t *testing.T) { test(t, etltest.NewJob(t, etltest.NewLake(t), server.Engine(t))) })
	}
	t.Run("reads files of every shape", func(t *testing.T) { evolved(t, server.Engine(t)) })
	for token, want := range map[string]string{"": "the server asks for a token", "wrong": "the server refuses the token"} {
		t.Setenv(connect.TokenVariable, token)
		if _, err := spark.Find(t.Context(), server.Remote, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("token %q: %v", token, err)
		}
	}
	t.Setenv(connect.TokenVariable, "s3cret")
	t.Run("is killed", func(t *testing.T) { killed(t, etltest.NewJob(t, etltest.NewLake(t), server.Engine(t)), server) })
}

// killed kills the server under a query.
func killed(t *testing.T, j *etl.Job, server *sparktest.Server) {
	time.AfterFunc(time.Second, func() { _ = server.Process.Kill() })
	err := j.Engine.Make(t.Context(), "t", "select count(*) as n from range(1000000000000) where id % 7 = 3")
	if err == nil || !strings.Contains(err.Error(), "lost the connection to Spark at "+server.Remote) {
		t.Errorf("got %v", err)
	}
}

// number gives the only value of a query.
func number(t *testing.T, e etl.Engine, query string) (n int64) {
	t.Helper()
	for rows, err := range e.Rows(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		n = rows.Column(0).(*array.Int64).Value(0)
	}
	return n
}

func rejects(t *testing.T, j *etl.Job) {
	for query, want := range map[string]string{
		"select 1 as a,\n  nope + 1 as b": "[UNRESOLVED_COLUMN",
		"select 1 as a,\n  2 3 as b":      "[PARSE_SYNTAX_ERROR]",
		"select 1 as a,\n  1 / 0 as b":    "[DIVIDE_BY_ZERO]",
	} {
		err := j.Engine.Make(t.Context(), "t", query)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", query, err)
		}
		if want != "[DIVIDE_BY_ZERO]" && !strings.Contains(err.Error(), "line 2: ") {
			t.Errorf("%s: no line: %v", query, err)
		}
	}
	_, err := j.Engine.Write(t.Context(), words(), "", "select 'a' as word,\n  nope as n, null as share")
	if err == nil || !strings.Contains(err.Error(), "write raw.word: Spark: [UNRESOLVED_COLUMN") || !strings.HasSuffix(err.Error(), "line 2: nope as n, null as share") {
		t.Errorf("got %v", err)
	}
}

func words() lake.Spec {
	return lake.Spec{Name: "raw.word", Doc: "Words.", Key: []string{"word"}, Columns: []lake.Column{
		etl.TextColumn("word", "a word"), etl.LongColumn("n", "count", "times"), etl.Optional(etl.DoubleColumn("share", "1", "share"))}}
}

const threeWords = "select word, n, share from (values ('ς', 3, 0.5e0), ('a''b', 1, null), ('😀', 2, 1e0)) as t(word, n, share)"

func unseen(t *testing.T, j *etl.Job) {
	if _, err := j.Run.Write(t.Context(), words(), "", threeWords); err != nil {
		t.Fatal(err)
	}
	files, err := j.Run.Files(t.Context(), "raw.word")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(files.Paths[0], files.Paths[0]+".away"); err != nil {
		t.Fatal(err)
	}
	err = j.Engine.View(t.Context(), etl.View{Name: "w", Table: "raw.word", Where: "true"})
	if err == nil || !strings.Contains(err.Error(), "under the same path") {
		t.Errorf("got %v", err)
	}
	if err := os.Rename(files.Paths[0]+".away", files.Paths[0]); err != nil {
		t.Fatal(err)
	}
}

func manyTravel(t *testing.T, j *etl.Job) {
	ctx := t.Context()
	if err := j.Run.Session().Exec(ctx, "create temp table many as select 'word number ' || i as word, i from range(600000) t(i)"); err != nil {
		t.Fatal(err)
	}
	if err := j.Engine.Share(ctx, "many"); err != nil {
		t.Fatal(err)
	}
	if n := number(t, j.Engine, "select sum(i) from many where word = 'word number ' || i"); n != 600000*599999/2 {
		t.Errorf("got %d", n)
	}
}

// stops ends queries that would take long, by their context and by their
// reader: what is asked next is answered.
func stops(t *testing.T, j *etl.Job) {
	const long = "select id from range(0, 1000000000, 1, 2000)"
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var last error
	for _, err := range j.Engine.Rows(ctx, long) {
		stop()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("got %v", last)
	}
	for range j.Engine.Rows(t.Context(), long) {
		break
	}
	if n := number(t, j.Engine, "select count(*) from range(10)"); n != 10 {
		t.Errorf("got %d", n)
	}
}

func drops(t *testing.T, j *etl.Job) {
	ctx := t.Context()
	for _, query := range []string{"select 1 as n", "select 2 as n"} {
		if err := j.Engine.Make(ctx, "t", query); err != nil {
			t.Fatal(err)
		}
	}
	if n := number(t, j.Engine, "select cast(n as bigint) from t"); n != 2 {
		t.Errorf("made again: %d", n)
	}
	if err := j.Engine.Drop(ctx, "t", "never_made"); err != nil {
		t.Fatal(err)
	}
	for _, err := range j.Engine.Rows(ctx, "select * from t") {
		if err == nil {
			t.Error("t is still there")
		}
	}
}

// writes holds a table that Spark writes against the one that DuckDB does.
func writes(t *testing.T, j *etl.Job) {
	ctx := t.Context()
	if _, err := j.Engine.Write(ctx, words(), "", threeWords); err != nil {
		t.Fatal(err)
	}
	here, err := j.Run.Write(ctx, words(), "", threeWords)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Engine.Write(ctx, words(), "", threeWords); err != nil {
		t.Fatal(err)
	}
	there, err := j.Run.Input(ctx, "raw.word")
	if err != nil || here.Digest != there.Digest || here.Rows != 3 {
		t.Errorf("DuckDB %v, Spark %v: %v", here, there, err)
	}
	if _, err := j.Engine.Write(ctx, words(), "", "select word, n from ("+threeWords+")"); err == nil || !strings.Contains(err.Error(), "share") {
		t.Errorf("a column that isn't there: %v", err)
	}
	if _, err := j.Engine.Write(ctx, words(), "", "select 'a' as word, n, share from ("+threeWords+")"); err == nil || !strings.Contains(err.Error(), "two rows have the key") {
		t.Errorf("one key twice: %v", err)
	}
}

// reads reads a table that has rows, and one that has none.
func reads(t *testing.T, j *etl.Job) {
	ctx := t.Context()
	if _, err := j.Run.Write(ctx, words(), "", threeWords); err != nil {
		t.Fatal(err)
	}
	if err := j.Engine.View(ctx, etl.View{Name: "w", Table: "raw.word", Columns: "*, n * 2 as twice", Where: "word <> 'a''b'"}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, j.Engine, "select sum(twice) from w"); n != 10 {
		t.Errorf("got %d", n)
	}
	if _, err := j.Run.Write(ctx, words(), "", threeWords+" limit 0"); err != nil {
		t.Fatal(err)
	}
	if err := j.Engine.View(ctx, etl.View{Name: "w", Table: "raw.word", Where: "true"}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, j.Engine, "select count(*) from w"); n != 0 {
		t.Errorf("got %d", n)
	}
}

// evolved reads a table to which a column came between two of its files.
func evolved(t *testing.T, server *spark.Server) {
	ctx, l := t.Context(), etltest.NewLake(t)
	old := lake.Spec{Name: "raw.scoped", Doc: "Words.", Key: []string{"source", "word"}, Scope: "source",
		Columns: []lake.Column{etl.TextColumn("source", "source"), etl.TextColumn("word", "a word"), etl.IntColumn("n", "count", "times")}}
	run, err := l.Begin(ctx, lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Write(ctx, old, "a", "select 'a' as source, 'tea' as word, 3::int as n"); err != nil {
		t.Fatal(err)
	}
	_, err = run.Publish(ctx, lake.Done)
	if err := errors.Join(err, run.Close()); err != nil {
		t.Fatal(err)
	}
	wider := old
	wider.Columns = append(slices.Clone(old.Columns[:2]), etl.LongColumn("n", "count", "times"),
		etl.Optional(etl.TextColumn("note", "a note")))
	j := etltest.NewJob(t, l, server)
	if _, err := j.Run.Write(ctx, wider, "b", "select 'b' as source, 'cup' as word, 4::bigint as n, 'new' as note"); err != nil {
		t.Fatal(err)
	}
	if err := j.Engine.View(ctx, etl.View{Name: "w", Table: "raw.scoped", Where: "true"}); err != nil {
		t.Fatal(err)
	}
	sparktest.Compare(t, j.Run.Session(), j.Engine, "evolved", "select source, word, n, note from w", 2)
}
