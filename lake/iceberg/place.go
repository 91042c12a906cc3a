package iceberg

import (
	"errors"
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
	apart    bool   // the files aren't in the lake's folder: see Claim
}

// NewPlace is the place of a warehouse at a location: "s3://BUCKET/PREFIX", of
// which folder holds the copies; the URI of another folder; or "", which is
// folder.
func NewPlace(location, folder string) (p Place, err error) {
	if location == "" {
		return Place{recorded: folder, actual: folder}, nil
	}
	p.apart = true
	if p.recorded, err = root(location); err != nil {
		return p, err
	}
	if p.actual = p.recorded; p.Remote() {
		p.actual = folder
	}
	return p, nil
}

// root is a warehouse's location as Place keeps it: an object's without a slash
// at its end, or the absolute path of a folder.
func root(location string) (string, error) {
	if object, remote := strings.CutPrefix(location, "s3://"); remote {
		if object = strings.TrimSuffix(object, "/"); object != "" && path.Clean("/"+object) == "/"+object &&
			!strings.ContainsAny(object, "?#%@: ") {
			return "s3://" + object, nil
		}
	} else if folder, err := Path(location); err == nil && filepath.IsAbs(folder) {
		return folder, nil
	}
	return "", errWarehouse
}

// errWarehouse says what a warehouse is. It doesn't repeat one that isn't: it may
// hold a key.
var errWarehouse = errors.New("read warehouse: want s3://BUCKET/PREFIX (plain letters) or file:///FOLDER; " +
	"keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")

// Folder is where the files are, or their copies.
func (p Place) Folder() string { return p.actual }

// Remote says whether the files are objects.
func (p Place) Remote() bool { return strings.HasPrefix(p.recorded, "s3://") }

// Location is the root of all locations: "s3://BUCKET/PREFIX" or a folder's URI.
func (p Place) Location() string {
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
	if !remote && !p.Remote() {
		path, err := Path(location)
		if err != nil {
			return "", err
		}
		return moved(path, p.recorded, p.actual), nil
	}
	warehouse, _ := objectOf(p.recorded)
	key, below := strings.CutPrefix(object, warehouse+"/")
	if !below || !p.Remote() || key != path.Clean(key) || !filepath.IsLocal(key) {
		return "", fmt.Errorf("read location %q: it isn't in the warehouse %q", location, p.Location())
	}
	return filepath.Join(p.actual, filepath.FromSlash(key)), nil
}

// LocationOf is the location, in metadata, of a file.
func (p Place) LocationOf(path string) string {
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
