//go:build bindings

package main

// `wails build` first runs a build of this kind, to learn which methods of ours the
// page calls. It calls none: it talks HTTP.
func main() {}
