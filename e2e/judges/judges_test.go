//go:build e2e

package judges

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

func TestMain(m *testing.M) { stage.Main(m) }

// ask runs one of the scripts of this folder with node, and reads the object
// that it prints.
func ask(t *testing.T, into any, script string, args ...string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(stage.Root(), "e2e", "judges")
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{
		Path: node, Args: append([]string{script}, args...), Folder: folder,
		Env: []string{"PATH=" + filepath.Dir(node), "HOME=" + t.TempDir()},
	})
	if exit != 0 {
		t.Fatalf("%s ended with %d\n%s%s", script, exit, stdout, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), into); err != nil {
		t.Fatalf("%s printed %q: %v", script, stdout, err)
	}
}

// tools are what the requests of these tests offer.
const tools = `[
	{"type":"function","name":"weather","description":"The weather of a city.","strict":true,
	 "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}},
	{"type":"custom","name":"poem","description":"Writes a poem down.","format":{"type":"text"}}]`

// request is a Responses request in which the stand-in's model follows script;
// extra are more members of the request.
func request(t *testing.T, script, extra string) string {
	t.Helper()
	input, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	return `{"model":"deepseek/deepseek-v4-pro","input":` + string(input) + `,"tools":` + tools +
		`,"store":false,"metadata":{"from":"test"}` + extra + `}`
}
