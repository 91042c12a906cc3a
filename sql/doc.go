// Package sql makes data sets by SQL: a catalogue of views, their builds as
// versioned and audited tables of the lake, and the session in which a user
// queries the lake.
//
// # View files
//
// A data set is one .sql file: a header of comments, one SELECT, and audits.
//
//	-- view: data.strong_pairs
//	-- doc: One pair of a cue and an associate that many people gave.
//	--   A line that starts with three blanks or more continues the entry above.
//	-- key: language, cue, response
//	-- licence: no-redistribution
//	-- param: least int 10 1..1000 "people who gave the response, at least"
//	-- column: language "language of the cue"
//	-- column: cue "the cue"
//	-- column: response "the associate"
//	-- column: people unit=count "people who gave it among their three"
//	SELECT language, cue, response, n123 AS people
//	FROM core.strength
//	WHERE population = 'all' AND n123 >= getvariable('least')
//	-- audit: no-missing-associate "a response is never empty"
//	SELECT cue FROM data.strong_pairs WHERE response = ''
//
// The entries of the header:
//
//   - view: the table that a build writes, "data." and a lower-case name; the
//     file is called after the name. Views under core and eval come with alignctl.
//   - doc: what one row is.
//   - key: the columns that identify a row; the build checks that they do.
//   - scope: a parameter that is also a text column, the first of the key. The
//     table then holds what was built for each value, side by side: a build
//     replaces the rows of its value only.
//   - licence: open, or no-redistribution for rows that hold licensed words.
//   - param: name, type (int, double, string, bool, style), default, optional
//     range and doc. The range of a number is 1..10, 0.. or ..1; that of a string
//     is a|b|c, where core.strength.population stands for the values of that
//     column. A default with blanks stands in single quotes. The query reads a
//     parameter as the DuckDB variable getvariable('name'): values are never
//     pasted into text. A style is the name of a group of prompt templates; its
//     range is the slots that the query fills, cue|least|most, by default cue.
//   - column: name, optional unit=UNIT, optional null for a column that may
//     hold NULL, and doc. Types come from the query itself. A column without
//     an entry may hold NULL and has no doc.
//   - waive: a standing audit that isn't asked where a parameter has a value, such
//     as "no-group-crosses split=question".
//   - audit, after the query: a query that must return no row. It sees the new
//     rows under the view's name, those of other scopes beside them, and the same
//     parameters.
//
// A query names every table with its schema (core.strength); a name without
// one is a WITH query or the table templates. Its tables are found by DuckDB's
// parser and become the inputs of the build.
//
// # The same inputs give the same rows
//
// A view whose rows depend on more than its inputs is refused, with the line and
// what to write instead:
//
//   - functions whose result differs from run to run (random, now, uuid,
//     nextval, ...), TABLESAMPLE, and whatever reads files;
//   - LIMIT, OFFSET and DISTINCT ON without ORDER BY beside them;
//   - list, array_agg, string_agg, first, last, any_value, arg_max, arg_min and
//     their other names, without ORDER BY in their brackets;
//   - row_number, ntile, lag, lead, first_value, last_value, nth_value and fill,
//     and frames counted in ROWS, over a window without ORDER BY;
//   - mode, approx_quantile, approx_top_k, reservoir_quantile,
//     json_group_array, json_group_object and POSITIONAL JOIN, in any form.
//
// A text doesn't show whether an ORDER BY leaves ties, nor that a sum is one of
// doubles, which rounds by the order of its terms. BuildOptions.Prove finds
// these: it builds a second time, by one thread, from the inputs' rows in
// another order, and compares.
//
// # Standing audits and reports
//
// The folder audits holds queries that every data set is asked which has the
// columns that they need, a user's as well as ours; they read it as the table
// built. With the columns language, cue and split: that no group of spellings
// stands in two splits, and reports of what the test part shares with training.
//
// # Data sets that read others
//
// A build first builds the data sets that the view reads, in their order: with
// their defaults where the lake lacks them, and with the parameters of their last
// build where their inputs have moved since. Each is a run of its own. What no
// build made, such as a table of another engine's, is read as it is. A build at an
// earlier version builds nothing else. Data sets that read each other are an error.
//
// Of a table with a scope, a view that has the parameter of that name sees the
// rows of its value alone; so other values don't change what it depends on.
//
// # Views that stand in each session
//
// A view under core or eval without parameters is no data set: it stands in each
// session, over the tables of the session's version, where the lake has them. Its
// header has no audit. "optional: core.lemma(form, lemma)" names a table that
// counts as empty where there is none, with those of its columns that the query
// reads.
//
// # Recipes
//
// What decides the rows of a build is its recipe: the query in DuckDB's own
// spelling, key, columns, audits, parameters, the content digests of the inputs
// (of one scope, where the view sees one) and of the templates. A build whose
// recipe is that of what the table, or its scope, holds changes nothing.
//
// # Reading a data set
//
// A built data set is a [DataSet], read as examples: prompt, answers or label,
// and the other columns, by the names that columns have in every data set.
//
// # Prompt templates
//
// Prompts are data: a YAML file each, see [Template]. They stand in the session
// as the table templates(id, style, language, separator, no_more, messages), and
// render(messages, cue := cue, least := 5) gives the messages with their slots
// filled. A value that looks like a slot stays as it is.
package sql
