package clawsim

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// serve starts a stand-in that ends with the test.
func serve(t *testing.T, o Options) (*Sim, string) {
	t.Helper()
	sim := New(o)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		sim.Close()
	})
	return sim, server.URL
}

type m map[string]any

// chatBody writes a request for a model that costs money.
func chatBody(prompt string, more ...m) string {
	body := m{"model": "openai/gpt-5.6-terra", "max_tokens": 100, "messages": []m{{"role": "user", "content": prompt}}}
	for _, extra := range more {
		for k, v := range extra {
			body[k] = v
		}
	}
	return string(encode(body))
}

func tools(names ...string) m {
	list := []m{}
	for _, n := range names {
		list = append(list, m{"type": "function", "function": m{"name": n, "parameters": m{"type": "object"}}})
	}
	return m{"tools": list}
}

type answerBody struct {
	Model   string
	Choices []struct {
		Message      message
		FinishReason string `json:"finish_reason"`
	}
	Usage *usage
}

func decodeAnswer(t *testing.T, r recording) answerBody {
	t.Helper()
	var a answerBody
	if err := json.Unmarshal([]byte(r.body), &a); err != nil || len(a.Choices) != 1 {
		t.Fatalf("status %d, no completion: %v\n%s", r.status, err, r.body)
	}
	return a
}

// converse plays the client of a tool loop: it answers every call with the next
// of results, and gives back what was called and said.
func converse(t *testing.T, url, prompt string, toolNames []string, results ...string) []string {
	t.Helper()
	messages := []m{
		{"role": "system", "content": "You are a coding agent."},
		{"role": "user", "content": "<environment_context>[[503]]</environment_context>"},
		{"role": "user", "content": prompt},
	}
	var said []string
	for range 10 {
		r := post(t, url+"/v1/chat/completions", chatBody("", m{"messages": messages}, tools(toolNames...)))
		if r.status != 200 {
			return append(said, fmt.Sprintf("status %d: %s", r.status, r.body))
		}
		a := decodeAnswer(t, r).Choices[0]
		if len(a.Message.ToolCalls) == 0 {
			return append(said, *a.Message.Content)
		}
		messages = append(messages, m{"role": "assistant", "content": a.Message.Content, "tool_calls": a.Message.ToolCalls})
		for _, c := range a.Message.ToolCalls {
			said = append(said, c.Function.Name+" "+c.Function.Arguments)
			result := "nothing"
			if len(results) > 0 {
				result, results = results[0], results[1:]
			}
			messages = append(messages, m{"role": "tool", "tool_call_id": c.ID, "content": result})
		}
	}
	return append(said, "no end")
}

func codexResult(code int, output string) string {
	return fmt.Sprintf("Chunk ID: 1\nWall time: 0.0000 seconds\nProcess exited with code %d\nOriginal token count: 2\nOutput:\n%s\n", code, output)
}

