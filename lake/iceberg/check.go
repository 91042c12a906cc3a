package iceberg

import (
	"context"
	"fmt"
)

// Check looks for what is wrong with the catalog itself: SQLite's own check of
// the file, the namespaces and tables that the lake made, and whether each
// table's row agrees with its metadata about the version before.
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
		n, err := c.texts(ctx, `select namespace from iceberg_namespace_properties where catalog_name = ? and namespace = ?`,
			CatalogName, name)
		if err != nil {
			return problems, err
		}
		if len(n) == 0 {
			problems = append(problems, fmt.Sprintf("namespace %q isn't in it", name))
		}
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
func (c *Catalog) Description(ctx context.Context) (string, error) {
	texts, err := c.texts(ctx, "select value from alignctl_lake where key = 'description'")
	if err != nil || len(texts) == 0 {
		return "", err
	}
	return texts[0], nil
}

// Describe records the content of lake.json.
func (c *Catalog) Describe(ctx context.Context, content string) error {
	_, err := c.db.ExecContext(ctx, "insert or replace into alignctl_lake values ('description', ?)", content)
	return err
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
