//go:build e2e

package codex

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// callsMarker is the stand-in's script of one step of calls after the other,
// and a last text.
func callsMarker(last string, steps ...[]scripted) string {
	var b strings.Builder
	b.WriteString("[[calls ")
	for _, step := range steps {
		text, err := json.Marshal(step)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&b, "%s then ", text)
	}
	text, err := json.Marshal(last)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(&b, "%s]]", text)
	return b.String()
}

// scripted is a call that the stand-in's model makes.
type scripted struct {
	ID        string         `json:"id,omitempty"`
	Name      string         `json:"name"`
	Arguments map[string]any `json:"arguments"`
}

func TestApplyPatch(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	if err := os.WriteFile(filepath.Join(c.work, "old.go"), []byte("package old\n\nfunc A() {\n\treturn\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	patch := func(lines ...string) []scripted {
		return []scripted{{Name: "apply_patch", Arguments: map[string]any{"input": strings.Join(lines, "\n") + "\n"}}}
	}
	r := c.exec(callsMarker("Patched.",
		patch("*** Begin Patch", "*** Add File: sub/new.txt", "+one", "+\ttwo  \"quoted\" \\ ü", "*** End Patch"),
		patch("*** Begin Patch", "*** Update File: old.go", "@@ func A() {", "-\treturn", "+\tprintln(\"a\")", " }", "*** End Patch"),
	)).succeed()

	if got, want := c.read("sub/new.txt"), "one\n\ttwo  \"quoted\" \\ ü\n"; got != want {
		t.Errorf("sub/new.txt holds %q, want %q", got, want)
	}
	if got, want := c.read("old.go"), "package old\n\nfunc A() {\n\tprintln(\"a\")\n}\n"; got != want {
		t.Errorf("old.go holds %q, want %q", got, want)
	}
	var kinds []string
	for _, e := range r.items("file_change") {
		for _, change := range e.Item.Changes {
			kinds = append(kinds, change.Kind+" "+filepath.Base(change.Path))
		}
	}
	if got := strings.Join(kinds, ", "); got != "add new.txt, update old.go" {
		t.Errorf("codex changed %q", got)
	}
	items := r.transcript()
	made := calls(items, "custom_tool_call", "apply_patch")
	if len(made) != 2 {
		t.Fatalf("%d custom tool calls in the session, want 2", len(made))
	}
	for _, call := range made {
		if output := outputOf(t, items, call.CallID); !strings.Contains(output, "Success") {
			t.Errorf("the patch was answered with %q", output)
		}
	}
}

// A patch that does not fit is told to the model, which can then mend it.
func TestApplyPatchThatFails(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	r := c.exec(callsMarker("{report}", []scripted{{Name: "apply_patch", Arguments: map[string]any{
		"input": "*** Begin Patch\n*** Update File: nowhere.txt\n@@\n-a\n+b\n*** End Patch\n",
	}}})).succeed()
	if got := r.lastMessage(); !strings.Contains(got, "nowhere.txt") {
		t.Errorf("the model was told %q", got)
	}
}
