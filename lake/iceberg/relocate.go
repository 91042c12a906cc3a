package iceberg

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/twmb/avro/ocf"
)

// Relocate makes the locations in all metadata name the folder where the
// warehouse is now. Manifests, manifest lists and metadata are written anew,
// beside the old ones, with other locations and nothing else changed; one
// transaction then moves every table and the recorded folder. Tables are those
// of Heads, loaded. Nobody else may be at work: a process that has the catalog
// open would go on with the old locations.
func (c *Catalog) Relocate(ctx context.Context, tables []*Table) error {
	if _, moved := c.Moved(); !moved {
		return nil
	}
	commit := Commit{warehouse: URI(c.place.actual)}
	for _, t := range tables {
		r := &relocation{catalog: c, written: map[string]File{}}
		location, err := r.table(t)
		if err != nil {
			return fmt.Errorf("relocate %s: %w", t.Name(), errors.Join(err, r.discard()))
		}
		reach, err := t.Reach(func(Snapshot) bool { return true })
		if err != nil {
			return fmt.Errorf("relocate %s: %w", t.Name(), err)
		}
		commit.Moves = append(commit.Moves, Move{Table: t.Name(), From: t.Location(), To: location})
		commit.Retired = append(commit.Retired, reach.Metadata...)
		commit.Files = append(commit.Files, slices.Collect(maps.Values(r.written))...)
	}
	paths := make([]string, len(commit.Files))
	for i, f := range commit.Files {
		paths[i] = f.Path
	}
	if err := c.disk.Sync(ctx, paths); err != nil {
		return fmt.Errorf("relocate: %w", err)
	}
	if _, err := c.Swap(ctx, commit); err != nil {
		return fmt.Errorf("relocate: %w", err)
	}
	c.place.recorded = c.place.actual
	return nil
}

// A relocation rewrites the metadata of one table.
type relocation struct {
	catalog *Catalog
	written map[string]File // by the old path
}

func (r *relocation) discard() (err error) {
	for _, f := range r.written {
		err = errors.Join(err, r.catalog.disk.Remove(f.Path))
	}
	return err
}

// location is where a file is now, as metadata is to say it.
func (r *relocation) location(old string) (string, error) {
	path, err := r.catalog.place.path(old)
	return URI(path), err
}

// table rewrites a table's metadata and gives the location of the result.
func (r *relocation) table(t *Table) (string, error) {
	for _, snapshot := range t.inner.Metadata().Snapshots() {
		manifests, err := t.manifests(&snapshot)
		if err != nil {
			return "", err
		}
		for _, m := range manifests {
			if _, err := r.avro(m.FilePath(), r.manifestEntry); err != nil {
				return "", err
			}
		}
		if _, err := r.avro(snapshot.ManifestList, r.listEntry); err != nil {
			return "", err
		}
	}
	return r.metadata(t)
}

// manifestEntry relocates the data file of a manifest's entry.
func (r *relocation) manifestEntry(entry map[string]any) error {
	file, ok := entry["data_file"].(map[string]any)
	if !ok {
		return errors.New("a manifest's entry has no data_file")
	}
	return r.replace(file, "file_path")
}

// listEntry relocates the manifest of a list's entry, whose length has changed.
func (r *relocation) listEntry(entry map[string]any) error {
	old, _ := entry["manifest_path"].(string)
	path, err := r.catalog.place.path(old)
	if err != nil {
		return err
	}
	written, ok := r.written[path]
	if !ok {
		return fmt.Errorf("a manifest list names %q, which isn't rewritten", old)
	}
	entry["manifest_path"], entry["manifest_length"] = URI(written.Path), written.Bytes
	return nil
}

func (r *relocation) replace(object map[string]any, key string) error {
	old, ok := object[key].(string)
	if !ok {
		return fmt.Errorf("no text %q", key)
	}
	location, err := r.location(old)
	object[key] = location
	return err
}

// avro rewrites an Avro file, each of its records by change.
func (r *relocation) avro(location string, change func(map[string]any) error) (File, error) {
	old, err := r.catalog.place.path(location)
	if err != nil {
		return File{}, err
	}
	if written, done := r.written[old]; done {
		return written, nil
	}
	in, err := r.catalog.disk.Open(old)
	if err != nil {
		return File{}, err
	}
	defer in.Close()
	name := "relocated-" + uuid.NewString() + "-" + withoutPrefix(filepath.Base(old))
	file, err := r.write(old, name, func(out io.Writer) error { return rewriteAvro(in, out, change) })
	if err != nil {
		return File{}, fmt.Errorf("rewrite file %q: %w", old, err)
	}
	return file, nil
}

