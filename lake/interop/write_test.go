package interop

import (
	"errors"
	"strings"
	"testing"
	"time"

	"alignctl/lake"
)

// A writer is how one engine makes the changes that alignctl must see.
type writer struct {
	*engine
	// append adds rows in no order to data.example (id 20, 11 and 10) and to
	// core.word (fr: eau, and en: moon and sun, whose key is there already).
	append func(t *testing.T)
	// replace makes core.word's zh hold 山 alone, and update sets n to 8 where
	// the word is sun; remove deletes what has an id above 10.
	replace, update, remove func(t *testing.T)
}

func pyIcebergWrites(t *testing.T, e *engine) {
	example := func(id int, message any) args {
		return args{"id": id, "at": "2026-11-25T01:02:03.000004", "ok": true, "size": 5, "messages": message, "scores": []any{"nan", nil}}
	}
	row := func(language, word string, n, share any) args {
		return args{"language": language, "word": word, "n": n, "share": share}
	}
	enginesWrite(t, writer{engine: e,
		append: func(t *testing.T) {
			do(t, e, "append", args{"table": "data.example", "rows": []args{
				example(20, []args{{"role": "user", "content": "你好"}}), example(11, []args{}), example(10, []args{{"role": nil, "content": nil}})}})
			do(t, e, "append", args{"table": "core.word", "rows": []args{
				row("fr", "eau", 1, "nan"), row("en", "sun", nil, nil), row("en", "moon", 2, 0.5)}})
		},
		replace: func(t *testing.T) {
			do(t, e, "overwrite", args{"table": "core.word", "where": "language = 'zh'", "rows": []args{row("zh", "山", 1, 1)}})
		},
		update: func(t *testing.T) {
			do(t, e, "overwrite", args{"table": "core.word", "where": "word = 'sun'", "rows": []args{row("en", "sun", 8, 0.1)}})
		},
		remove: func(t *testing.T) { do(t, e, "delete", args{"table": "data.example", "where": "id > 10"}) },
	})
}

func sparkWrites(t *testing.T, e *engine) {
	sql := func(t *testing.T, statement string) {
		t.Helper()
		do(t, e, "query", args{"sql": statement})
	}
	const at = "timestamp_ntz '2026-11-25 01:02:03.000004', true, 5"
	enginesWrite(t, writer{engine: e,
		append: func(t *testing.T) {
			sql(t, `insert into align.data.example values
				(20, `+at+`, array(named_struct('role', 'user', 'content', '你好')), array(double('nan'), null)),
				(11, `+at+`, array(), array(double('nan'), null)),
				(10, `+at+`, array(named_struct('role', null, 'content', null)), array(double('nan'), null))`)
			sql(t, `insert into align.core.word values ('fr', 'eau', 1, double('nan')), ('en', 'sun', null, null), ('en', 'moon', 2, 0.5D)`)
		},
		replace: func(t *testing.T) {
			sql(t, "delete from align.core.word where language = 'zh'")
			sql(t, "insert into align.core.word values ('zh', '山', 1, 1D)")
		},
		update: func(t *testing.T) {
			sql(t, `merge into align.core.word t using (select 'en' as language, 'sun' as word, 8L as n, 0.1D as share) s
				on t.language = s.language and t.word = s.word
				when matched and t.n is not null then update set * when matched then delete when not matched then insert *`)
		},
		remove: func(t *testing.T) { sql(t, "delete from align.data.example where id > 10") },
	})
}

// enginesWrite sees that alignctl reads what another engine wrote, refuses to
// overwrite it unseen, and goes on from it: a run on another scope keeps it, its
// digest is the one of the same rows written by alignctl, and a run on its scope
// replaces it.
func enginesWrite(t *testing.T, w writer) {
	l := history(t)
	do(t, w.engine, "open", args{"lake": l.Dir()})
	before := rowsAt(t, l, "core.word", "")
	pin, err := l.Pin(t.Context(), "core.word", "")
	if err != nil {
		t.Fatal(err)
	}
	late := staleRun(t, l)

	w.append(t)
	w.seen(t, l, "data.example", 10)
	w.seen(t, l, "core.word", 8)
	if got := rowsAt(t, l, "core.word", snapshot(pin)); strings.Join(got, "") != strings.Join(before, "") {
		t.Errorf("the snapshot before %s's now has the rows %v", w.name, got)
	}
	if _, err := late.Publish(t.Context(), lake.Done); !errors.Is(err, lake.ErrConflict) {
		t.Errorf("a run on a scope that %s changed meanwhile: %v", w.name, err)
	}
	goesOn(t, l)

	w.replace(t)
	w.update(t)
	w.remove(t)
	w.seen(t, l, "core.word", 5)
	w.seen(t, l, "data.example", 8)
	p := publish(t, l, write{spec: word, scope: "en", query: english}, write{spec: example, query: examples(2)})
	w.seen(t, l, "core.word", 6)
	w.seen(t, l, "data.example", 2)
	keepsFiles(t, l)
	w.seen(t, l, "core.word", 6)
	w.seen(t, l, "data.example", 2)
	sameDigest(t, p, "core.word", write{spec: word, scope: "en", query: english},
		write{spec: word, scope: "fr", query: "select 'fr' as language, 'eau' as word, 1 as n, 'nan'::double as share"},
		write{spec: word, scope: "zh", query: "select 'zh' as language, '山' as word, 1 as n, 1.0::double as share"})
}

