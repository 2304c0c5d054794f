//go:build e2e

package codex

import (
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// searchesAllowed is a user who switched web search on.
func searchesAllowed(t *testing.T) *codex {
	t.Helper()
	c := newCodex(t)
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{
		Path: stage.Program(), Args: []string{"websearch", "on"}, Env: c.link.Env(), Folder: c.link.Folder,
	})
	if exit != 0 {
		t.Fatalf("websearch on ended with %d\n%s%s", exit, stdout, stderr)
	}
	return c
}

// paidSearches counts the searches that the wallet paid for.
func paidSearches(t *testing.T, link *stage.Link) (n int) {
	t.Helper()
	for _, call := range link.Record(t).Calls {
		if strings.HasSuffix(call.Path, "/exa/search") {
			n++
		}
	}
	return n
}

// told returns what a model is told as the output of its web searches.
func told(chat stage.Chat) (found []string) {
	for _, m := range chat.Messages {
		if m.Role == "tool" && strings.HasPrefix(m.ToolCallID, "search") {
			found = append(found, string(m.Content))
		}
	}
	return found
}

const foundIt = `Result 0 for go 1.26`

// A search is run for the model, Codex shows it, and what was found stays with the
// model after a resume, without being paid for again.
func TestWebSearch(t *testing.T) {
	t.Parallel()
	c := searchesAllowed(t)
	first := c.exec(`What is new? [[calls [{"name":"web_search","arguments":{"query":"go 1.26"}}] then "Much is new."]]`).succeed()
	if got := first.lastMessage(); got != "Much is new." {
		t.Errorf("codex shows %q", got)
	}
	shown := first.items("web_search")
	if len(shown) != 1 || shown[0].Item.Query != "go 1.26" {
		t.Errorf("codex shows %d searches: %+v", len(shown), shown)
	}
	for _, e := range first.items("reasoning") {
		t.Errorf("codex shows an empty thought: %+v", e)
	}
	second := c.resume(first.session(), `[[say "You are welcome."]]`).succeed()
	if got := second.lastMessage(); got != "You are welcome." {
		t.Errorf("codex shows %q", got)
	}
	chats := c.link.Chats(t)
	if len(chats) != 3 || paidSearches(t, c.link) != 1 {
		t.Fatalf("%d calls and %d searches were paid, want 3 and 1", len(chats), paidSearches(t, c.link))
	}
	for i, chat := range chats[1:] {
		if found := told(chat); len(found) != 1 || !strings.Contains(found[0], foundIt) {
			t.Errorf("call %d tells the model %q", i+2, found)
		}
	}
	if tools := string(chats[0].Tools[len(chats[0].Tools)-1]); !strings.Contains(tools, `"web_search"`) {
		t.Errorf("the last tool is %s", tools)
	}
}

// A search beside a command: Codex runs the command, and both outputs go up.
func TestWebSearchBesideACommand(t *testing.T) {
	t.Parallel()
	c := searchesAllowed(t)
	r := c.exec(`[[calls [{"name":"web_search","arguments":{"query":"go 1.26"}},{"name":"exec_command","arguments":{"cmd":"echo here"}}] then "Both."]]`).succeed()
	if got := r.lastMessage(); got != "Both." || len(r.items("command_execution")) != 1 || len(r.items("web_search")) != 1 {
		t.Errorf("codex shows %q, %d commands, %d searches", got, len(r.items("command_execution")), len(r.items("web_search")))
	}
	chats := c.link.Chats(t)
	if len(chats) != 2 || paidSearches(t, c.link) != 1 {
		t.Fatalf("%d calls, %d searches", len(chats), paidSearches(t, c.link))
	}
	var outputs []string
	for _, m := range chats[1].Messages {
		if m.Role == "tool" {
			outputs = append(outputs, string(m.Content))
		}
	}
	if len(outputs) != 2 || !strings.Contains(outputs[0], foundIt) || !strings.Contains(outputs[1], "here") {
		t.Errorf("the model is told %q", outputs)
	}
}

// A search that fails is the model's to know, and no broken turn.
func TestWebSearchThatFails(t *testing.T) {
	t.Parallel()
	c := searchesAllowed(t)
	c.link.Next(t, `{"calls":[{"name":"web_search","arguments":{"query":"go 1.26"}}]}`, `{"status":503}`, `{"text":"I go on without it."}`)
	r := c.exec("What is new?").succeed()
	if got := r.lastMessage(); got != "I go on without it." {
		t.Errorf("codex shows %q", got)
	}
	chats := c.link.Chats(t)
	if found := told(chats[len(chats)-1]); len(found) != 1 || !strings.Contains(found[0], "The web search failed") {
		t.Errorf("the model is told %q", found)
	}
}

// Without the switch there is no search, whatever Codex lists.
func TestNoWebSearchWithoutTheSwitch(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	c.exec(`[[say "Hello."]]`).succeed()
	for _, tool := range c.link.Chats(t)[0].Tools {
		if strings.Contains(string(tool), `"web_search"`) {
			t.Errorf("offered: %s", tool)
		}
	}
}

// Codex repeats a turn whose stream broke. Whatever it had of it by then, each call
// and each search is paid once.
func TestABrokenStreamOfASearchIsPaidOnce(t *testing.T) {
	for name, after := range map[string]string{
		"before any item":     `"type":"response.in_progress"`,
		"in the search":       `"type":"response.web_search_call.searching"`,
		"after the search":    `"status":"completed","action"`,
		"after what it found": `"encrypted_content":"cs1.`,
		"in the answer":       `"type":"response.output_text.delta"`,
		"after the answer":    `"status":"completed","role":"assistant"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := searchesAllowed(t)
			tap, flags := viaTap(t, c)
			tap.Cut(after)
			r := c.exec(`[[calls [{"name":"web_search","arguments":{"query":"go 1.26"}}] then "Much is new."]]`, flags...).finish()
			if got := r.lastMessage(); got != "Much is new." {
				t.Errorf("codex shows %q", got)
			}
			if n := tap.Posts(); n != 2 {
				t.Errorf("codex asked %d times", n)
			}
			if calls, searches := len(c.link.Chats(t)), paidSearches(t, c.link); calls != 2 || searches != 1 {
				t.Errorf("%d calls and %d searches were paid", calls, searches)
			}
			if n := len(r.items("web_search")); n != 1 {
				t.Errorf("codex shows %d searches", n)
			}
			if n := len(r.items("agent_message")); n != 1 {
				t.Errorf("codex shows %d messages", n)
			}
		})
	}
}
