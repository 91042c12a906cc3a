// Package sparktest starts Spark servers for tests, and holds what comes from
// one against what DuckDB gives.
package sparktest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"alignctl/etl/spark"
	"alignctl/internal/disk/storetest"
)

// Variable names a Python that has pyspark; JarsVariable a folder with the jars
// by which Spark reads buckets.
const (
	Variable     = "ALIGNCTL_PYSPARK"
	JarsVariable = "ALIGNCTL_S3A_JARS"
)

// A Server is a Spark Connect server that the test started.
type Server struct {
	Remote  string // its address
	Process *os.Process
	Log     string // a file

	memory *gauge
}

// Start starts a server on this machine, such as local[2], with settings of
// Spark's beside those that keep it small. It ends with the test, which is
// skipped where there is no Spark.
func Start(t testing.TB, master string, settings ...string) *Server {
	t.Helper()
	python := os.Getenv(Variable)
	if python == "" {
		t.Skipf("set %s to a Python with pyspark to run the transforms on Spark, too (make test-spark)", Variable)
	}
	found, err := exec.Command(python, "-c", "import pyspark; print(pyspark.__path__[0])").Output()
	if err != nil {
		t.Fatalf("find Spark in %s: %v", python, err)
	}
	home, port := strings.TrimSpace(string(found)), freePort(t)
	args := []string{"--master", master, "--class", "org.apache.spark.sql.connect.service.SparkConnectServer"}
	for _, setting := range append([]string{"spark.ui.enabled=false", "spark.sql.shuffle.partitions=4",
		"spark.connect.grpc.binding.address=127.0.0.1", "spark.connect.grpc.binding.port=" + port}, settings...) {
		args = append(args, "--conf", setting)
	}
	dir := t.TempDir()
	s := &Server{Remote: "sc://127.0.0.1:" + port, Log: filepath.Join(dir, "spark.log")}
	log, err := os.Create(s.Log)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(filepath.Join(home, "bin", "spark-submit"), append(args, "spark-internal")...)
	// What the test's own bucket wants to see is not the server's to know.
	strange := func(variable string) bool { return strings.HasPrefix(variable, "AWS_") }
	command.Env = append(slices.DeleteFunc(os.Environ(), strange), "SPARK_HOME="+home, "SPARK_LOCAL_IP=127.0.0.1", "SPARK_WORKER_DIR="+dir, "SPARK_LOCAL_DIRS="+dir)
	command.Dir, command.Stdout, command.Stderr = dir, log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // executors are of its group
	if err := errors.Join(command.Start(), log.Close()); err != nil {
		t.Fatal(err)
	}
	s.Process, s.memory = command.Process, watch(command.Process.Pid)
	t.Cleanup(func() {
		close(s.memory.done)
		stop(command)
	})
	s.await(t)
	return s
}

// Buckets are the settings of a server that can read buckets, with those of the
// test's bucket. The test is skipped where there are no jars.
func Buckets(t testing.TB, from *storetest.Server) []string {
	t.Helper()
	jars, _ := filepath.Glob(filepath.Join(os.Getenv(JarsVariable), "*.jar"))
	if os.Getenv(JarsVariable) == "" || len(jars) == 0 {
		t.Skipf("set %s to a folder with the jars by which Spark reads buckets (make test-spark)", JarsVariable)
	}
	aws := from.Environment()
	return append(BucketSettings(storetest.Bucket, map[string]string{"endpoint": aws["AWS_ENDPOINT_URL"],
		"access.key": aws["AWS_ACCESS_KEY_ID"], "secret.key": aws["AWS_SECRET_ACCESS_KEY"]}), "spark.jars="+strings.Join(jars, ","))
}

// BucketSettings are settings of Hadoop's S3A about one bucket.
func BucketSettings(bucket string, values map[string]string) []string {
	settings := []string{"spark.hadoop.fs.s3a.bucket." + bucket + ".path.style.access=true"}
	for name, value := range values {
		settings = append(settings, "spark.hadoop.fs.s3a.bucket."+bucket+"."+name+"="+value)
	}
	return settings
}

// stop ends a server and its executors, which it tells to go when it has time to.
func stop(command *exec.Cmd) {
	_ = command.Process.Signal(syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
	}
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	<-ended
}

// freePort is a port that nobody listened on a moment ago.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}

// await waits until the server says that it listens.
func (s *Server) await(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if s.says("Spark Connect server started at") {
			return
		}
		if s.Process.Signal(syscall.Signal(0)) != nil {
			break
		}
	}
	log, _ := os.ReadFile(s.Log)
	t.Fatalf("start Spark: it doesn't listen\n%s", log)
}

func (s *Server) says(text string) bool {
	f, err := os.Open(s.Log)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.Contains(lines.Text(), text) {
			return true
		}
	}
	return false
}

// Engine is the server as an engine of loads, of a lake in a folder.
func (s *Server) Engine(t testing.TB) *spark.Server { return s.EngineFor(t, "") }

// EngineFor is the server as an engine of loads, for a lake's warehouse.
func (s *Server) EngineFor(t testing.TB, warehouse string) *spark.Server {
	t.Helper()
	found, err := spark.Find(context.Background(), s.Remote, warehouse)
	if err != nil {
		t.Fatal(fmt.Errorf("find the server that was started: %w", err))
	}
	return found
}
