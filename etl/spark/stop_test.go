package spark_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"alignctl/etl/etltest"
	"alignctl/etl/spark/sparktest"
)

// TestEngineStopsInPlanning stops a query of many stages, each of them hours
// long, at moments before and after they begin: none is left.
func TestEngineStopsInPlanning(t *testing.T) {
	if os.Getenv("ALIGNCTL_LONG") == "" {
		t.Skip("ALIGNCTL_LONG isn't set")
	}
	ui := freeAddress(t)
	_, port, _ := net.SplitHostPort(ui)
	server := sparktest.Start(t, "local[2]", "spark.ui.enabled=true", "spark.ui.port="+port)
	j := etltest.NewJob(t, etltest.NewLake(t), server.Engine(t))
	number(t, j.Engine, "select count(*) from range(1000) a join range(1000) b on a.id = b.id") // Java is slow at first
	var parts []string
	for i := range 3 {
		parts = append(parts, fmt.Sprintf("select a.id %% %d as k, count(*) as n from range(0, 40000000000, 1, 4) a "+
			"join (select id %% %[1]d as id from range(0, 4000000000, 1, 4)) b on a.id %% 1000003 = b.id group by 1", 1000+i))
	}
	long := "select k, sum(n) as n from (" + strings.Join(parts, " union all ") + ") group by k"
	for _, after := range []time.Duration{0, 200, 500, 1000, 2000, 4000} {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(after*time.Millisecond, stop)
		began := time.Now()
		if err := j.Engine.Make(ctx, "t", long); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d ms: %v", after, err)
		}
		took := time.Since(began)
		time.Sleep(2 * time.Second)
		if n := activeStages(t, ui); n != 0 && took > 15*time.Second {
			t.Skipf("Spark planned for more than 15 s here: %d stages are left", n)
		} else if n != 0 {
			t.Fatalf("stopped after %d ms, over after %s: %d stages are left", after, took, n)
		}
		t.Logf("stopped after %d ms, over after %s", after, took)
	}
}

// freeAddress is one on this machine where nobody listened a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// activeStages asks Spark's own page what it works on.
func activeStages(t *testing.T, ui string) int {
	t.Helper()
	ask := func(path string, into any) {
		answer, err := http.Get("http://" + ui + "/api/v1/applications" + path)
		if err == nil {
			err = errors.Join(json.NewDecoder(answer.Body).Decode(into), answer.Body.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var running []struct{ ID string }
	ask("", &running)
	var stages []struct{ StageID int }
	ask("/"+running[0].ID+"/stages?status=active", &stages)
	return len(stages)
}