// write writes the successor of a file, beside it.
func (r *relocation) write(old, name string, content func(io.Writer) error) (File, error) {
	staging := r.catalog.newStaging()
	path := filepath.Join(filepath.Dir(old), name)
	out, err := staging.createPath(path)
	if err != nil {
		return File{}, err
	}
	if err := errors.Join(content(out), out.Close()); err != nil {
		return File{}, errors.Join(err, r.catalog.disk.Remove(path))
	}
	r.written[old] = staging.written[0]
	return staging.written[0], nil
}

// withoutPrefix keeps a name from growing when a lake moves again.
func withoutPrefix(name string) string {
	const prefix = len("relocated-00000000-0000-0000-0000-000000000000-")
	if strings.HasPrefix(name, "relocated-") && len(name) > prefix {
		return name[prefix:]
	}
	return name
}

func rewriteAvro(in io.Reader, out io.Writer, change func(map[string]any) error) error {
	reader, err := ocf.NewReader(in)
	if err != nil {
		return err
	}
	defer reader.Close()
	header := reader.Metadata()
	own := map[string][]byte{} // avro.schema and avro.codec are the writer's
	for key, value := range header {
		if !strings.HasPrefix(key, "avro.") {
			own[key] = value
		}
	}
	writer, err := ocf.NewWriter(out, reader.Schema(), ocf.WithSchema(string(header["avro.schema"])),
		ocf.WithMetadata(own), ocf.WithCodec(ocf.DeflateCodec(-1)))
	if err != nil {
		return err
	}
	for {
		var record map[string]any
		err := reader.Decode(&record)
		if errors.Is(err, io.EOF) {
			return writer.Close()
		}
		if err == nil {
			err = change(record)
		}
		if err == nil {
			err = writer.Encode(record)
		}
		if err != nil {
			return err
		}
	}
}

// metadata rewrites the metadata file. The log of earlier ones is left behind:
// they name the old folder.
func (r *relocation) metadata(t *Table) (string, error) {
	content, err := encode(t.inner.Metadata())
	if err != nil {
		return "", err
	}
	var m map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.UseNumber()
	if err := decoder.Decode(&m); err != nil {
		return "", err
	}
	delete(m, "metadata-log")
	if err := r.replace(m, "location"); err != nil {
		return "", err
	}
	if err := r.snapshots(m); err != nil {
		return "", err
	}
	if err := r.each(m, "statistics", "statistics-path"); err != nil {
		return "", err
	}
	if err := r.each(m, "partition-statistics", "statistics-path"); err != nil {
		return "", err
	}
	old, err := r.catalog.place.path(t.Location())
	if err != nil {
		return "", err
	}
	// The name has its number in front: other engines count on from it.
	name := fmt.Sprintf("%05d-%s.gz.metadata.json", nextVersion(t.Location()), uuid.NewString())
	file, err := r.write(old, name, func(out io.Writer) error { return writeCompressed(out, m) })
	return URI(file.Path), err
}

func (r *relocation) snapshots(m map[string]any) error {
	list, _ := m["snapshots"].([]any)
	for _, item := range list {
		snapshot, ok := item.(map[string]any)
		if !ok {
			return errors.New("metadata has a snapshot that is no object")
		}
		location, _ := snapshot["manifest-list"].(string)
		path, err := r.catalog.place.path(location)
		if err != nil {
			return err
		}
		snapshot["manifest-list"] = URI(r.written[path].Path)
	}
	return nil
}

func (r *relocation) each(m map[string]any, list, key string) error {
	items, _ := m[list].([]any)
	for _, item := range items {
		object, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("metadata has an item of %s that is no object", list)
		}
		if err := r.replace(object, key); err != nil {
			return err
		}
	}
	return nil
}

func writeCompressed(out io.Writer, content any) error {
	compressed := gzip.NewWriter(out)
	return errors.Join(json.NewEncoder(compressed).Encode(content), compressed.Close())
}
