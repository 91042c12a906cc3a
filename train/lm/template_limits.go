package lm

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nikolalohinski/gonja/v2/builtins"
	structures "github.com/nikolalohinski/gonja/v2/builtins/control_structures"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// A chat template is a foreign program. What it may do is bounded here: it has
// no macros, no inclusion, no multiplication of texts and no method that changes
// a value, so it can't recurse; and every render has an allowance for the rest.
const (
	maxRenderWork = 1 << 26 // bytes of values made or text written; a loop's item counts loopWork
	loopWork      = 64
	maxRenderTime = 10 * time.Second
	maxValueDepth = 32 // of lists in lists
	maxBrackets   = 64 // of expressions in expressions
)

// errRenderWork ends a render that has used up its allowance.
var errRenderWork = errors.New("a loop or a text of it grows beyond what a conversation needs")

// An allowance is what a render may still do.
type allowance struct {
	left  int
	until time.Time
	spent bool // something was refused
}

func newAllowance() *allowance {
	return &allowance{left: maxRenderWork, until: time.Now().Add(maxRenderTime)}
}

// spend takes work off the allowance.
func (a *allowance) spend(work int) error {
	if work < 0 || work > a.left || time.Now().After(a.until) {
		a.spent = true
		return errRenderWork
	}
	a.left -= work
	return nil
}

// Names that no template can write, as they hold a blank: the render's
// allowance, and the filters that loops apply.
const (
	allowanceName = "render allowance"
	eachFilter    = "measured value"
	stepFilter    = "loop step"
)

// allowanceOf is the render's allowance.
func allowanceOf(context *exec.Context) *allowance {
	value, _ := context.Get(allowanceName)
	a, ok := value.(*allowance)
	if !ok {
		return &allowance{}
	}
	return a
}

// A boundedWriter takes what it writes off an allowance.
type boundedWriter struct {
	to        io.Writer
	allowance *allowance
}

// Write passes text on until the allowance is spent.
func (w boundedWriter) Write(text []byte) (int, error) {
	if err := w.allowance.spend(len(text)); err != nil {
		return 0, err
	}
	return w.to.Write(text)
}

// sizeOf is how many bytes of text a value holds, and loopWork for each item of
// a list or dictionary. One that holds itself is too deep.
func sizeOf(value *exec.Value, depth int) (int, error) {
	switch {
	case depth > maxValueDepth:
		return 0, errRenderWork
	case value == nil || value.IsNil() || value.IsError() || value.IsNumber() || value.IsBool() || value.IsCallable():
		return 1, nil
	case value.IsString():
		return len(value.String()), nil
	}
	size, failed := 1, error(nil)
	value.Iterate(func(_, _ int, key, item *exec.Value) bool {
		for _, part := range []*exec.Value{key, item} {
			n, err := sizeOf(part, depth+1)
			if size += n + loopWork; err != nil || size > maxRenderWork {
				failed = errRenderWork
				return false
			}
		}
		return true
	}, func() {})
	return size, failed
}

// checkCall refuses a call whose result could be as large as its value times its
// arguments; a whole number counts for its size, as it may be a width.
func checkCall(value *exec.Value, arguments *exec.VarArgs) error {
	size, err := sizeOf(value, 0)
	if err != nil {
		return err
	}
	factor := 1
	grow := func(argument *exec.Value) error {
		n, err := sizeOf(argument, 0)
		if argument.IsInteger() {
			n = max(argument.Integer(), -argument.Integer())
		}
		if factor += n; n < 0 || n > maxRenderWork {
			return errRenderWork
		}
		return err
	}
	for _, argument := range arguments.Args {
		err = errors.Join(err, grow(argument))
	}
	for _, argument := range arguments.KwArgs {
		err = errors.Join(err, grow(argument))
	}
	if err != nil || size > maxRenderWork/factor {
		return errRenderWork
	}
	return nil
}

// The filters and methods that chat templates use, and that change nothing.
var (
	filterNames = []string{
		"abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby", "indent",
		"int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace",
		"reverse", "round", "safe", "select", "selectattr", "sort", "string", "sum", "title", "tojson", "trim", "truncate",
		"unique", "upper", "wordcount",
	}
	textMethods = []string{
		"capitalize", "count", "endswith", "find", "isalnum", "isalpha", "isdigit", "islower", "isnumeric", "isspace", "isupper",
		"join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rfind", "rpartition", "rsplit",
		"rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
	}
	dictMethods = []string{"get", "items", "keys", "values"}
)

