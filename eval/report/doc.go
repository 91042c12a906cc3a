// Package report decides what people see of runs: sections of a figure, the rows
// behind it and the SQL that gives these rows.
//
// All that a section shows comes from one query on the lake's tables and views,
// which is printed with it: whoever runs the query with alignctl sql gets the
// same rows. [Open] finds the runs that a report is about, [Subject.Sections]
// makes its sections; a run without data for a section isn't in it, and a
// section without data isn't there. [Report] lays the sections out as one
// self-contained page of HTML, or as Markdown.
//
// What people answered may not be passed on where a source's licence forbids
// it: then sample answers are left out, as data export would leave them.
package report
