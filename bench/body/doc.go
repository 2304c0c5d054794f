// Package body writes request bodies as Codex 0.169 sends them, and the Chat
// Completions body that says the same, so that the bridge and a hop that
// translates nothing can be given equal work. Everything is generated from a
// fixed seed: two runs, on any machine, send the same bytes. It sends nothing.
package body
