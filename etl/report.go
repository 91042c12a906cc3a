package etl

import (
	"time"

	"alignctl/lake"
)

// A Report is what came of a load, for a command to print.
type Report struct {
	Source   string
	Run      string     // run id
	Files    []*Checked // the files that were loaded
	Rows     int64      // records that the source holds now
	Rejected int64      // records of the files that were set aside
	Counts   []Count
	Notes    []string // what was decided, and by which rule
	Tables   []Table
	Steps    []Step
}

// A Count is how many rows of a kind a table has.
type Count struct {
	Table string
	Group string // such as a language
	Kind  string
	Rows  int64
}

// A Table is one table of a load: its snapshot afterwards, and whether the
// load left it as it was.
type Table struct {
	lake.Pin
	Unchanged bool
}

// A Step is a part of a load and the time it took.
type Step struct {
	Name     string
	Duration time.Duration
}

// Unchanged reports whether the load left every table as it was.
func (r *Report) Unchanged() bool {
	for _, t := range r.Tables {
		if !t.Unchanged {
			return false
		}
	}
	return true
}

// Publish records the outcome of the run's publication.
func (r *Report) Publish(p lake.Published) {
	r.Run = p.Run
	for _, pin := range p.Outputs {
		r.Tables = append(r.Tables, Table{Pin: pin})
	}
	for _, pin := range p.Unchanged {
		r.Tables = append(r.Tables, Table{Pin: pin, Unchanged: true})
	}
}

// Time runs a step of the load and records how long it took.
func (r *Report) Time(name string, step func() error) error {
	start := time.Now()
	err := step()
	r.Steps = append(r.Steps, Step{name, time.Since(start)})
	return err
}
