package lake

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// phases is after how many publishes a lake that publishForEver works on holds
// the same again.
const phases = 4

// collectEach is after how many publishes publishForEver lets old snapshots go.
const collectEach = 3

// publishForEver publishes one state after the other, and says so each time;
// now and then it collects what is old.
func publishForEver(ctx context.Context, dir string) error {
	l, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println("ready")
	for {
		number, err := publishNext(ctx, l)
		if err != nil {
			return err
		}
		fmt.Println(number)
		if number%collectEach != 0 {
			continue
		}
		if _, err := l.GC(ctx, GCOptions{Delete: true}); err != nil {
			return err
		}
	}
}

// publishNext publishes the state that follows the last one, and gives the
// number of its publish.
func publishNext(ctx context.Context, l *Lake) (number int64, err error) {
	last, err := lastNumber(ctx, l)
	if err != nil {
		return 0, err
	}
	r, err := l.Begin(ctx, RunInfo{Command: "loop", Options: SessionOptions{Threads: 1}})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	phase := int((last + 1) % phases)
	if _, err := r.Write(ctx, wordSpec(), "en", words("en", phase+1)); err != nil {
		return 0, err
	}
	if _, err := r.Write(ctx, exampleSpec(), "", exampleQuery+fmt.Sprintf(" where i <> %d", phase)); err != nil {
		return 0, err
	}
	if _, err := ReplaceRows(ctx, r, stepSpec(), "a", steps(0, int64(phase)+1)); err != nil {
		return 0, err
	}
	_, err = r.Publish(ctx, Done)
	return last + 1, err
}

func lastNumber(ctx context.Context, l *Lake) (int64, error) {
	now, err := l.version(ctx)
	if err != nil {
		return 0, err
	}
	last, err := lastPublish(ctx, now)
	return last.number, err
}

// Properties of a process that publishes and collects in a loop and is killed at
// any time, again and again on the same lake:
//   - the lake is as one publish left it, all tables together: the one that the
//     process reported last, or the one after it;
//   - every byte and every digest is right, whatever files were left behind;
//   - the next process goes on from there and gives the digests of a lake on
//     which nothing was killed.
func TestKilledAnyTime(t *testing.T) {
	want := phaseDigests(t)
	l := newLake(t)
	s := seed(t)
	random := rand.New(rand.NewPCG(s, 0))
	kills, acknowledged, longest := times(10, 200), int64(0), 600*time.Millisecond
	if sharing() || remote() { // where a publish takes longer
		longest = 3 * time.Second
	}
	for i := range kills {
		delay := time.Duration(random.Int64N(int64(longest)))
		reported := killAfter(t, l.Dir(), delay)
		acknowledged = max(acknowledged, reported)
		number, got := settled(t, l)
		what := fmt.Sprintf("kill %d (seed %d) after %v", i, s, delay)
		if number < acknowledged || reported > 0 && number > reported+1 {
			t.Errorf("%s: the lake is at publish %d, the process reported %d", what, number, acknowledged)
		}
		if got != want[number%phases] && number > 0 {
			t.Errorf("%s: publish %d holds\n%swant\n%s", what, number, got, want[number%phases])
		}
		expectWhole(t, l, what)
		acknowledged = number
	}
	report(t, "%d processes killed at random times (seed %d) during %d publishes", kills, s, acknowledged)
}

// settled gives the number of the last publish, and what it left. A database
// server may end the transaction of a process that is dead only after a while.
func settled(t *testing.T, l *Lake) (number int64, state string) {
	t.Helper()
	for {
		before, err := lastNumber(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		state = digests(t, l)
		if number, err = lastNumber(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if number == before {
			return number, state
		}
	}
}

// phaseDigests are the digests of the phases, of a lake on which nothing is
// killed.
func phaseDigests(t *testing.T) (want [phases]string) {
	t.Helper()
	l := newLake(t)
	for range phases {
		number, err := publishNext(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		want[number%phases] = digests(t, l)
	}
	return want
}

// killAfter lets a process publish for a while, kills it, and gives the number
// of the last publish that it reported.
func killAfter(t *testing.T, dir string, delay time.Duration) (reported int64) {
	t.Helper()
	process := child(t, "loop", dir)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	process.Stderr = &complaints
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	lines.Scan() // ready
	time.AfterFunc(delay, func() { _ = process.Process.Kill() })
	for lines.Scan() {
		if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil { // the last line may be torn
			reported = n
		}
	}
	_ = process.Wait() // killed
	if complaints.Len() > 0 {
		t.Errorf("the process that was to be killed says: %s", complaints.String())
	}
	return reported
}
