//go:build e2e

package readme

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// symptoms are what the table of troubles says that Codex prints, and how a user
// gets there. Each begins after `setup`, with no link that runs.
var symptoms = []struct {
	name    string
	written string // in the README
	printed string // by Codex, where it writes a name or more into it
	args    []string
	spoil   func(t *testing.T, codexHome string)
}{
	{"the link does not run", "Connection failed: error sending request", "", nil, nil},
	{"a model that is not in the list", "Model metadata for … not found", "Model metadata for `no/such-model` not found", []string{"-m", "no/such-model"}, nil},
	{"no model list", "Error: No such file or directory (os error 2)", "", nil, func(t *testing.T, home string) {
		if err := os.Remove(filepath.Join(home, "clawrouter-models.json")); err != nil {
			t.Fatal(err)
		}
	}},
	{"a table of an older Codex", "contains legacy", "", nil, func(t *testing.T, home string) {
		text := "[profiles.clawrouter]\nmodel = \"blockrun/auto\"\n"
		if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}},
}

// Codex prints what the README says that it prints.
func TestSymptoms(t *testing.T) {
	text := readme(t)
	for _, s := range symptoms {
		t.Run(s.name, func(t *testing.T) {
			if !strings.Contains(text, s.written) {
				t.Fatalf("the README says nothing of %q", s.written)
			}
			folder := stage.Folder(t)
			env := []string{
				"HOME=" + folder, "CODEX_HOME=" + filepath.Join(folder, "codex"), "BLOCKRUN_MODEL_CATALOG_URL=off",
				"PATH=" + filepath.Join(stage.Root(), "e2e", "node_modules", ".bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
				fmt.Sprintf("PORT=%d", stage.FreePort(t)), fmt.Sprintf("PROXY_PORT=%d", stage.FreePort(t)),
			}
			if err := os.Mkdir(filepath.Join(folder, "codex"), 0o700); err != nil {
				t.Fatal(err)
			}
			if out, errs, exit := stage.Run(t, time.Minute, stage.Command{Path: stage.Program(), Args: []string{"setup"}, Env: env, Folder: folder}); exit != 0 {
				t.Fatalf("setup ended with %d: %s%s", exit, out, errs)
			}
			if s.spoil != nil {
				s.spoil(t, filepath.Join(folder, "codex"))
			}
			want := s.printed
			if want == "" {
				want = s.written
			}
			args := append([]string{"exec", "--skip-git-repo-check", "--profile", "clawrouter"}, s.args...)
			codex := stage.Start(t, stage.Command{
				Path: filepath.Join(stage.Root(), "e2e", "node_modules", ".bin", "codex"), Args: append(args, "--", "hello"), Env: env, Folder: folder,
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := stage.Eventually(ctx, func() error {
				if !strings.Contains(codex.Output(), want) {
					return fmt.Errorf("no %q in:\n%s", want, codex.Output())
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			codex.Stop(t)
		})
	}
}

var threadID = regexp.MustCompile(`(?m)^session id: (\S+)$`)

// A thread that was begun on the link is not opened without it, and is with it.
func TestSymptomOfAResumedThread(t *testing.T) {
	const written = "This chat uses model provider “clawrouter”, which is no longer configured"
	if !strings.Contains(readme(t), written) {
		t.Fatalf("the README says nothing of %q", written)
	}
	link := stage.StartLink(t)
	env := append(link.Env(), "PATH="+filepath.Join(stage.Root(), "e2e", "node_modules", ".bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	codex := func(args ...string) (string, int) {
		stdout, stderr, exit := stage.Run(t, 90*time.Second, stage.Command{
			Path: filepath.Join(stage.Root(), "e2e", "node_modules", ".bin", "codex"), Args: append([]string{"exec"}, args...), Env: env, Folder: link.Folder,
		})
		return stdout + stderr, exit
	}
	if _, errs, exit := stage.Run(t, time.Minute, stage.Command{Path: stage.Program(), Args: []string{"setup"}, Env: link.Env(), Folder: link.Folder}); exit != 0 {
		t.Fatalf("setup ended with %d: %s", exit, errs)
	}
	out, exit := codex("--skip-git-repo-check", "--profile", "clawrouter", "--", "[[text Hello.]]")
	thread := threadID.FindStringSubmatch(out)
	if exit != 0 || thread == nil {
		t.Fatalf("the first turn ended with %d:\n%s", exit, out)
	}
	if out, exit := codex("resume", "--skip-git-repo-check", thread[1], "--", "[[text Again.]]"); exit == 0 || !strings.Contains(out, written) {
		t.Errorf("without the profile it ended with %d:\n%s", exit, out)
	}
	if out, exit := codex("--profile", "clawrouter", "resume", "--skip-git-repo-check", thread[1], "--", "[[text Again.]]"); exit != 0 {
		t.Errorf("with the profile it ended with %d:\n%s", exit, out)
	}
}
