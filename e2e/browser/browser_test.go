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
func TestPanel(t *testing.T) { play(t, "panel.mjs", 8*time.Minute) }

// play runs a script of this folder in a folder and on ports of its own.
func play(t *testing.T, script string, limit time.Duration) {
	t.Helper()
	perform(t, script, limit, stage.Folder(t), stage.FreePort(t), stage.FreePort(t))
}

// perform runs a script, and makes of each line that it prints a test.
func perform(t *testing.T, script string, limit time.Duration, folder string, port, proxyPort int, env ...string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	codex := filepath.Join(folder, ".codex")
	for _, dir := range []string{codex, filepath.Join(folder, "bin")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	env = append(env,
		"PATH="+filepath.Join(folder, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HOME="+folder, "LANG=C.UTF-8", "TZ=UTC", "GORACE=atexit_sleep_ms=0",
		"CODEX_HOME="+codex, "CLAWROUTER_CODEX_HOME="+filepath.Join(folder, "state"),
		"PROGRAM="+stage.Program(), "CLAWROUTER_CMD="+stage.Program()+" sim", "BLOCKRUN_MODEL_CATALOG_URL=off",
		"SCENE="+os.Getenv("SCENE"), fmt.Sprintf("PORT=%d", port), fmt.Sprintf("PROXY_PORT=%d", proxyPort), "FOLDER="+folder,
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