// filters are filterNames within the allowance, and those of loops.
func filters() *exec.FilterSet {
	set := map[string]exec.FilterFunction{
		eachFilter: func(e *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value { return spendValue(e, in, 0) },
		stepFilter: func(e *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value {
			return spendValue(e, in, loopWork)
		},
	}
	for _, name := range filterNames {
		if filter, ok := builtins.Filters.Get(name); ok {
			set[name] = func(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
				if err := checkCall(in, params); err != nil {
					return exec.AsValue(err)
				}
				return filter(e, in, params)
			}
		}
	}
	return exec.NewFilterSet(set)
}

// spendValue takes a value's size off the allowance, and some work beside.
func spendValue(e *exec.Evaluator, value *exec.Value, work int) *exec.Value {
	size, err := sizeOf(value, 0)
	if err == nil {
		err = allowanceOf(e.Environment.Context).spend(size + work)
	}
	if err != nil {
		return exec.AsValue(err)
	}
	return value
}

// methods are those of values that change nothing.
func methods() exec.Methods {
	texts := chosen(builtins.Methods.Str, textMethods)
	texts["replace"] = replaceText
	return exec.Methods{
		Bool: builtins.Methods.Bool, Int: builtins.Methods.Int, Float: builtins.Methods.Float,
		Str:  exec.NewMethodSet(texts),
		Dict: exec.NewMethodSet(chosen(builtins.Methods.Dict, dictMethods)),
		List: exec.NewMethodSet(map[string]exec.Method[[]any]{}),
	}
}

// chosen are the named methods of a set, each checked before it is called.
func chosen[I any](all *exec.MethodSet[I], names []string) map[string]exec.Method[I] {
	set := map[string]exec.Method[I]{}
	for _, name := range names {
		if method, ok := all.Get(name); ok {
			set[name] = func(self I, value *exec.Value, arguments *exec.VarArgs) (any, error) {
				if err := checkCall(value, arguments); err != nil {
					return nil, err
				}
				return method(self, value, arguments)
			}
		}
	}
	return set
}

// replaceText is str.replace(old, new[, count]); the library's own asks for a
// count.
func replaceText(self string, value *exec.Value, arguments *exec.VarArgs) (any, error) {
	if len(arguments.Args) < 2 {
		return nil, errors.New("replace takes what to replace and by what")
	}
	if err := checkCall(value, arguments); err != nil {
		return nil, err
	}
	count := -1
	if len(arguments.Args) > 2 {
		count = arguments.Args[2].Integer()
	}
	return strings.Replace(self, arguments.Args[0].String(), arguments.Args[1].String(), count), nil
}

// functions are the global functions of templates.
func functions() *exec.Context {
	set := map[string]any{"range": boundedRange}
	for _, name := range []string{"namespace", "dict"} {
		if function, ok := builtins.GlobalFunctions.Get(name); ok {
			set[name] = function
		}
	}
	return exec.NewContext(set)
}

// boundedRange is range([start,] stop [, step]) as a list.
func boundedRange(e *exec.Evaluator, params *exec.VarArgs) ([]int, error) {
	bounds := []int{0, 0, 1}
	for i, argument := range params.Args {
		if i > 2 || !argument.IsInteger() {
			return nil, errors.New("range takes one to three whole numbers")
		}
		bounds[i] = argument.Integer()
	}
	if len(params.Args) < 2 {
		bounds[0], bounds[1] = 0, bounds[0]
	}
	start, stop, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return nil, errors.New("range with a step of 0 has no end")
	}
	var list []int
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if err := allowanceOf(e.Environment.Context).spend(loopWork); err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, nil
}

// statements are those that a chat template needs. Macros and inclusion are not
// among them: a template that calls itself would overflow the stack, which
// ends the process and can't be recovered from.
func statements() *exec.ControlStructureSet {
	known := map[string]parser.ControlStructureParser{"for": parseFor, "set": parseSet}
	for _, name := range []string{"if", "break", "continue", "raw"} {
		if parse, ok := builtins.ControlStructures.Get(name); ok {
			known[name] = parse
		}
	}
	return exec.NewControlStructureSet(known)
}

// parseFor is the library's loop, with what it runs over, its condition and its
// body taken off the allowance.
func parseFor(p, args *parser.Parser) (nodes.ControlStructure, error) {
	parse, _ := builtins.ControlStructures.Get("for")
	parsed, err := parse(p, args)
	if err != nil {
		return nil, err
	}
	loop, ok := parsed.(*structures.ForControlStructure)
	if !ok || loop.Recursive {
		return nil, args.Error("recursive loops are not supported in a chat template", nil)
	}
	loop.ObjectEvaluator = filtered(loop.ObjectEvaluator, eachFilter)
	if loop.IfCondition != nil {
		loop.IfCondition = filtered(loop.IfCondition, stepFilter)
	}
	at := loop.BodyWrapper.Location
	step := &nodes.ControlStructureBlock{Location: at, Name: "step", ControlStructure: loopStep{at}}
	loop.BodyWrapper.Nodes = append([]nodes.Node{step}, loop.BodyWrapper.Nodes...)
	return loop, nil
}

func filtered(e nodes.Expression, filter string) nodes.Expression {
	return &nodes.FilteredExpression{Expression: e, Filters: []*nodes.FilterCall{{Token: e.Position(), Name: filter}}}
}

// A loopStep stands first in a loop's body and takes the step off the allowance.
type loopStep struct{ at *tokens.Token }

// Position is that of the loop.
func (s loopStep) Position() *tokens.Token { return s.at }

// String names it in errors.
func (s loopStep) String() string { return "loop step" }

// Execute implements exec.ControlStructure.
func (s loopStep) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	return allowanceOf(r.Environment.Context).spend(loopWork)
}

