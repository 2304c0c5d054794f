package codex

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// npm's codex is a script for node, which a program that was started at login has
// not on its PATH.
func TestACodexThatIsAScriptFindsItsNode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no scripts of this kind there")
	}
	dir := t.TempDir()
	node, script := filepath.Join(dir, "tools", "node"), filepath.Join(dir, "codex")
	put(t, node, "#!/bin/sh\necho codex-cli 0.169.0\n")
	put(t, script, "#!/usr/bin/env node\n")
	for _, path := range []string{node, script} {
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, env := range map[string][]string{"no PATH": {}, "a short PATH": {"PATH=/nowhere"}} {
		p := &Program{Path: script, Env: env, Node: node, Scratch: dir}
		if v, err := p.Version(t.Context()); err != nil || v != "0.169.0" {
			t.Errorf("%s: %q, %v", name, v, err)
		}
	}
}

func TestPlainQuote(t *testing.T) {
	for path, want := range map[string]string{
		`C:\Users\A & B\x.json`: `'C:\Users\A & B\x.json'`,
		`/home/it's/x.json`:     `"/home/it's/x.json"`,
		"/home/a\tb":            `"/home/a\u0009b"`,
	} {
		if got := plainQuote(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
