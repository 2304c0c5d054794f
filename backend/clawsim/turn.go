package clawsim

import (
	"encoding/json"
	"strings"
	"time"
)

// Turn is what the model behind the gateway does with one request. The zero
// Turn answers with an empty text.
type Turn struct {
	// Text is the answer; {model}, {prompt}, {results} (outputs of the tools
	// called in this turn) and {report} (a sentence about them) are replaced.
	Text      string     `json:"text,omitempty"`
	Reasoning string     `json:"reasoning,omitempty"`
	Calls     []ToolCall `json:"calls,omitempty"`
	// Finish is the finish_reason; "" means stop, or tool_calls beside calls.
	Finish  string `json:"finish,omitempty"`
	NoUsage bool   `json:"no_usage,omitempty"`
	// DelayMS is how long the gateway is silent first; Hang is for ever.
	DelayMS int  `json:"delay_ms,omitempty"`
	Hang    bool `json:"hang,omitempty"`
	// PaceMS is the pause between two chunks of a stream when SpoilBurst is off.
	PaceMS int `json:"pace_ms,omitempty"`
	// Status other than 0 and 200 fails the call with Body (a string is sent as
	// plain text, anything else as JSON) and RetryAfter.
	Status     int             `json:"status,omitempty"`
	Body       json.RawMessage `json:"body,omitempty"`
	RetryAfter string          `json:"retry_after,omitempty"`
	// Drop hangs up before the answer, Raw is a body of status 200 as it stands.
	Drop bool    `json:"drop,omitempty"`
	Raw  *string `json:"raw,omitempty"`
	// Broke lets settlement fail for want of funds: status 402, nothing paid.
	Broke bool `json:"broke,omitempty"`
	// Wire breaks the line between client and proxy after the answer was paid.
	Wire Wire `json:"wire,omitempty"`
}

// Wire is a way in which the proxy itself fails its client.
type Wire string

const (
	WireCut     Wire = "cut"     // half of the answer, then the connection is closed
	WireGarbage Wire = "garbage" // bytes that are no HTTP and no event
	WireHalf    Wire = "half"    // the answer ends within a UTF-8 character
	WireSilent  Wire = "silent"  // headers and half of the answer, then nothing more
)

// ToolCall is one call of a tool. Arguments that are a JSON string are sent as
// they stand, so that they may be broken; anything else is sent as JSON text.
type ToolCall struct {
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

func (t ToolCall) text() string {
	if len(t.Arguments) == 0 {
		return "{}"
	}
	var s string
	if t.Arguments[0] == '"' && json.Unmarshal(t.Arguments, &s) == nil {
		return s
	}
	return string(t.Arguments)
}

func (t Turn) delay() time.Duration { return time.Duration(t.DelayMS) * time.Millisecond }

// Script is a conversation written down. It is used where the last user message
// says [[script NAME]] or contains Match.
type Script struct {
	Name  string `json:"name"`
	Match string `json:"match,omitempty"`
	// Steps follow each other as the results of their calls come back.
	Steps []Turn `json:"steps"`
}

// step picks the turn that is due when so many tool results have come back
// since the prompt: a step with n calls is over after n results.
func step(steps []Turn, results int) Turn {
	for _, t := range steps {
		if len(t.Calls) == 0 || results < len(t.Calls) {
			return t
		}
		results -= len(t.Calls)
	}
	return Turn{Text: "{report}"}
}

// commandOutput is what a tool printed, without the lines that Codex puts above it.
func commandOutput(result string) string {
	if _, out, ok := strings.Cut(result, "Output:\n"); ok {
		return strings.TrimRight(out, "\n")
	}
	return strings.TrimRight(result, "\n")
}

// exitCode is the code that a tool result of Codex names.
func exitCode(result string) (code string, ok bool) {
	for _, label := range []string{"Process exited with code ", "Exit code: "} {
		if _, rest, found := strings.Cut(result, label); found {
			code, _, _ = strings.Cut(rest, "\n")
			return strings.TrimSpace(code), true
		}
	}
	return "", false
}

// report tells in a sentence or two what the tools gave back.
func report(results []string) string {
	if len(results) == 0 {
		return "Nothing was run."
	}
	var b strings.Builder
	for i, r := range results {
		if i > 0 {
			b.WriteString("\n\n")
		}
		if code, ok := exitCode(r); ok && code != "0" {
			b.WriteString("The command failed with exit code " + code + ". It printed:\n")
		} else {
			b.WriteString("Done. The command printed:\n")
		}
		b.WriteString(shorten(commandOutput(r), 600))
	}
	return b.String()
}

// shorten cuts a text to n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
