//go:build e2e

package readme

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// released is the module as somebody fetches it who runs `go install …@latest`.
var released = module.Version{Path: "github.com/BlockRunAI/clawrouter-codex", Version: "v0.0.1"}

// moduleProxy is a folder that serves the tree as a module, in the layout of
// GOPROXY: what the zip leaves out, go install does not have.
func moduleProxy(t *testing.T, tree string) string {
	t.Helper()
	proxy := t.TempDir()
	escaped, err := module.EscapePath(released.Path)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(proxy, escaped, "@v")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	packed, err := os.Create(filepath.Join(folder, released.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.CreateFromDir(packed, released, tree); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(tree, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list": released.Version + "\n", released.Version + ".info": `{"Version":"` + released.Version + `"}`, released.Version + ".mod": string(mod),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return proxy
}

// Somebody with nothing but Go installs the module: no checkout, no Node, no C
// compiler. The program works, and has the panel's page inside.
func TestGoInstallLatest(t *testing.T) {
	tree := copyTree(t)
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache, root, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	scratch := stage.Folder(t)
	bin := filepath.Join(scratch, "bin")
	install := exec.Command("go", "install", released.Path+"@latest")
	install.Dir = scratch
	install.Env = []string{
		"HOME=" + scratch, "PATH=" + filepath.Join(root, "bin"), "GOBIN=" + bin,
		"GOMODCACHE=" + filepath.Join(scratch, "mod"), "GOFLAGS=-modcacherw -trimpath", "CGO_ENABLED=0", "GOSUMDB=off", "GOTOOLCHAIN=local",
		// What the tests have downloaded already, and nothing else.
		"GOPROXY=file://" + moduleProxy(t, tree) + ",file://" + filepath.Join(cache, "cache", "download"),
	}
	for _, value := range goEnv(t) {
		if strings.HasPrefix(value, "GOCACHE=") {
			install.Env = append(install.Env, value)
		}
	}
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("go install: %v\n%s", err, out)
	}
	installed := filepath.Join(bin, "clawrouter-codex")
	hasThePage(t, installed, filepath.Join(tree, "frontend", "dist"))
	works(t, installed)
}

// hasThePage looks for each file of the page in the executable, where they lie
// as they are.
func hasThePage(t *testing.T, program, page string) {
	t.Helper()
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(page, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if !bytes.Contains(data, text) {
			t.Errorf("%s is not inside", path)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Errorf("%d files of the page: %v", files, err)
	}
}

// works asks the program for its version and lets it run the demo.
func works(t *testing.T, program string) {
	t.Helper()
	home := t.TempDir()
	env := []string{
		"HOME=" + home, "PATH=/nowhere", fmt.Sprintf("PORT=%d", stage.FreePort(t)), fmt.Sprintf("PROXY_PORT=%d", stage.FreePort(t)),
	}
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{Path: program, Args: []string{"version", "--json"}, Env: env, Folder: home})
	var answer struct{ Data struct{ Version string } }
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil || answer.Data.Version != released.Version {
		t.Errorf("version ended with %d: %s%s", exit, stdout, stderr)
	}
	demo := stage.Start(t, stage.Command{Path: program, Args: []string{"up", "--demo"}, Env: env, Folder: home})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := stage.Eventually(ctx, func() error {
		if !codexLine.MatchString(demo.Output()) {
			return fmt.Errorf("no codex line in:\n%s", demo.Output())
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	demo.Stop(t)
}
