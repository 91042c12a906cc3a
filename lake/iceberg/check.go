package iceberg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Check looks for what is wrong with the catalog itself: SQLite's own check of
// the file, and the namespaces and tables that the lake made.
func (c *Catalog) Check(ctx context.Context, namespaces []string) (problems []string, err error) {
	texts, err := c.texts(ctx, "pragma integrity_check")
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		if text != "ok" {
			problems = append(problems, text)
		}
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

// Description is the content of lake.json, as init wrote it.
func (c *Catalog) Description(ctx context.Context) string { return c.recall(ctx, "description") }

// Describe records the content of lake.json.
func (c *Catalog) Describe(ctx context.Context, content string) error {
	return c.remember(ctx, "description", content)
}

// remember puts a value into alignctl_lake.
func (c *Catalog) remember(ctx context.Context, key, value string) error {
	_, err := c.db.ExecContext(ctx, "insert or replace into alignctl_lake values (?, ?)", key, value)
	return err
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
	texts, err := c.texts(ctx, `select type || name || tbl_name || coalesce(sql, '') from sqlite_master
		where tbl_name in ('iceberg_tables', 'iceberg_namespace_properties', 'alignctl_lake', 'alignctl_files', 'alignctl_tables')
		order by name`)
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return hex.EncodeToString(sum[:]), err
}

// Previous is, by table, where the metadata before the current one is.
func (c *Catalog) Previous(ctx context.Context) (map[string]string, error) {
	rows, err := c.db.QueryContext(ctx, `select table_namespace || '.' || table_name, coalesce(previous_metadata_location, '')
		from iceberg_tables where catalog_name = ?`, CatalogName)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", c.explain(err))
	}
	defer rows.Close()
	previous := map[string]string{}
	for rows.Next() {
		var name, location string
		if err := rows.Scan(&name, &location); err != nil {
			return nil, unread(err)
		}
		previous[name] = location
	}
	return previous, c.explain(rows.Err())
}

// texts gives the one column of a query.
func (c *Catalog) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := c.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", c.explain(err))
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, unread(err)
		}
		texts = append(texts, text)
	}
	return texts, c.explain(rows.Err())
}