// seen sees that alignctl and the engine read the same rows of a table, and how
// many, and that the lake is whole.
func (w writer) seen(t *testing.T, l *lake.Lake, table string, rows int) {
	t.Helper()
	w.sameRows(t, l, table, "", nil)
	if got := rowsAt(t, l, table, ""); len(got) != rows {
		t.Errorf("%s: %d rows, want %d: %v", table, len(got), rows, got)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("check after a commit of %s: %v", w.name, err)
	}
}

// keepsFiles lets gc remove old snapshots and whatever nothing points at.
func keepsFiles(t *testing.T, l *lake.Lake) {
	t.Helper()
	report, err := l.GC(t.Context(), lake.GCOptions{OlderThan: time.Nanosecond, Delete: true,
		Run: lake.RunInfo{Command: "gc", Version: "test"}})
	if err != nil || len(report.Expired) == 0 {
		t.Errorf("gc expired %v, %v", report.Expired, err)
	}
}

// staleRun is a run that has staged core.word's en and not published it.
func staleRun(t *testing.T, l *lake.Lake) *lake.Run {
	t.Helper()
	r, err := l.Begin(t.Context(), lake.RunInfo{Command: "stale", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if _, err := r.Write(t.Context(), word, "en", english); err != nil {
		t.Fatal(err)
	}
	return r
}

// goesOn publishes to another scope of core.word after a foreign append, and
// compares the digest with that of a lake where nobody but alignctl wrote.
func goesOn(t *testing.T, l *lake.Lake) {
	t.Helper()
	const german = "select 'de' as language, 'See' as word, 1 as n, 0.5::double as share"
	p := publish(t, l, write{spec: word, scope: "de", query: german})
	if len(p.Outputs) != 1 || p.Outputs[0].Rows != 9 {
		t.Errorf("published %+v, want core.word with 9 rows", p)
	}
	publish(t, l, write{spec: word, scope: "de", query: german + " limit 0"})
}

// sameDigest compares the digest of a published table with that of the same
// rows written by alignctl alone.
func sameDigest(t *testing.T, p lake.Published, table string, writes ...write) {
	t.Helper()
	alone := publish(t, newLake(t), writes...)
	for _, pin := range p.Outputs {
		if pin.Table == table && pin.Digest != alone.Outputs[0].Digest {
			t.Errorf("%s has the digest %s, the same rows written by alignctl alone %s", table, pin.Digest, alone.Outputs[0].Digest)
		}
	}
}

// rowsAreAddedToForeignOnes: a training run goes on adding steps to its scope after PyIceberg appended
// some there, in no order.
func rowsAreAddedToForeignOnes(t *testing.T, e *engine) {
	l := newLake(t)
	publish(t, l, write{steps: batch(0, 3)})
	do(t, e, "open", args{"lake": l.Dir()})
	row := func(step int) args {
		return args{"run_id": "r1", "step": step, "at": "2026-11-25T00:00:00", "parts": []args{{"name": "p", "values": []any{1.5, "nan"}}}}
	}
	do(t, e, "append", args{"table": "train.step", "rows": []args{row(20), row(10), row(30)}})
	publish(t, l, write{steps: batch(3, 6)})
	e.sameRows(t, l, "train.step", "", nil)
	p := publish(t, l, write{steps: batch(40, 42)})
	e.sameRows(t, l, "train.step", "", nil)
	if p.Outputs[0].Rows != 11 {
		t.Errorf("published %+v, want 11 rows", p.Outputs)
	}
}
