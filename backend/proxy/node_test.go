//go:build !windows

package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeNode writes a program that answers like node of this version; real is
// where it says that it lies, "" for its own place.
func fakeNode(t *testing.T, path, version, real string) string {
	t.Helper()
	if real == "" {
		real = path
	}
	script(t, path, fmt.Sprintf("printf 'v%s\\n%s\\n'", version, real))
	return path
}

func script(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestCheckNodePrefers(t *testing.T) {
	dir := t.TempDir()
	remembered := fakeNode(t, filepath.Join(dir, "remembered", "node"), "24.1.0", "")
	onPath := fakeNode(t, filepath.Join(dir, "bin", "node"), "23.2.0", "")
	old := fakeNode(t, filepath.Join(dir, "old", "node"), "20.20.2", "")
	broken := filepath.Join(dir, "broken", "node")
	script(t, broken, "exit 1")
	hd := t.TempDir()
	for _, v := range []string{"v9.9.9", "v22.3.0", "v22.11.0", "v20.1.0"} {
		fakeNode(t, filepath.Join(hd, ".nvm", "versions", "node", v, "bin", "node"), v[1:], "")
	}
	nvm := filepath.Join(hd, ".nvm", "versions", "node", "v22.11.0", "bin", "node")
	for name, c := range map[string]struct {
		s    NodeSearch
		want string
	}{
		"what setup remembered":       {NodeSearch{Node: remembered, Env: []string{"PATH=" + filepath.Dir(onPath)}}, remembered},
		"PATH":                        {NodeSearch{Env: []string{"PATH=" + filepath.Dir(onPath)}}, onPath},
		"remembered one is gone":      {NodeSearch{Node: "/gone/node", Env: []string{"PATH=" + filepath.Dir(onPath)}}, onPath},
		"the one on PATH is broken":   {NodeSearch{Env: []string{"PATH=" + filepath.Dir(broken) + ":" + filepath.Dir(onPath)}}, onPath},
		"the one on PATH is too old":  {NodeSearch{Env: []string{"PATH=" + filepath.Dir(old)}, Home: hd}, nvm},
		"no PATH, as at login":        {NodeSearch{Home: hd}, nvm},
		"NVM_DIR beats the usual one": {NodeSearch{Home: "/nowhere", Env: []string{"NVM_DIR=" + filepath.Join(hd, ".nvm")}}, nvm},
	} {
		got, err := CheckNode(t.Context(), c.s)
		if err != nil || got.Path != c.want {
			t.Errorf("%s: %+v, %v; want %s", name, got, err, c.want)
		}
	}
}

func TestCheckNodeLooksBehindAShim(t *testing.T) {
	dir := t.TempDir()
	real := fakeNode(t, filepath.Join(dir, "real", "bin", "node"), "22.1.0", "")
	script(t, filepath.Join(dir, "real", "bin", "npx"), "exit 0")
	shim := fakeNode(t, filepath.Join(dir, "shims", "node"), "22.1.0", real)
	script(t, filepath.Join(dir, "shims", "npx"), "exit 1")
	got, err := CheckNode(t.Context(), NodeSearch{Env: []string{"PATH=" + filepath.Dir(shim)}})
	want := Node{Path: real, Version: "22.1.0", Npx: filepath.Join(dir, "real", "bin", "npx")}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestCheckNodeTooOld(t *testing.T) {
	old := fakeNode(t, filepath.Join(t.TempDir(), "node"), "18.19.1", "")
	s := NodeSearch{Env: []string{"PATH=" + filepath.Dir(old)}, Home: t.TempDir(), system: []string{}}
	got, err := CheckNode(t.Context(), s)
	var se *StartError
	if !errors.As(err, &se) || se.Kind != NodeTooOld || !strings.Contains(se.Message, "18.19.1") || !strings.Contains(se.Message, "22") || se.Mend == "" {
		t.Errorf("got %+v, %v", got, err)
	}
	s.Env = nil
	if _, err = CheckNode(t.Context(), s); !errors.As(err, &se) || se.Kind != NodeMissing || se.Mend == "" {
		t.Errorf("without any: %v", err)
	}
	s.system = []string{fakeNode(t, filepath.Join(t.TempDir(), "node"), "22.0.0", "")}
	if got, err := CheckNode(t.Context(), s); err != nil || got.Version != "22.0.0" {
		t.Errorf("where installers put it: %+v, %v", got, err)
	}
}

func TestNodeMissingIsToldInWords(t *testing.T) {
	se := asStartError(&StartError{Kind: NodeMissing, Message: "m", Mend: installNode("darwin")})
	if !strings.Contains(se.Error(), "brew install node") {
		t.Error(se)
	}
	for _, goos := range []string{"linux", "windows", "darwin"} {
		if !strings.Contains(installNode(goos), "nodejs.org") {
			t.Errorf("%s: %s", goos, installNode(goos))
		}
	}
}

func TestCheckNodeEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	script(t, filepath.Join(dir, "node"), "exec sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := CheckNode(ctx, NodeSearch{Env: []string{"PATH=" + dir + ":/bin:/usr/bin"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	node := fakeNode(t, filepath.Join(dir, "n", "node"), "22.1.0", "")
	lone := fakeNode(t, filepath.Join(dir, "lone", "node"), "22.1.0", "")
	npx := filepath.Join(dir, "n", "npx")
	script(t, npx, "exit 0")
	tool := filepath.Join(dir, "bin", "clawrouter")
	script(t, tool, "exit 0")
	with := func(node string, path ...string) *Supervisor {
		return Supervise(SupervisorOptions{Node: node, Env: []string{"PATH=" + strings.Join(path, ":")}, Home: dir})
	}
	for name, c := range map[string]struct {
		s     *Supervisor
		words string
		want  string
		kind  StartErrorKind
	}{
		"npx":                       {with(node), "npx", npx, ""},
		"node":                      {with(node), "node", node, ""},
		"npx missing":               {with(lone), "npx", "", NpxMissing},
		"a tool on PATH":            {with(node, filepath.Join(dir, "bin")), "clawrouter", tool, ""},
		"a tool by its path":        {with(node), tool, tool, ""},
		"a tool that is not there":  {with(node), "clawrouter", "", CommandMissing},
		"a tool that may not run":   {with(node), filepath.Join(dir, "n"), "", CommandMissing},
		"npx by a path of its own":  {with(node), npx, npx, ""},
		"a file that is no program": {with(node), "/etc/passwd", "", CommandMissing},
	} {
		got, dirs, err := c.s.resolve(t.Context(), []string{c.words})
		var se *StartError
		if c.kind == "" && (err != nil || got != c.want) || c.kind != "" && (!errors.As(err, &se) || se.Kind != c.kind) {
			t.Errorf("%s: %s, %v; want %s %s", name, got, err, c.want, c.kind)
		}
		if err == nil && (len(dirs) == 0 || dirs[0] != filepath.Dir(node)) {
			t.Errorf("%s: PATH gets %v in front, want node's folder", name, dirs)
		}
	}
}
