//go:build e2e

package codex

import (
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// A model that writes its call down as text gets it run all the same.
func TestLeakedCallIsRun(t *testing.T) {
	tests := []struct{ name, text string }{
		{"Hermes", `<tool_call>\n{\"name\":\"exec_command\",\"arguments\":{\"cmd\":\"echo leaked > leak.txt\"}}\n</tool_call>`},
		{"Qwen coder", `<function=exec_command>\n<parameter=cmd>\necho leaked > leak.txt\n</parameter>\n</function>`},
		{"fenced JSON", "I will run it.\\n```json\\n{\\\"name\\\":\\\"exec_command\\\",\\\"arguments\\\":{\\\"cmd\\\":\\\"echo leaked > leak.txt\\\"}}\\n```"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// ClawRouter would read some of these itself.
			c := newCodex(t, stage.SimArgs("--off", "text-calls"))
			c.link.Next(t, `{"text":"`+test.text+`"}`, `{"text":"It ran."}`)
			r := c.exec("Write the file.").succeed()
			if got := c.read("leak.txt"); got != "leaked\n" {
				t.Errorf("leak.txt holds %q", got)
			}
			if got := r.lastMessage(); got != "It ran." {
				t.Errorf("codex shows %q", got)
			}
			if n := len(r.items("command_execution")); n != 1 {
				t.Errorf("codex ran %d commands, want 1", n)
			}
		})
	}
}

// Prose that speaks of a call is shown, and nothing is run.
func TestProseAboutACallIsShown(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	const prose = "Use exec_command with {cmd: touch never.txt} to make it."
	r := c.exec(`[[say "` + prose + `"]]`).succeed()
	if got := r.lastMessage(); got != prose {
		t.Errorf("codex shows %q", got)
	}
	if n := len(r.items("command_execution")); n > 0 {
		t.Errorf("codex ran %d commands", n)
	}
}

// An answer that ended at its length is not lost, and the turn completes.
func TestAnswerCutAtItsLength(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	r := c.exec(`[[turn {"text":"The first half of","finish":"length"}]]`).succeed()
	if got := r.lastMessage(); !strings.Contains(got, "The first half of") {
		t.Errorf("codex shows %q", got)
	}
}

// ClawRouter's connection breaks in the middle of a call. The bridge asks again,
// is given the answer that was paid already, and the call runs once and whole.
func TestConnectionBreaksInACall(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	tap, flags := viaTap(t, c)
	r := c.exec(`[[turn {"calls":[{"name":"exec_command","arguments":{"cmd":"echo once >> once.txt"}}],"wire":"cut"}]]`, flags...).succeed()
	if got := c.read("once.txt"); got != "once\n" {
		t.Errorf("once.txt holds %q", got)
	}
	if n := len(r.items("command_execution")); n != 1 {
		t.Errorf("codex ran %d commands, want 1", n)
	}
	if got := tap.Posts(); got != 2 {
		t.Errorf("codex made %d requests, want 2: the call and its result", got)
	}
	if got := c.link.Record(t).PaidCalls; got != 2 {
		t.Errorf("%d calls were paid, want 2", got)
	}
}
