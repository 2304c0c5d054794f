// Package report turns figures into the table that bench prints, the JSON beside
// it and the section of bench/README.md that holds the latest run. It measures
// nothing.
package report
