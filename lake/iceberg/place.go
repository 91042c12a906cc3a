package iceberg

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// A place says where the warehouse is. Iceberg's metadata holds absolute
// locations, so a lake that was moved, or copied, has files in one folder and
// locations in another; every location passes through here. Relocate makes the
// two the same again.
type place struct {
	recorded string // the folder that the locations name
	actual   string // the folder where the files are
}

// path is the file that a location means.
func (p place) path(location string) (string, error) {
	path, err := Path(location)
	if err != nil {
		return "", err
	}
	return moved(path, p.recorded, p.actual), nil
}

// uri is the location, in metadata, of a file.
func (p place) uri(path string) string { return URI(moved(path, p.actual, p.recorded)) }

// moved is a path below one folder, below another one.
func moved(path, from, to string) string {
	if rest, below := strings.CutPrefix(path, from+string(filepath.Separator)); below {
		return filepath.Join(to, rest)
	}
	return path
}

// URI is the location of an absolute path as Iceberg metadata holds it.
func URI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// Path is the local path of a location: a file URI with one slash (as Java
// writes them) or three, or a plain path.
func Path(location string) (string, error) {
	parsed, err := url.Parse(location)
	if err != nil {
		return "", fmt.Errorf("read location %q: %w", location, err)
	}
	switch {
	case parsed.Scheme == "":
		return location, nil
	case parsed.Scheme != "file" || (parsed.Host != "" && parsed.Host != "localhost"):
		return "", fmt.Errorf("read location %q: only local files are supported", location)
	}
	return filepath.FromSlash(parsed.Path), nil
}