func TestTurns(t *testing.T) {
	codex := []string{"exec_command", "write_stdin", "apply_patch"}
	for _, tc := range []struct {
		name, prompt string
		tools        []string
		results      []string
		want         []string
	}{
		{"the agent runs a harmless command and reports", "hello", codex, []string{codexResult(0, "/home")},
			[]string{`exec_command {"cmd":"pwd"}`, "Done. The command printed:\n/home"}},
		{"the agent runs the command of a line", "Please\nrun: echo hi > a.txt\nthanks", codex, []string{codexResult(0, "")},
			[]string{`exec_command {"cmd":"echo hi > a.txt"}`, "Done. The command printed:\n"}},
		{"the agent runs a command in backticks", "now run `make test` here", codex, []string{codexResult(0, "ok")},
			[]string{`exec_command {"cmd":"make test"}`, "Done. The command printed:\nok"}},
		{"code that is only mentioned is not run", "explain `rm -rf /`", codex, nil,
			[]string{`exec_command {"cmd":"pwd"}`, "Done. The command printed:\nnothing"}},
		{"a failing command is reported as such", "[[fail]]", codex, []string{codexResult(3, "broken")},
			[]string{`exec_command {"cmd":"echo broken >&2; exit 3"}`, "The command failed with exit code 3. It printed:\nbroken"}},
		{"older shells take their own arguments", "run: ls", []string{"shell_command"}, []string{"x"},
			[]string{`shell_command {"command":"ls"}`, "Done. The command printed:\nx"}},
		{"a shell that takes words gets words", "run: ls -l", []string{"shell"}, []string{"x"},
			[]string{`shell {"command":["ls","-l"]}`, "Done. The command printed:\nx"}},
		{"two calls at once, both answered before the report", "[[tool2]]", codex, []string{"a", "b"},
			[]string{`exec_command {"cmd":"ls"}`, `exec_command {"cmd":"pwd"}`,
				"Done. The command printed:\na\n\nDone. The command printed:\nb"}},
		{"a patch", "[[patch notes.md]]", codex, []string{"ok"},
			[]string{`apply_patch {"input":"*** Begin Patch\n*** Add File: notes.md\n+hello from clawsim\n*** End Patch\n"}`,
				"Done. The command printed:\nok"}},
		{"three rounds", "[[loop 3]]", codex, []string{"1", "2", "3"},
			[]string{`exec_command {"cmd":"pwd"}`, `exec_command {"cmd":"pwd"}`, `exec_command {"cmd":"pwd"}`,
				"Done. The command printed:\n1\n\nDone. The command printed:\n2\n\nDone. The command printed:\n3"}},
		{"calls written in the prompt", `[[calls [{"name":"a","arguments":{"x":1}},{"name":"b"}] then "both: {results}"]]`, codex,
			[]string{"1", "2"}, []string{`a {"x":1}`, "b {}", "both: 1\n2"}},
		{"steps written in the prompt", `[[steps [{"calls":[{"name":"a"}]},{"calls":[{"name":"b"}]},{"text":"end"}]]]`, codex,
			nil, []string{"a {}", "b {}", "end"}},
		{"broken arguments", "[[badargs]]", codex, nil, []string{`exec_command {"cmd": "pwd`, "Done. The command printed:\nnothing"}},
		{"a text although there are tools", "[[text Just this.]]", codex, nil, []string{"Just this."}},
		{"without tools the prompt comes back", "what is up", nil, nil,
			[]string{"This is openai/gpt-5.6-terra, played by clawsim. You said: what is up"}},
		{"brackets of the user are no markers", "if [[ -f x ]]; then [[Wiki]] [[no-such-marker]]", nil, nil,
			[]string{"This is openai/gpt-5.6-terra, played by clawsim. You said: if [[ -f x ]]; then [[Wiki]] [[no-such-marker]]"}},
		{"a script that cannot be read says so", `[[say {"text":]]`, nil, nil,
			[]string{"clawsim cannot read the script in the prompt: [[say: invalid character ']' looking for beginning of value"}},
		{"a compaction gets a summary", "You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff summary.", nil, nil,
			[]string{"Summary of the work so far: nothing was asked yet."}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, url := serve(t, Options{})
			if diff := cmp.Diff(tc.want, converse(t, url, tc.prompt, tc.tools, tc.results...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScriptByName(t *testing.T) {
	script := Script{Name: "readme", Match: "fix the readme", Steps: []Turn{{Text: "scripted"}}}
	_, url := serve(t, Options{Scripts: []Script{script}})
	for _, prompt := range []string{"[[script readme]]", "please fix the readme now"} {
		if got := converse(t, url, prompt, nil); got[0] != "scripted" {
			t.Errorf("%q: %q", prompt, got)
		}
	}
	if got := converse(t, url, "[[script other]]", nil); !strings.Contains(got[0], `there is no script "other"`) {
		t.Errorf("unknown script: %q", got)
	}
}

func TestTimes(t *testing.T) {
	_, url := serve(t, Options{Off: []Spoiling{SpoilReplay, SpoilCache}})
	var statuses []int
	for range 3 {
		statuses = append(statuses, post(t, url+"/v1/chat/completions", chatBody("[[429 times=2]] hi")).status)
	}
	if diff := cmp.Diff([]int{429, 429, 200}, statuses); diff != "" {
		t.Error(diff)
	}
}
