//go:build e2e

package browser

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

func TestMain(m *testing.M) { stage.Main(m) }

// TestPanel is one browser and one program; the scenes of panel.mjs follow each
// other as a user's evening would.
func TestPanel(t *testing.T) { play(t, "panel.mjs", 4*time.Minute) }

// TestShots takes the pictures that the README shows: make shots.
func TestShots(t *testing.T) {
	shots := os.Getenv("SHOTS")
	if shots == "" {
		t.Skip("make shots takes them anew")
	}
	play(t, "shots.mjs", 3*time.Minute, "SHOTS="+shots)
}

// play runs a script of this folder, and makes of each line that it prints a test.
func play(t *testing.T, script string, limit time.Duration, env ...string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	folder := stage.Folder(t)
	port, proxyPort := stage.FreePort(t), stage.FreePort(t)
	if err := os.MkdirAll(filepath.Join(folder, "home", ".codex"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	env = append(env,
		"PATH="+filepath.Join(folder, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HOME="+filepath.Join(folder, "home"), "LANG=C.UTF-8", "TZ=UTC", "GORACE=atexit_sleep_ms=0",
		"CODEX_HOME="+filepath.Join(folder, "home", ".codex"), "CLAWROUTER_CODEX_HOME="+filepath.Join(folder, "state"),
		"PROGRAM="+stage.Program(), "CLAWROUTER_CMD="+stage.Program()+" sim", "BLOCKRUN_MODEL_CATALOG_URL=off",
		fmt.Sprintf("PORT=%d", port), fmt.Sprintf("PROXY_PORT=%d", proxyPort), "FOLDER="+folder,
	)
	stdout, stderr, exit := stage.Run(t, limit, stage.Command{
		Path: node, Args: []string{filepath.Join(stage.Root(), "e2e", "browser", script)}, Env: env, Folder: folder,
	})
	scenes := 0
	for lines := bufio.NewScanner(strings.NewReader(stdout)); lines.Scan(); {
		var scene struct{ Name, Wrong, Note string }
		if json.Unmarshal(lines.Bytes(), &scene) != nil || scene.Name == "" {
			t.Log(lines.Text())
			continue
		}
		scenes++
		t.Run(scene.Name, func(t *testing.T) {
			if scene.Note != "" {
				t.Log(scene.Note)
			}
			if scene.Wrong != "" {
				t.Error(scene.Wrong)
			}
		})
	}
	if exit != 0 || scenes == 0 {
		t.Errorf("%s ended with %d after %d scenes\n%s", script, exit, scenes, stderr)
	}
}
