# alignctl needs Go 1.26, gcc and make; nothing else.
#
#   make demo      the whole chain on the embedded demo corpus, in ./demo-lake
#   make test      gofmt, vet, staticcheck, import rules, all tests
#   make test-long all tests anew (with ALIGNCTL_PYTHON: peft as a peer), races, fuzzing,
#                  test-interop, test-spark, test-shared, test-exports, test-server and test-browser
#   make test-reliability  kills, faults, power cuts and mutants at full length
#   make test-interop   PyIceberg and Spark read and write the lake, polars and DuckDB read it; brings them (needs
#                  Python 3, Java 17, Maven)
#   make test-spark  transforms on Spark give the rows, and etl run the digests, that they do on DuckDB, from a folder
#                  and from a bucket; brings it (needs Python 3, Java 17, Maven; ALIGNCTL_LONG: with five million
#                  records, and stopped while Spark plans, too)
#   make test-shared  the lake's tests on a shared lake: catalog in PostgreSQL (Debian's package), files in S3
#   make test-exports   datasets and TRL's trainers take every export, TRL and LLaMA-Factory train the jobs handed over to
#                  them, OpenRLHF reads its flags; brings them (needs Python 3)
#   make test-server  a server that speaks the OpenAI API answers as the same model does here;
#                  brings it (needs Python 3; ALIGNCTL_TESTMODELS: a folder with smollm2)
#   make test-browser  pages in headless Chromium: drawn, quiet, accessible; brings it (needs Node.js)
#   make test-guides  does what each guide says, and prints how long it takes
#   make reference  what scipy makes of the figures of internal/stat and eval, their testdata (ALIGNCTL_PYTHON:
#                  a python that has scipy)
#   make bench-etl   alignctl etl on files of full size beside polars, pandas, DuckDB and
#                  data.table (ALIGNCTL_PEERS: a python that has them)
#   make bench-data  alignctl data build at the study's size
#   make bench-scale  what 1, 5 and 25 million records cost, and how costs grow (BENCH_SCALE_DIR: a folder with
#                  20 GB free for its files, which are kept)
#   make bench-train  alignctl train sft beside PEFT and TRL (ALIGNCTL_TESTMODELS: a folder with
#                  smollm2; ALIGNCTL_PYTHON: a python that has them)
#   make bench-wvs  alignctl eval wvs beside a loop of transformers (likewise)
#   make bench     timings beside their peers (docs/performance.md)

export CGO_ENABLED = 1
export GOEXPERIMENT = simd
export GOFLAGS = -tags=duckdb_arrow -buildvcs=false
export GOMLX_NO_AUTO_INSTALL = 1

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
RELEASE := $(shell git describe --always --dirty 2>/dev/null || echo dev)
FUZZTIME = 30s

.PHONY: all build demo test test-long test-reliability test-interop test-spark test-shared test-exports test-server test-browser test-guides reference race lint fuzz bench bench-etl bench-data bench-scale bench-train bench-wvs clean

all: build

build:
	go build -trimpath -ldflags "-X main.release=$(RELEASE)" -o bin/alignctl ./cmd/alignctl

demo: build
	rm -rf demo-lake
	bin/alignctl demo --backend go

test: lint
	go test -timeout 30m ./...

test-long:
	go test -count=1 -timeout 60m ./...
	ALIGNCTL_LONG=1 go test -count=1 -run TestReference ./etl/swow
	$(MAKE) test-reliability
	$(MAKE) test-interop
	ALIGNCTL_LONG=1 $(MAKE) test-spark
	$(MAKE) test-shared
	$(MAKE) test-exports
	$(MAKE) test-server
	$(MAKE) test-browser
	$(MAKE) race
	$(MAKE) fuzz

# The tests of docs/reliability.md, of the lake and of training, at full length, some fifteen minutes.
test-reliability:
	@ALIGNCTL_LONG=1 bash -o pipefail -c "go test -count=1 -v -timeout 60m ./lake ./train | grep -E 'reliability: |^(---|ok|FAIL|panic)|FAIL'"

test-interop:
	@engines=$$(bash lake/interop/setup.sh) && env $$engines go test -count=1 -v -timeout 20m ./lake/interop && \
	  env $$engines go test -count=1 -v -run TestGuides/query ./cmd/alignctl

test-spark:
	bash internal/pgtest/setup.sh
	@engines=$$(bash lake/interop/setup.sh) && env $$engines go test -count=1 -v -p 1 -timeout 120m \
	  -run 'TestSparkAgrees|TestEngine|TestOnSpark|TestSparkCluster' ./etl/spark/... ./etl/swow ./etl/norms ./etl/wvs ./cmd/alignctl

test-shared:
	bash internal/pgtest/setup.sh
	ALIGNCTL_TEST_CATALOG=postgres ALIGNCTL_TEST_WAREHOUSE=s3 go test -count=1 -timeout 60m ./lake
	go test -count=1 -timeout 20m -run 'TestTeamScripts|TestGuides/team' ./cmd/alignctl

test-exports:
	@trl=$$(bash sql/export/peers/setup.sh) && more=$$(bash train/handover/peers/setup.sh) && env $$trl $$more \
	  go test -count=1 -v -run 'Peers|TestScripts/(data_export_trl|handed_over)|TestGuides/elsewhere' -timeout 30m ./sql/export ./cmd/alignctl

test-server:
	@server=$$(bash eval/endpoint/peer/setup.sh) && env $$server go test -count=1 -v -run Served -timeout 20m ./eval/endpoint

test-browser:
	@browser=$$(bash tests/browser/setup.sh) && env $$browser go test -count=1 -v -run 'TestReport$$|TestUIInBrowser' -timeout 20m ./cmd/alignctl

test-guides:
	@go test -count=1 -v -timeout 30m -run 'TestGuides|TestDocsPreview|TestDocsRewards' ./cmd/alignctl | grep -E 'guide|^(---|ok|FAIL|panic)'

reference:
	$(ALIGNCTL_PYTHON) tests/reference/figures.py internal/stat/testdata
	$(ALIGNCTL_PYTHON) tests/reference/associations.py eval/testdata/associations.json

race:
	go test -race ./lake/... ./etl/... ./sql/... ./eval/... ./train/batch/... ./internal/... ./ui

lint:
	@unformatted=$$(gofmt -l bench cmd demo etl eval internal lake prove sql train ui); \
	  test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	go test ./internal/house

# Every fuzz target of the tree, FUZZTIME each.
fuzz:
	@for target in $$(grep -rnoE '^func Fuzz[A-Za-z0-9]+' --include='*_test.go' . | sed -E 's/:[0-9]+:func /:/'); do \
	  go test -run '^$$' -fuzz "^$${target##*:}\$$" -fuzztime $(FUZZTIME) "$$(dirname $${target%%:*})" || exit 1; \
	done

bench: build
	bash bench/run.sh

bench-etl: build
	go run ./bench/etl

bench-data: build
	go run ./bench/data

BENCH_SCALE_DIR = $(or $(TMPDIR),/tmp)/alignctl-scale
bench-scale: build
	go run ./bench/scale -dir $(BENCH_SCALE_DIR)

bench-train: build
	go run ./bench/train -model $(ALIGNCTL_TESTMODELS)/smollm2

bench-wvs: build
	go run ./bench/wvs -model $(ALIGNCTL_TESTMODELS)/smollm2

clean:
	rm -rf bin demo-lake
