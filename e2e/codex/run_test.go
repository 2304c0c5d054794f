//go:build e2e

package codex

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// run is what one `codex exec` did.
type run struct {
	t         testing.TB
	exit      int
	stderr    string
	events    []event
	codexHome string
}

// event is one line of `codex exec --json`; only what the tests look at.
type event struct {
	Type     string
	ThreadID string `json:"thread_id"`
	Message  string
	Error    struct{ Message string }
	Usage    struct {
		InputTokens  int `json:"input_tokens"`
		OutputTokens int `json:"output_tokens"`
	}
	Item struct {
		Type             string
		Text             string
		Command          string
		AggregatedOutput string `json:"aggregated_output"`
		ExitCode         *int   `json:"exit_code"`
		Status           string
		Message          string
		Server, Tool     string
		Query            string
		Changes          []struct{ Path, Kind string }
	}
}

// responseItem is one item of the conversation as Codex wrote it down.
type responseItem struct {
	Type, Role, Name, Namespace, Arguments, Input string

	ID               string
	CallID           string `json:"call_id"`
	Output           json.RawMessage
	Content          []part
	Summary          []part
	EncryptedContent *string `json:"encrypted_content"`
}

type part struct {
	Type, Text string
	ImageURL   string `json:"image_url"`
}

// succeed fails the test unless Codex finished the turn and complained of
// nothing, retries among it.
func (r *run) succeed() *run {
	r.t.Helper()
	r.finish()
	if complaints := r.errors(); len(complaints) > 0 {
		r.t.Errorf("codex complained: %q", complaints)
	}
	return r
}

// finish fails the test unless Codex finished the turn.
func (r *run) finish() *run {
	r.t.Helper()
	if r.exit != 0 {
		r.t.Fatalf("codex ended with %d: %s", r.exit, strings.Join(r.errors(), "; "))
	}
	if len(r.ofType("turn.completed")) != 1 {
		r.t.Error("codex did not complete the turn")
	}
	return r
}

func (r *run) ofType(name string) []event {
	var found []event
	for _, e := range r.events {
		if e.Type == name {
			found = append(found, e)
		}
	}
	return found
}

// items are the finished items of one type: agent_message, command_execution,
// file_change, mcp_tool_call, …
func (r *run) items(name string) []event {
	var found []event
	for _, e := range r.ofType("item.completed") {
		if e.Item.Type == name {
			found = append(found, e)
		}
	}
	return found
}

// lastMessage is the text that Codex ended the turn with.
func (r *run) lastMessage() string {
	r.t.Helper()
	messages := r.items("agent_message")
	if len(messages) == 0 {
		r.t.Fatal("codex showed no message")
	}
	return messages[len(messages)-1].Item.Text
}

// errors are all complaints that Codex printed, "Reconnecting..." among them.
func (r *run) errors() []string {
	var all []string
	for _, e := range r.events {
		switch {
		case e.Type == "error":
			all = append(all, e.Message)
		case e.Type == "turn.failed":
			all = append(all, e.Error.Message)
		case e.Item.Type == "error" && e.Type == "item.completed":
			all = append(all, e.Item.Message)
		}
	}
	return all
}

func (r *run) session() string {
	r.t.Helper()
	started := r.ofType("thread.started")
	if len(started) != 1 || started[0].ThreadID == "" {
		r.t.Fatalf("codex started %d threads, want one", len(started))
	}
	return started[0].ThreadID
}

// transcript is the conversation of this session as Codex keeps it.
func (r *run) transcript() []responseItem {
	r.t.Helper()
	return transcriptOf(r.t, rollout(r.t, r.codexHome, r.session()))
}

// rollout is the file in which Codex keeps a session.
func rollout(t testing.TB, codexHome, session string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(codexHome, "sessions", "*", "*", "*", "rollout-*"+session+".jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d session files of %s, want one (%v)", len(files), session, err)
	}
	return files[0]
}

func transcriptOf(t testing.TB, path string) []responseItem {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var items []responseItem
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return items
		}
		var entry struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if entry.Type != "response_item" {
			continue
		}
		var item responseItem
		if err := json.Unmarshal(entry.Payload, &item); err != nil {
			t.Fatalf("%s: %v in %s", path, err, entry.Payload)
		}
		items = append(items, item)
	}
}

// outputOf is what a call was answered with, as text.
func outputOf(t testing.TB, items []responseItem, callID string) string {
	t.Helper()
	for _, item := range items {
		if item.CallID != callID || !strings.HasSuffix(item.Type, "_output") {
			continue
		}
		var text string
		if json.Unmarshal(item.Output, &text) == nil {
			return text
		}
		return string(item.Output)
	}
	t.Fatalf("no answer to call %s in the session", callID)
	return ""
}

// calls are the items of one type and tool, in order.
func calls(items []responseItem, kind, name string) []responseItem {
	var found []responseItem
	for _, item := range items {
		if item.Type == kind && item.Name == name {
			found = append(found, item)
		}
	}
	return found
}
