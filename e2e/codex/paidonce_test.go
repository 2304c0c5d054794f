//go:build e2e

package codex

import "testing"

// ClawRouter is paid before it answers. When Codex's stream breaks it repeats the
// turn, with the items that it has, and is answered with what was paid already.
func TestABrokenStreamIsPaidOnce(t *testing.T) {
	const (
		text = `[[say "Much is new."]]`
		run  = `[[reason]] [[calls [{"name":"exec_command","arguments":{"cmd":"echo here"}}] then "Much is new."]]`
	)
	for _, test := range []struct {
		name, prompt, after string
		posts, calls        int
	}{
		{"before any item", text, `"type":"response.in_progress"`, 2, 1},
		{"in the answer", text, `"type":"response.output_text.delta"`, 2, 1},
		{"after the answer", text, `"status":"completed","role":"assistant"`, 2, 1},
		{"after a thought", run, `"encrypted_content":"cr1.`, 3, 2},
		// Codex runs a call at its end, and asks for the next step with its output.
		{"after a call", run, `"type":"function_call","status":"completed"`, 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCodex(t)
			tap, flags := viaTap(t, c)
			tap.Cut(test.after)
			r := c.exec(test.prompt, append(flags, "-m", thinkingModel)...).finish()
			if got := r.lastMessage(); got != "Much is new." {
				t.Errorf("codex shows %q", got)
			}
			if n := tap.Posts(); n != test.posts {
				t.Errorf("codex asked %d times, want %d", n, test.posts)
			}
			if record := c.link.Record(t); record.PaidCalls != test.calls {
				t.Errorf("%d calls were paid, want %d", record.PaidCalls, test.calls)
			}
			if n := len(r.items("agent_message")); n != 1 {
				t.Errorf("codex shows %d messages", n)
			}
			if n := len(r.items("command_execution")); n > 1 {
				t.Errorf("codex ran %d commands", n)
			}
		})
	}
}
