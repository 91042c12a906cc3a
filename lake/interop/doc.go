// Package interop holds the test that a lake made by alignctl is an ordinary
// Iceberg lake to other engines: PyIceberg and Spark read every table, version
// and tag of it and write to it, and alignctl goes on from what they wrote.
// setup.sh brings the engines, docs/interop.md says what was seen.
package interop
