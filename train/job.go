package train

import (
	"context"
	"errors"
	"fmt"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// A Result is what a training run leaves.
type Result struct {
	Outcome
	RunID   string
	Out     string // folder of the adapter or model; of the checkpoint when interrupted
	SHA256  string // of what is in it
	Saved   int    // step whose weights it has
	Backend string
	Dataset lake.Pin
	LeftOut Counts // examples with nothing to teach, by why
}

// Run trains a model by a method, on split "train" of a data set table, and
// writes the adapter or model to a new folder and the run to train.runs,
// train.steps and train.models. When ctx ends it finishes the step, makes a
// checkpoint, records the run as interrupted and returns an error that wraps
// ctx's. The method's paths become absolute.
func Run(ctx context.Context, l *lake.Lake, m Method) (Result, error) { return run(ctx, l, m, nil) }

// run starts a run, or goes on with one.
func run(ctx context.Context, l *lake.Lake, m Method, from *Resumption) (result Result, err error) {
	j, err := newJob(ctx, l, m, from)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	if err := j.claim(); err != nil {
		return Result{}, err
	}
	if err := j.open(ctx); err != nil {
		return Result{}, err
	}
	return j.train(ctx)
}

// A job is a run of training under way, by whatever method.
type job struct {
	*Options    // of the method
	method      Method
	work        worker
	lake        *lake.Lake
	run         *lake.Run
	id          string      // of the training run: of the lake's run that started it
	from        *Resumption // nil: it starts
	out         string
	checkpoints *checkpoints
	pin         lake.Pin
	load        workload
	schedule    Schedule
	model       *lm.Model
	probe       Probe // nil: none
	row         RunRow
	parent      string // sha256 of the adapter to go on from; "": none
}

// newJob checks the settings and begins a run of the lake.
func newJob(ctx context.Context, l *lake.Lake, m Method, from *Resumption) (*job, error) {
	if err := m.Common().check(); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := m.Common().resolve(); err != nil {
		return nil, err
	}
	j := &job{Options: m.Common(), method: m, lake: l, from: from}
	if err := j.begin(ctx); err != nil {
		return nil, err
	}
	j.id = j.run.ID()
	if from != nil {
		j.id = from.RunID
	}
	j.out = j.folder(l, j.id)
	j.checkpoints = checkpointsOf(j.out)
	j.work = m.begin(j)
	return j, nil
}

// begin starts a run that reads the version of the lake that the options name,
// and of the data set that which an earlier part of the training read.
func (j *job) begin(ctx context.Context) error {
	pins, err := j.lake.At(ctx, j.At)
	if err != nil {
		return err
	}
	now, err := j.lake.At(ctx, "")
	if err != nil {
		return err
	}
	for _, spec := range Specs() { // may be younger than the data
		if pin, ok := now[spec.Name]; ok {
			pins[spec.Name] = pin
		}
	}
	if j.from != nil {
		pins[j.Dataset] = j.from.data()
	}
	j.run, err = j.lake.Begin(ctx, lake.RunInfo{Command: j.Command, Config: j.method, Version: j.Version, Pins: pins})
	return err
}

// close frees what the job opened, and lets another process go on with it.
func (j *job) close() error {
	err := j.work.close()
	if j.probe != nil {
		j.probe.Close()
	}
	if j.model != nil {
		j.model.Close()
	}
	return errors.Join(err, j.checkpoints.release(), j.run.Close())
}

// claim sees that the places where the run writes are its own.
func (j *job) claim() error {
	if err := atomicfile.CheckVacant(j.out); err != nil {
		return fmt.Errorf("%w with --out", err)
	}
	if j.from != nil {
		return j.from.claim(j.checkpoints)
	}
	if err := j.checkpoints.checkVacant(); err != nil {
		return err
	}
	if j.SaveEvery > 0 || j.Save == "best" {
		return j.checkpoints.hold()
	}
	return nil
}

// open reads what the run starts from, the cheap things first.
func (j *job) open(ctx context.Context) error {
	if err := j.openData(ctx); err != nil {
		return err
	}
	if err := j.openModel(ctx); err != nil || j.EvalGenerate == 0 {
		return err
	}
	probe, err := j.Probe(ctx, j.run, j.model)
	j.probe = probe
	return err
}

// openData pins the data set and lets the method read it.
func (j *job) openData(ctx context.Context) (err error) {
	if j.pin, err = j.run.Input(ctx, j.Dataset); err != nil {
		return fmt.Errorf("train: %w (alignctl data ls lists the data sets)", err)
	}
	if j.load, err = j.work.read(ctx); err != nil {
		return err
	}
	j.schedule = j.Options.schedule(j.load.steps)
	return j.schedule.Check()
}

// feed makes batches of a set, from where the run's first step is.
func (j *job) feed(set *batch.Set) (*batch.Feed, error) {
	var from batch.Position
	if j.from != nil {
		from = j.from.state.Progress.Position
	}
	return batch.NewFeed(set, j.batches(), from)
}

// splits reads the job's data set, which has to be of a kind. The caller closes
// what comes back, also beside an error.
func (j *job) splits(ctx context.Context, k kind) (*splits, error) {
	d, err := newSplits(j.lake.Temp(), k)
	if err != nil {
		return nil, err
	}
	return d, d.read(ctx, j.run.Session(), j.Options)
}

// workload is that of a feed of split train.
func (j *job) workload(feed *batch.Feed, d *splits) workload {
	w := workload{train: d.trained, dev: d.held, templates: d.templates, steps: j.steps(feed.BatchesPerEpoch()),
		largest: feed.Largest()}
	share := float64(w.steps*j.Accumulate) / float64(feed.BatchesPerEpoch())
	w.tokens = int(share * float64(d.trained.Tokens))
	return w
}

// openModel loads the model to start from.
func (j *job) openModel(ctx context.Context) error {
	digest, err := lm.ModelSHA256(j.Model)
	if err != nil {
		return err
	}
	if err := j.from.checkBase(digest); err != nil {
		return err
	}
	if err := j.openParent(); err != nil {
		return err
	}
	if err := traceModels(ctx, j.run, digest, j.parent); err != nil {
		return err
	}
	if j.model, err = lm.Load(ctx, j.Model, j.loading()); err != nil {
		return err
	}
	return j.describe(digest)
}

// loading says how the model is loaded.
func (j *job) loading() lm.Options {
	o := lm.Options{Backend: j.Backend, Adapter: j.Adapter, Trainable: lm.TrainLoRA, LoRA: j.LoRA,
		Precision: j.Precision, CheckpointLayers: j.CheckpointLayers, Devices: j.Devices,
		Admit: func(backend string, config lm.Config) error { return demand{j, backend, config}.admit(machineMemory()) }}
	if j.Full {
		o.Trainable = lm.TrainFull
	}
	o.LoRA.Seed = uint64(j.Seed)
	return o
}

// openParent looks at the adapter to go on from, if there is one: its settings
// hold.
func (j *job) openParent() (err error) {
	if j.Adapter == "" {
		return nil
	}
	if err := lm.CheckAdapter(j.Model, j.Adapter); err != nil {
		return err
	}
	about, err := lm.Describe(j.Adapter)
	if err != nil {
		return err
	}
	j.LoRA = about.LoRA
	j.parent, err = about.Digest(j.Adapter)
	return err
}
