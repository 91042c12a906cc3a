package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"alignctl/lake/iceberg"
)

// A TableDetail is all that the lake knows about a version of a table.
type TableDetail struct {
	TableInfo        // with the columns of that version
	Folder    string // where its files are
	Files     int    // of the version
	Bytes     int64  // of these files
}

// Table describes a table at a version, as Pin takes it.
func (l *Lake) Table(ctx context.Context, name, ref string) (d TableDetail, err error) {
	pin, err := l.Pin(ctx, name, ref)
	if err != nil {
		return TableDetail{}, err
	}
	err = l.reading(ctx, func(now *version) error {
		d, err = l.tableDetail(ctx, now, pin)
		return err
	})
	return d, err
}

// Details describes all tables as they are now, by name.
func (l *Lake) Details(ctx context.Context) (details []TableDetail, err error) {
	err = l.reading(ctx, func(now *version) error {
		tables, err := now.present(ctx, now.names())
		if err != nil {
			return err
		}
		for _, table := range tables {
			d, err := l.tableDetail(ctx, now, currentPin(table))
			if err != nil {
				return err
			}
			details = append(details, d)
		}
		return nil
	})
	return details, err
}

func (l *Lake) tableDetail(ctx context.Context, now *version, pin Pin) (d TableDetail, err error) {
	table, err := l.find(ctx, now, pin.Table)
	if err != nil {
		return d, err
	}
	d.Pin = pin
	if d.Spec, _, err = specAt(table, pin.Snapshot); err != nil {
		return d, err
	}
	data, err := table.DataDir()
	if err != nil {
		return d, err
	}
	d.Folder = l.located(filepath.Dir(data))
	files, err := table.Files(pin.Snapshot)
	d.Files, d.Bytes = len(files), totalBytes(files)
	return d, damaged(err)
}

// A LakeDetail says what a lake is, as its lake.json does, and what it holds.
type LakeDetail struct {
	Folder string
	// Catalog is the catalog's file, or its address without a password, and
	// Warehouse where the files are, as a URI.
	Catalog, Warehouse string

	ID      string
	Format  int
	Created time.Time
	Tables  int   // without meta tables
	Files   int   // of the current version
	Bytes   int64 // of these files
}

// Detail describes the lake as it is now.
func (l *Lake) Detail(ctx context.Context) (d LakeDetail, err error) {
	d = LakeDetail{Folder: l.dir, Catalog: l.catalogFile(), Warehouse: l.place.Location()}
	content, err := os.ReadFile(filepath.Join(l.dir, DescriptionFile))
	if err != nil {
		return d, fmt.Errorf("describe lake: %w", err)
	}
	var about description
	if err := json.Unmarshal(content, &about); err != nil {
		return d, fmt.Errorf("describe lake: %s: %w", DescriptionFile, damaged(err))
	}
	d.ID, d.Format, d.Created = about.ID, about.FormatVersion, about.Created
	return d, l.reading(ctx, func(now *version) error { return d.count(ctx, now) })
}

// count adds what the lake holds now.
func (d *LakeDetail) count(ctx context.Context, now *version) error {
	tables, err := now.present(ctx, now.names())
	if err != nil {
		return err
	}
	for _, table := range tables {
		files, _, err := currentFiles(table)
		if err != nil {
			return err
		}
		d.Files += len(files)
		d.Bytes += totalBytes(files)
		if !isMeta(table.Name()) {
			d.Tables++
		}
	}
	return nil
}

func totalBytes(files []iceberg.DataFile) (n int64) {
	for _, f := range files {
		n += f.Bytes
	}
	return n
}
