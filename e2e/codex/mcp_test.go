//go:build e2e

package codex

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// mcpFlags let Codex start our MCP server under the name "notes".
func mcpFlags(t *testing.T) []string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(stage.Root(), "e2e", "codex", "testdata", "mcp-server.mjs")
	return []string{
		"-c", `mcp_servers.notes.command="` + node + `"`,
		"-c", `mcp_servers.notes.args=["` + server + `"]`,
	}
}

// Codex answers "unsupported call" unless the call comes back with its
// namespace apart from its name.
func TestMCPServerIsCalled(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	r := c.exec(callsMarker("{report}",
		[]scripted{{Name: "mcp__notes__reverse", Arguments: map[string]any{"text": "drawer"}}},
	), mcpFlags(t)...).succeed()

	ran := r.items("mcp_tool_call")
	if len(ran) != 1 || ran[0].Item.Server != "notes" || ran[0].Item.Tool != "reverse" || ran[0].Item.Status != "completed" {
		t.Fatalf("codex called %+v", ran)
	}
	items := r.transcript()
	made := calls(items, "function_call", "reverse")
	if len(made) != 1 || made[0].Namespace != "mcp__notes" {
		t.Fatalf("calls in the session: %+v", made)
	}
	if output := outputOf(t, items, made[0].CallID); !strings.Contains(output, "reward") {
		t.Errorf("the call was answered with %q", output)
	}
	if got := r.lastMessage(); !strings.Contains(got, "reward") {
		t.Errorf("the model was told %q", got)
	}
}
