package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"alignctl/etl"
	"alignctl/internal/workspace"
)

// A recipe is all that decides a load, besides alignctl's code. Where the files
// lie doesn't.
type recipe struct {
	Kind     string         `json:"kind"`
	Settings map[string]any `json:"settings"`
	Files    []file         `json:"files"`              // the raw ones, in order
	Others   []file         `json:"others"`             // by their keys
	Rejected int64          `json:"rejected,omitempty"` // bad records that were set aside; none refuse a file
	Rules    string         `json:"rules"`              // digest of transforms and the like
}

// A file is a file that a load reads.
type file struct {
	Key    string `json:"key,omitempty"` // in the configuration; empty: files
	Name   string `json:"name"`          // without its folder
	SHA256 string `json:"sha256"`
}

// A wanted load is one as the configuration asks for it.
type wanted struct {
	recipe *recipe
	files  []string          // absolute
	others map[string]string // absolute, by key
}

// want finds and digests the files of a source.
func (s source) want(ctx context.Context, in *workspace.File) (w wanted, err error) {
	w.recipe = &recipe{Kind: s.kind, Others: []file{}}
	if w.recipe.Settings, err = settings(s.entry); err != nil {
		return w, err
	}
	if w.recipe.Rules, err = s.entry.rules(); err != nil {
		return w, err
	}
	if w.files, err = s.entry.raw().Files.expand(in); err != nil {
		return w, err
	}
	for _, path := range w.files {
		if w.recipe.Files, err = appendFile(ctx, w.recipe.Files, "", path); err != nil {
			return w, err
		}
	}
	w.others = map[string]string{}
	others := s.entry.others()
	for _, key := range slices.Sorted(maps.Keys(others)) {
		w.others[key] = in.Abs(others[key])
		if w.recipe.Others, err = appendFile(ctx, w.recipe.Others, key, w.others[key]); err != nil {
			return w, err
		}
	}
	return w, nil
}

func appendFile(ctx context.Context, list []file, key, path string) ([]file, error) {
	sum, err := etl.DigestFile(ctx, path)
	return append(list, file{key, filepath.Base(path), sum}), err
}

// settings are those of an entry as JSON has them.
func settings(e entry) (m map[string]any, err error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return m, json.Unmarshal(text, &m)
}

// changes says what is different now from an earlier recipe; nothing where a
// load would give the same tables.
func (r *recipe) changes(then *recipe) (list []string) {
	list = append(list, fileChanges(r.Files, then.Files)...)
	list = append(list, fileChanges(r.Others, then.Others)...)
	keys := maps.Clone(r.Settings)
	maps.Copy(keys, then.Settings)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if now, before := text(r.Settings[key]), text(then.Settings[key]); now != before {
			list = append(list, fmt.Sprintf("%s is %s, was %s", key, now, before))
		}
	}
	if r.Kind != then.Kind {
		list = append(list, fmt.Sprintf("it is under %s, was under %s", r.Kind, then.Kind))
	}
	if r.Rules != then.Rules {
		list = append(list, "alignctl's transforms changed")
	}
	return list
}

// text shows a setting; one that isn't there is "not set".
func text(value any) string {
	if value == nil {
		return "not set"
	}
	return workspace.JSON(value)
}

// fileChanges says which files came, went or changed; a file is known by its
// content, and where that is new, by its name.
func fileChanges(now, then []file) (list []string) {
	sums := func(files []file) (all []string) {
		for _, f := range files {
			all = append(all, f.Key+" "+f.SHA256)
		}
		return all
	}
	nowSums, thenSums := sums(now), sums(then)
	named := func(files []file, f file) bool {
		return slices.ContainsFunc(files, func(o file) bool { return o.Key == f.Key && o.Name == f.Name })
	}
	for i, f := range now {
		if slices.Contains(thenSums, nowSums[i]) {
			continue
		}
		if named(then, f) {
			list = append(list, f.Name+" changed")
		} else {
			list = append(list, f.Name+" is new")
		}
	}
	for i, f := range then {
		if !slices.Contains(nowSums, thenSums[i]) && !named(now, f) {
			list = append(list, f.Name+" is gone")
		}
	}
	if len(list) == 0 && !slices.Equal(nowSums, thenSums) {
		list = append(list, "the order of its files changed")
	}
	return list
}