// A setStatement is {% set name = value %}, and the same of a namespace's
// member. A value is measured before it is kept, since only what is kept can
// grow without end.
type setStatement struct {
	at            *tokens.Token
	target, value nodes.Expression
	condition, or nodes.Expression // value if condition else or
}

// Position is that of the statement.
func (s *setStatement) Position() *tokens.Token { return s.at }

// String names it in errors.
func (s *setStatement) String() string { return "set" }

func parseSet(p, args *parser.Parser) (nodes.ControlStructure, error) {
	s := &setStatement{at: p.Current()}
	var err error
	if s.target, err = args.ParseVariableOrLiteral(); err != nil {
		return nil, err
	}
	if args.Match(tokens.Assign) == nil {
		return nil, args.Error("set needs a name, = and a value", nil)
	}
	if s.value, err = args.ParseExpression(); err != nil {
		return nil, err
	}
	if s.condition, s.or, err = args.ParseCondition(); err != nil {
		return nil, err
	}
	if !args.End() || s.condition != nil && s.or == nil {
		return nil, args.Error("set has more than a value", nil)
	}
	return s, nil
}

// Execute implements exec.ControlStructure.
func (s *setStatement) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	from := s.value
	if s.condition != nil {
		condition := r.Eval(s.condition)
		if condition.IsError() {
			return condition
		}
		if !condition.IsTrue() {
			from = s.or
		}
	}
	value := r.Eval(filtered(from, eachFilter))
	if value.IsError() {
		return value
	}
	switch target := s.target.(type) {
	case *nodes.Name:
		r.Environment.Context.Set(target.Name.Val, value.Interface())
		return nil
	case *nodes.GetAttribute:
		namespace := r.Eval(target.Node)
		if err := namespace.Set(exec.AsValue(target.Attribute), value.Interface()); err != nil {
			return err
		}
		size, err := sizeOf(namespace, 0) // it may hold itself now, and must not be used then
		return errors.Join(err, allowanceOf(r.Environment.Context).spend(size))
	}
	return fmt.Errorf("set can't change %s", s.target)
}

// checkTokens refuses what would cost too much before anything is rendered.
func checkTokens(text string, settings *config.Config) error {
	depth, negations := 0, 0
	stream := tokens.LexAll(text, settings)
	for !stream.End() {
		switch token := stream.Next(); token.Type {
		case tokens.Multiply, tokens.Power:
			return fmt.Errorf("line %d: %q is not supported in a chat template", token.Line, token.Val)
		case tokens.LeftBrace, tokens.LeftBracket, tokens.LeftParenthesis:
			depth++
		case tokens.RightBrace, tokens.RightBracket, tokens.RightParenthesis:
			depth--
		case tokens.Not, tokens.Subtraction:
			negations++
		case tokens.BlockBegin, tokens.VariableBegin:
			depth, negations = 0, 0
		}
		if depth > maxBrackets || negations > maxBrackets {
			return errors.New("expressions are nested too deeply")
		}
	}
	return nil
}
