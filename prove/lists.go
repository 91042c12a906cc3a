package prove

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"alignctl/etl/swow"
	"alignctl/lake"
)

// lists takes the user's lists of a load (names to sha256) out of the job's
// files and gives where they are. One that is gone can't be made up for: the
// lake holds no rows of it.
func (j *Job) lists(ctx context.Context, recorded map[string]string) (swow.Lists, []Link, error) {
	paths := map[string]string{}
	var links []Link
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		at := slices.IndexFunc(j.Files, func(f *lake.RawFile) bool { return f.SHA256 == recorded[name] })
		if at < 0 {
			return swow.Lists{}, links, fmt.Errorf("the record of run %s doesn't lead to its list %s", j.Run.ID, name)
		}
		f := j.Files[at]
		link, err := fileLink(ctx, f)
		if err != nil {
			return swow.Lists{}, links, err
		}
		if link.Verdict == Gone {
			link.Reason = "it is not at " + f.Path
			return swow.Lists{}, append(links, link), fmt.Errorf("list %s of run %s is gone: it is not at %s", name, j.Run.ID, f.Path)
		}
		links = append(links, link)
		paths[name] = f.Path
	}
	j.Files = slices.DeleteFunc(slices.Clone(j.Files), func(f *lake.RawFile) bool {
		return slices.Contains(slices.Collect(maps.Values(recorded)), f.SHA256)
	})
	return swow.ListsOf(paths), links, nil
}
