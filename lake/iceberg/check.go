package iceberg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check looks for what is wrong with the catalog itself: the database's own check
// of its file, where it has one, and the namespaces and tables that the lake made.
func (c *Catalog) Check(ctx context.Context, namespaces []string) (problems []string, err error) {
	if problems, err = c.fileProblems(ctx); err != nil {
		return nil, err
	}
	for _, name := range namespaces {
		found, err := c.texts(ctx, `select namespace from iceberg_namespace_properties where catalog_name = ? and namespace = ?
			and property_key = 'exists' and property_value = 'true'`, CatalogName, name)
		if err != nil {
			return problems, err
		}
		if len(found) == 0 {
			problems = append(problems, fmt.Sprintf("namespace %q isn't in it", name))
		}
	}
	if digest, err := c.schemaDigest(ctx); err != nil || digest != c.recall(ctx, "schema") {
		problems = append(problems, fmt.Sprint("its tables aren't declared as init did ", err))
	}
	missing, err := c.texts(ctx, `select t.name from alignctl_tables t where not exists (select 1 from iceberg_tables i
		where i.catalog_name = ? and i.table_namespace || '.' || i.table_name = t.name)`, CatalogName)
	if err != nil {
		return problems, err
	}
	for _, name := range missing {
		problems = append(problems, fmt.Sprintf("table %s isn't in it any more: another engine dropped it, or the row is damaged", name))
	}
	return problems, nil
}

func (c *Catalog) fileProblems(ctx context.Context) ([]string, error) {
	if c.db.problems == "" {
		return nil, nil
	}
	texts, err := c.texts(ctx, c.db.problems)
	return slices.DeleteFunc(texts, func(text string) bool { return text == "ok" }), err
}

// Description is the content of lake.json, as init wrote it.
func (c *Catalog) Description(ctx context.Context) string { return c.recall(ctx, "description") }

// Describe makes the catalog that of a lake, by the content of lake.json, and of
// the warehouse that it was opened with; or, where another was first, changes
// nothing. It gives what stands there.
func (c *Catalog) Describe(ctx context.Context, content string) (held string, err error) {
	err = c.db.patiently(ctx, func() error {
		tx, err := c.db.begin(ctx)
		if err != nil {
			return err
		}
		if held, err = tx.describe(ctx, content, c.place.Location()); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	})
	return held, err
}

func (t transaction) describe(ctx context.Context, content, warehouse string) (held string, err error) {
	first, err := t.exec(ctx, "insert into alignctl_lake values ('description', ?) on conflict do nothing", content)
	if err != nil || first == 1 {
		_, warehouseErr := t.exec(ctx, rememberSQL, "warehouse", warehouse)
		return content, errors.Join(err, warehouseErr)
	}
	err = t.row(ctx, "select value from alignctl_lake where key = 'description'").Scan(&held)
	return held, err
}

const rememberSQL = "insert into alignctl_lake values (?, ?) on conflict (key) do update set value = excluded.value"

// remember puts a value into alignctl_lake.
func (c *Catalog) remember(ctx context.Context, key, value string) error {
	return c.db.exec(ctx, rememberSQL, key, value)
}

// recall is a value of alignctl_lake; "" where there is none that can be read.
func (c *Catalog) recall(ctx context.Context, key string) string {
	texts, err := c.texts(ctx, "select value from alignctl_lake where key = ?", key)
	if err != nil || len(texts) != 1 {
		return ""
	}
	return texts[0]
}

// schemaDigest stands for how the tables and indexes are declared that every
// lake's catalog has. Other engines may add their own.
func (c *Catalog) schemaDigest(ctx context.Context) (string, error) {
	texts, err := c.texts(ctx, c.db.declared)
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return hex.EncodeToString(sum[:]), err
}

// Previous is where the metadata before a table's current one is, by the location
// of the current one.
func (c *Catalog) Previous(ctx context.Context) (map[string]string, error) {
	rows, err := c.db.query(ctx, `select metadata_location, coalesce(previous_metadata_location, '')
		from iceberg_tables where catalog_name = ?`, CatalogName)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	defer rows.Close()
	previous := map[string]string{}
	for rows.Next() {
		var current, before string
		if err := rows.Scan(&current, &before); err != nil {
			return nil, c.unread(err)
		}
		previous[current] = before
	}
	return previous, c.db.explain(rows.Err())
}

// texts gives the one column of a query.
func (c *Catalog) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := c.db.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, c.unread(err)
		}
		texts = append(texts, text)
	}
	return texts, c.db.explain(rows.Err())
}
