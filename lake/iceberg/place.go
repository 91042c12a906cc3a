package iceberg

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// A Place says where the warehouse is. Iceberg's metadata holds absolute
// locations: of files in a folder, or of objects in a bucket, whose paths are
// their copies'. A lake that was moved, or copied, has files in one folder and
// locations in another; every location passes through here. Relocate makes the
// two the same again.
type Place struct {
	recorded string // the folder that the locations name, or "s3://bucket/prefix"
	actual   string // the folder where the files, or their copies, are
}

// NewPlace is the place of a warehouse at a location ("": at folder), whose
// files, or their copies, are in folder.
func NewPlace(location, folder string) (Place, error) {
	p := Place{recorded: folder, actual: folder}
	if location == "" {
		return p, nil
	}
	var err error
	p.recorded, err = root(location)
	return p, err
}

// root is a warehouse's location as Place keeps it.
func root(location string) (string, error) {
	if _, remote := objectOf(location); remote {
		return strings.TrimSuffix(location, "/"), nil
	}
	return Path(location)
}

// Remote says whether the files are objects.
func (p Place) Remote() bool { _, remote := objectOf(p.recorded); return remote }

// location is the root of all locations.
func (p Place) location() string {
	if p.Remote() {
		return p.recorded
	}
	return URI(p.recorded)
}

// objectOf is what of an object's location follows the scheme, by any of the
// names that engines have for it.
func objectOf(location string) (object string, ok bool) {
	for _, scheme := range []string{"s3://", "s3a://", "s3n://"} {
		if object, ok = strings.CutPrefix(location, scheme); ok {
			return object, true
		}
	}
	return "", false
}

// path is the file that a location means.
func (p Place) path(location string) (string, error) {
	object, remote := objectOf(location)
	if !remote {
		path, err := Path(location)
		if err != nil {
			return "", err
		}
		return moved(path, p.recorded, p.actual), nil
	}
	warehouse, _ := objectOf(p.recorded)
	key, below := strings.CutPrefix(object, warehouse+"/")
	if !below || !p.Remote() || key != path.Clean(key) || !filepath.IsLocal(key) {
		return "", fmt.Errorf("read location %q: it isn't in the warehouse %q", location, p.location())
	}
	return filepath.Join(p.actual, filepath.FromSlash(key)), nil
}

// uri is the location, in metadata, of a file.
func (p Place) uri(path string) string {
	if below, ok := strings.CutPrefix(path, p.actual+string(filepath.Separator)); ok && p.Remote() {
		return p.recorded + "/" + filepath.ToSlash(below) // engines take it as it stands
	}
	return URI(moved(path, p.actual, p.recorded))
}

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
		return "", fmt.Errorf("read location %q: only local files and S3 are supported", location)
	}
	return filepath.FromSlash(parsed.Path), nil
}
