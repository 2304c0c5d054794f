package body

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const marker = "[[stub chunks=3]]"

func TestBodiesHaveTheSizeAskedFor(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(int, string) (Request, error)
		size int
	}{
		{"plain", Plain, 78_000},
		{"tools", Tools, 95_000},
		{"late", Late, 1_000_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.make(tc.size, marker)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Responses) != tc.size {
				t.Errorf("the Responses body has %d bytes, want %d", len(got.Responses), tc.size)
			}
			if least := tc.size * 85 / 100; len(got.Chat) < least || len(got.Chat) > tc.size*105/100 {
				t.Errorf("the Chat body has %d bytes, want at least %d and about %d", len(got.Chat), least, tc.size)
			}
			for api, b := range map[string][]byte{"Responses": got.Responses, "Chat": got.Chat} {
				if !json.Valid(b) {
					t.Errorf("the %s body is not JSON", api)
				}
				if n := bytes.Count(b, []byte(marker)); n != 1 {
					t.Errorf("the %s body has the stub's marker %d times, want once", api, n)
				}
			}
			again, err := tc.make(tc.size, marker)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again.Responses, got.Responses) || !bytes.Equal(again.Chat, got.Chat) {
				t.Error("a second call wrote other bytes")
			}
		})
	}
}

func TestTooSmallIsRefused(t *testing.T) {
	if _, err := Plain(1000, marker); err == nil || !strings.Contains(err.Error(), "too small") {
		t.Fatalf("Plain(1000) = %v, want an error that says the size is too small", err)
	}
}

func TestToolsBodyHasEveryKindThatCodexSends(t *testing.T) {
	got, err := Tools(95_000, marker)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Input []struct{ Type, Role string }
		Tools []struct{ Type, Name string }
	}
	if err := json.Unmarshal(got.Responses, &r); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, i := range r.Input {
		kinds[i.Type+" "+i.Role] = true
	}
	for _, i := range r.Tools {
		kinds["tool "+i.Type] = true
	}
	want := map[string]bool{
		"message developer": true, "message user": true, "reasoning ": true,
		"function_call ": true, "function_call_output ": true,
		"custom_tool_call ": true, "custom_tool_call_output ": true,
		"tool function": true, "tool custom": true, "tool namespace": true, "tool web_search": true,
	}
	delete(kinds, "message assistant")
	if d := cmp.Diff(want, kinds); d != "" {
		t.Errorf("kinds of items and tools (-want +got):\n%s", d)
	}
}

func TestChatAnswersEveryCall(t *testing.T) {
	got, err := Late(300_000, marker)
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ Messages []chatMessage }
	if err := json.Unmarshal(got.Chat, &r); err != nil {
		t.Fatal(err)
	}
	var called, answered []string
	for _, m := range r.Messages {
		for _, c := range m.ToolCalls {
			called = append(called, c.ID)
		}
		if m.Role == "tool" {
			answered = append(answered, m.CallID)
		}
	}
	if len(called) == 0 {
		t.Fatal("no tool calls in the history")
	}
	if d := cmp.Diff(called, answered); d != "" {
		t.Errorf("calls and their outputs (-called +answered):\n%s", d)
	}
}
