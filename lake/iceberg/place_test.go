package iceberg

import (
	"strings"
	"testing"
)

// A location of a bucket's object means one path, and the path that location;
// what isn't below the warehouse, or could mean two files, means none.
func TestObjectLocations(t *testing.T) {
	p, err := NewPlace("s3://lake/a/wh/", "/home/x/warehouse")
	if err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		"s3://lake/a/wh/s.db/t/data/1.parquet":  "/home/x/warehouse/s.db/t/data/1.parquet",
		"s3://lake/a/wh/s.db/t/data/a b%20词":    "/home/x/warehouse/s.db/t/data/a b%20词",
		"s3a://lake/a/wh/s.db/t/data/1.parquet": "/home/x/warehouse/s.db/t/data/1.parquet",
		"s3://lake/a/wh/../x":                   "",
		"s3://lake/a/wh/s.db/../../../x":        "",
		"s3://lake/a/wh/s.db//t":                "",
		"s3://lake/a/wh":                        "",
		"s3://lake/a/whale/x":                   "",
		"s3://other/a/wh/x":                     "",
		"gs://lake/a/wh/x":                      "",
		"file:///etc/passwd":                    "",
	} {
		path, err := p.path(location)
		if path != want || (err == nil) != (want != "") {
			t.Errorf("%s means %q, %v", location, path, err)
		}
		if back := p.LocationOf(path); want != "" && location[:5] == "s3://" && back != location {
			t.Errorf("%s is at %q", path, back)
		}
	}
	local, err := NewPlace("", "/home/x/warehouse")
	if err != nil {
		t.Fatal(err)
	}
	if path, err := local.path("s3://lake/a/wh/x"); err == nil {
		t.Errorf("an object of a lake in a folder means %q", path)
	}
}

// A warehouse that is none isn't repeated: it may hold a key.
func TestWarehouseRefused(t *testing.T) {
	for _, location := range []string{"s3://KEY:hush@lake/wh", "s3://lake?secret=hush", "s3://lake/#hush", "s3://", "s3://lake/../hush",
		"https://KEY:hush@lake/wh", "hush", "file://KEY:hush@host/wh", "file:///%zz?hush"} {
		if p, err := NewPlace(location, "/home/x/warehouse"); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %s, %v", location, p.Location(), err)
		}
	}
}
