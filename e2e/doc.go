// Package e2e judges the program with clients that it did not write: the real
// Codex, a real browser, a real desktop. It imports none of the backend.
package e2e
