//go:build e2e

package codex

import (
	"path/filepath"
	"strings"
	"testing"
)

// The agent that was spawned runs turns of its own through the bridge; the
// first one waits for the file that the other makes.
func TestSubAgent(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	child := callsMarker("The child is done.", []scripted{{Name: "exec_command",
		Arguments: map[string]any{"cmd": "echo child > child.txt"}}})
	r := c.exec(callsMarker("Both are done.",
		[]scripted{{Name: "multi_agent_v1__spawn_agent", Arguments: map[string]any{"message": "Make the file. " + child}}},
		[]scripted{{Name: "exec_command", Arguments: map[string]any{
			"cmd": "for i in $(seq 90); do test -s child.txt && exit 0; sleep 0.1; done; exit 9"}}},
	)).succeed()

	if got := c.read("child.txt"); got != "child\n" {
		t.Errorf("child.txt holds %q", got)
	}
	// The note that the child ended may come last, and be answered too.
	var said bool
	for _, e := range r.items("agent_message") {
		said = said || e.Item.Text == "Both are done."
	}
	if !said {
		t.Errorf("codex ends with %q", r.lastMessage())
	}
	made := calls(r.transcript(), "function_call", "spawn_agent")
	if len(made) != 1 || made[0].Namespace != "multi_agent_v1" {
		t.Fatalf("calls in the session: %+v", made)
	}
	files, err := filepath.Glob(filepath.Join(c.link.CodexHome, "sessions", "*", "*", "*", "rollout-*.jsonl"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%d sessions, want the parent's and the child's (%v)", len(files), err)
	}
	var ran int
	for _, file := range files {
		for _, call := range calls(transcriptOf(t, file), "function_call", "exec_command") {
			if strings.Contains(call.Arguments, "echo child") {
				ran++
			}
		}
	}
	if ran != 1 {
		t.Errorf("the child's command ran %d times, want once", ran)
	}
}
