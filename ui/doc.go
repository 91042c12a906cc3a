// Package ui serves a lake as pages for people: its tables, its runs with their
// curves, what models answered, where things come from, and a console for SQL.
//
// It answers this machine's browser only, changes nothing, and runs each query
// in a session that can't reach anything outside the lake. What keeps others
// out is in guard.go, what bounds a query in pool.go. Each request sees the
// lake as it is then. Pages work without JavaScript; with it, curves grow and
// SQL is completed.
package ui
