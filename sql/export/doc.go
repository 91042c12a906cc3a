// Package export takes a data set out of the lake: one file a split in the
// layout of a trainer, and a card that says what it is, where it comes from and
// how to make it again.
//
// # Layouts
//
// [Layouts] lists them. A layout is a small table of SQL expressions, from the
// columns of a data set to the fields of a trainer; which data sets fit it is
// told by their columns:
//
//   - supervised examples: messages (a list of structs of role and content) and
//     completion (text);
//   - pairs: messages, chosen and rejected (text);
//   - rankings: messages and label.
//
// The plain layouts jsonl, parquet and psychling take any table.
//
// # The same bytes
//
// The same version of a data set gives the same files with the same release of
// alignctl, byte for byte: rows stand in key order, fields in the order of the
// layout, and no file holds the time. DuckDB writes the files; what it reads and
// sorts may be larger than memory.
package export
