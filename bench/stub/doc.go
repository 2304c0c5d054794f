// Package stub is the upstream that benchmarks run against: a Chat Completions
// server whose answer is ordered by the request itself, through a marker in the
// last user message. A marker is plain text, so it comes through a bridge that
// translates as well as through a hop that does not. It spoils nothing and
// judges nothing; package clawsim does that.
package stub
