// Package codex edits the files that belong to Codex: the profile, the base
// config and the model catalog. It changes only the keys that are ours and
// never talks to the network.
package codex
