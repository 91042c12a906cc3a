package lm

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"
)

// Devices are several devices of one backend that train a model together: each
// holds all weights and computes its part of every batch. A graph is written, and
// means the same, as for one device: XLA cuts it into parts and adds what is
// needed between them (GoMLX's automatic sharding). nil is one device.
type Devices struct {
	backend compute.Backend
	whole   *distributed.ShardingSpec // of a tensor that every device has all of
	parted  *distributed.ShardingSpec // of one whose first axis is cut into equal parts
}

// A DevicesError is a number of devices that can't be had.
type DevicesError struct {
	Want  int
	Cause string
}

// Error names the number, why it can't be had, and the cure.
func (e *DevicesError) Error() string { return fmt.Sprintf("use %d devices: %s", e.Want, e.Cause) }

// newDevices takes the first n devices of a backend of that name.
func newDevices(backend compute.Backend, name string, n int) (*Devices, error) {
	if n <= 1 {
		return nil, nil
	}
	if has := backend.NumDevices(); has < n {
		return nil, &DevicesError{n, fmt.Sprintf("backend %s has %d: lower --devices", name, has)}
	}
	const axis = "batch"
	mesh, err := distributed.NewDeviceMesh([]int{n}, []string{axis})
	if err != nil {
		return nil, fmt.Errorf("use %d devices: %w", n, err)
	}
	return &Devices{backend: backend, whole: distributed.NewReplicatedShardingSpec(mesh),
		parted: &distributed.ShardingSpec{Mesh: mesh, Axes: []distributed.AxisSpec{{axis}}}}, nil
}

// count is how many there are.
func (d *Devices) count() int {
	if d == nil {
		return 1
	}
	return d.whole.Mesh.NumDevices()
}

// Hold puts a variable's value on every device, in place of the one it had. A
// program for one device that reads the variable later makes itself a copy.
func (d *Devices) Hold(v *model.Variable) error {
	if d == nil {
		return nil
	}
	value, err := v.Value()
	if err != nil {
		return err
	}
	copies := make([]*tensors.Tensor, d.count())
	for i := range copies {
		if copies[i], err = d.copy(value, compute.DeviceNum(i)); err != nil {
			return err
		}
	}
	all, err := dtensor.NewTensor(d.whole, copies)
	if err != nil {
		return err
	}
	return v.SetDistributedValue(all)
}

// copy makes a copy of a tensor on a device.
func (d *Devices) copy(t *tensors.Tensor, to compute.DeviceNum) (copied *tensors.Tensor, err error) {
	reading := t.ConstBytes(func(raw []byte) { copied, err = tensors.FromRaw(d.backend, to, t.Shape(), raw) })
	return copied, errors.Join(reading, err)
}

// A Program is a graph over a store's variables, compiled for each shape of its
// inputs, on one device or on several.
type Program struct {
	exec    *model.Exec
	devices *Devices
	parted  int
}

// NewProgram makes a program. Each of several devices gets its part of the first
// inputs, so many of them as parted says, whose first axis must be a multiple of
// the devices, and all of the others. That decides who computes what, not what
// comes out.
func NewProgram(backend compute.Backend, store *model.Store, on *Devices, parted int,
	build func(*model.Scope, []*graph.Node) []*graph.Node) (*Program, error) {
	exec, err := model.NewExec(backend, store, build)
	if err != nil {
		return nil, err
	}
	exec.SetMaxCache(-1)
	p := &Program{exec: exec, devices: on, parted: parted}
	if on != nil {
		specs := make([]*distributed.ShardingSpec, parted+1)
		for i := range specs {
			specs[i] = p.spec(i)
		}
		exec.AutoSharding(on.whole.Mesh).WithInputShardingSpecs(specs...).WithOutputShardingSpecs(on.whole)
	}
	return p, nil
}

// spec says how the devices get an input.
func (p *Program) spec(input int) *distributed.ShardingSpec {
	if input < p.parted {
		return p.devices.parted
	}
	return p.devices.whole
}

// Call runs the program. The caller frees what comes back.
func (p *Program) Call(inputs ...any) ([]*tensors.Tensor, error) {
	if p.devices == nil {
		return p.exec.Call(inputs...)
	}
	dealt, err := p.deal(inputs)
	defer free(dealt)
	if err != nil {
		return nil, err
	}
	out, err := p.exec.Call(dealt...)
	if err != nil {
		return nil, err
	}
	each := len(out) / p.devices.count() // every device has the results
	finalize(out[each:])
	return out[:each], nil
}

// deal gives each device what it gets of the inputs.
func (p *Program) deal(inputs []any) (dealt []any, err error) {
	for i, input := range inputs {
		whole, err := tensors.FromAnyValue(input)
		if err != nil {
			return dealt, err
		}
		parts, err := dtensor.ShardTensor(p.spec(i), whole)
		if err != nil {
			return dealt, err
		}
		dealt = append(dealt, parts)
	}
	return dealt, nil
}

// free gives back what deal made.
func free(dealt []any) {
	for _, parts := range dealt {
		finalize(parts.(*dtensor.Tensor).Shards())
	}
}

// Close frees what was compiled.
func (p *Program) Close() { p.exec.Finalize() }
