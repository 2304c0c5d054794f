//go:build e2e

package dist

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// made is one run of build/dist.
type made struct {
	folder  string
	version string
	commit  string
}

var (
	scratch string // removed after the tests
	first   = sync.OnceValues(func() (made, error) { return makeIn(stage.Root(), "first") })
	second  = sync.OnceValues(makeElsewhere)
)

func TestMain(m *testing.M) {
	parent := filepath.Join(stage.Root(), ".cache", "e2e")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		panic(err)
	}
	var err error
	if scratch, err = os.MkdirTemp(parent, "dist-*"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

func all() bool { return os.Getenv("DIST_ALL") != "" }

// packages are those of the checkout.
func packages(t *testing.T) made {
	t.Helper()
	m, err := first()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// file is the package of that program and system.
func (m made) file(t *testing.T, program, ending string) string {
	t.Helper()
	path := filepath.Join(m.folder, program+"_"+m.version+"_"+ending)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func makeIn(root, name string, env ...string) (made, error) {
	m := made{folder: filepath.Join(scratch, name)}
	described, err := run(root, env, "go", "run", "./build/dist", "-describe")
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(described) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "VERSION":
			m.version = value
		case "COMMIT":
			m.commit = value
		}
	}
	args := []string{"run", "./build/dist", "-out", m.folder}
	if !all() {
		args = append(args, "-only", "linux/amd64,windows")
	}
	_, err = run(root, env, "go", args...)
	return m, err
}

func run(folder string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String(), nil
}

// makeElsewhere makes the packages in a clone at another path, for a user with
// another home, umask, language and time zone.
func makeElsewhere() (made, error) {
	clone := filepath.Join(scratch, "somewhere", "else entirely")
	if err := cloneTo(clone); err != nil {
		return made{}, err
	}
	env := []string{"TZ=Pacific/Chatham", "LANG=de_DE.UTF-8", "GOFLAGS=-v", "USER=other"}
	if all() {
		env = append(env, "GOCACHE="+filepath.Join(scratch, "cache"))
	}
	return makeIn(clone, "second", env...)
}

// cloneTo copies the checkout: the commit and its tags, then the files as they are
// now.
func cloneTo(clone string) error {
	script := `umask 077
git clone -q --no-checkout -- "$0" "$1"
cd "$1"
git reset -q
git -C "$0" ls-files -z --cached --others --exclude-standard | (cd "$0" && xargs -0 sh -c 'for f; do [ ! -e "$f" ] || echo "$f"; done' sh) |
  tar -C "$0" -cf - -T - | tar -xf -`
	root := stage.Root()
	_, err := run(root, nil, "sh", "-eu", "-c", script, root, clone)
	return err
}

func TestTheSameBytesAnywhere(t *testing.T) {
	a := packages(t)
	b, err := second()
	if err != nil {
		t.Fatal(err)
	}
	sums := func(m made) string {
		text, err := os.ReadFile(filepath.Join(m.folder, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if one, two := sums(a), sums(b); one != two {
		t.Errorf("two builds of one commit differ:\n%s\n%s", one, two)
	}
}

func TestChecksums(t *testing.T) {
	m := packages(t)
	text, err := os.ReadFile(filepath.Join(m.folder, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = sum
	}
	files, err := os.ReadDir(m.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() == "SHA256SUMS" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(m.folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(data)
		if got := hex.EncodeToString(hash[:]); got != listed[f.Name()] {
			t.Errorf("%s is listed with %q, and is %s", f.Name(), listed[f.Name()], got)
		}
		delete(listed, f.Name())
	}
	if len(listed) > 0 {
		t.Errorf("listed, and not there: %v", listed)
	}
}

// Each executable comes with the list of what it is made of.
func TestBillsOfMaterials(t *testing.T) {
	m := packages(t)
	for _, name := range []string{
		m.file(t, "clawrouter-codex", "linux_amd64.cdx.json"),
		m.file(t, "clawrouter-codex", "windows_amd64.cdx.json"),
		m.file(t, "clawrouter-codex-app", "windows_amd64.cdx.json"),
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var bill struct {
			BOMFormat  string
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(text, &bill); err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{}
		for _, c := range bill.Components {
			parts[c.Name] = c.Version
		}
		if bill.BOMFormat != "CycloneDX" || parts["github.com/spf13/cobra"] == "" || parts["std"] == "" {
			t.Errorf("%s lists %v", filepath.Base(name), parts)
		}
	}
}
