package bridge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// clawRouter is the stand-in, which spoils what the real one spoils, and a client
// of it.
func clawRouter(t *testing.T, o clawsim.Options) (*clawsim.Sim, *proxy.Client) {
	t.Helper()
	sim := clawsim.New(o)
	server := httptest.NewServer(sim.Handler())
	// Presumed as where the program starts one itself: on a busy machine it may not
	// answer in time who it is, and would be a stranger for a minute.
	client, err := proxy.NewClient(server.URL, proxy.ClientOptions{Presumed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close(); sim.Close() })
	return sim, client
}

// sourceSize is that of the Go source which a session reads.
const sourceSize = 1 << 20

// goSource is a megabyte of this program's own source, tabs and all, with what
// ClawRouter's rewriting harms in it: runs of spaces, spaces at ends of lines,
// line breaks of two kinds, JSON with room in it.
func goSource(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || b.Len() >= sourceSize || !strings.HasSuffix(path, ".go") {
			return err
		}
		data, err := os.ReadFile(path)
		b.Write(data)
		fmt.Fprintf(&b, "// %s   ends here \t \n\r\n\n\n\n\t\t{ \"a\" :  [ 1,  2 ] }\n", path)
		return err
	})
	if err != nil || b.Len() < sourceSize {
		t.Fatalf("%d bytes of source: %v", b.Len(), err)
	}
	return b.Bytes()[:sourceSize]
}

// A megabyte of source goes through a long session, a piece with every step, and
// each time all of it arrives at the gateway as it is on disk: in requests that
// ClawRouter rewrites from 180 KB on, and from which it cuts all but the last 200
// messages.
func TestSourceArrivesByteForByteInALongSession(t *testing.T) {
	sim, client := clawRouter(t, clawsim.Options{Balance: "1000"})
	url := bridgeFor(t, client, func(c *bridge.Config) { c.MaxRequest = 64 << 20 })
	pieces := slices.Collect(slices.Chunk(goSource(t), 8<<10))
	input := []any{map[string]any{"type": "message", "role": "user", "content": "Read the whole program."}}
	for i, piece := range pieces {
		id := fmt.Sprintf("call_%d", i)
		input = append(input,
			map[string]any{"type": "function_call", "call_id": id, "name": "exec_command", "arguments": fmt.Sprintf(`{"cmd":"sed -n %dp"}`, i)},
			map[string]any{"type": "function_call_output", "call_id": id, "output": strings.ToValidUTF8(string(piece), "?")})
		// At each of these the request is of another kind: small, over 180 KB, at 200
		// messages, far over both.
		if !slices.Contains([]int{4, 25, 95, len(pieces) - 1}, i) {
			continue
		}
		body, err := json.Marshal(map[string]any{
			"model": "anthropic/claude-opus-5", "stream": true, "input": input,
			"tools": []any{map[string]any{"type": "function", "name": "exec_command", "parameters": map[string]any{"type": "object"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		sim.ResetRecord()
		// The answer is given, and not looked for in the request, whose text has all the
		// words by which the stand-in is told how to fail.
		if err := sim.Apply(clawsim.Control{Next: &[]clawsim.Turn{{Text: "It is read."}}}); err != nil {
			t.Fatal(err)
		}
		if e := last(t, post(t, t.Context(), url, string(body), "Originator", "codex_exec", "Thread-Id", "long")); e.Type != "response.completed" {
			t.Fatalf("step %d: %s %+v", i, e.Type, e.Response.Error)
		}
		calls := sim.Record().Calls
		if len(calls) != 1 {
			t.Fatalf("step %d: %d calls", i, len(calls))
		}
		for _, spoiled := range []clawsim.Spoiling{clawsim.SpoilWhitespace, clawsim.SpoilCut} {
			if slices.Contains(calls[0].Spoiled, spoiled) {
				t.Errorf("step %d: ClawRouter did its %s", i, spoiled)
			}
		}
		arrived := wordsOf(t, calls[0].Body)
		for n, item := range input[1:] {
			output, ok := item.(map[string]any)["output"].(string)
			if !ok {
				continue
			}
			at := strings.Index(arrived, output)
			if at < 0 {
				t.Fatalf("step %d: piece %d is not there as it was", i, n/2)
			}
			arrived = arrived[at+len(output):]
		}
	}
}

// wordsOf is all text of a chat request, in order.
func wordsOf(t *testing.T, body []byte) string {
	t.Helper()
	var chat struct {
		Messages []struct{ Content json.RawMessage }
	}
	if err := json.Unmarshal(body, &chat); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range chat.Messages {
		var text string
		var parts []struct{ Text string }
		if json.Unmarshal(m.Content, &text) == nil {
			b.WriteString(text)
		} else if json.Unmarshal(m.Content, &parts) == nil {
			for _, p := range parts {
				b.WriteString(p.Text)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Under a cap of a dollar, 64 sessions on a routing profile never make the gateway
// charge more than a dollar, whatever it routes to.
func TestTheGatewayNeverChargesMoreThanTheCap(t *testing.T) {
	sim, client := clawRouter(t, clawsim.Options{Balance: "1000"})
	book, err := spend.Open(spend.Options{Folder: spend.Disk(t.TempDir()), Prices: models.Snapshot()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close(context.Background()) })
	if err := book.SetCap(spend.Dollar); err != nil {
		t.Fatal(err)
	}
	url := bridgeFor(t, client, func(c *bridge.Config) { c.Book = book })
	// Each prompt is of another tier, or of none.
	prompts := []string{"hi", "Prove step by step that it ends, and derive its bound.", "Refactor this distributed system: ```go\nfunc f() {}\n```", strings.Repeat("explain this in detail. ", 400)}
	const sessions, turns = 64, 6
	refused := make(chan string, sessions)
	var all sync.WaitGroup
	for n := range sessions {
		all.Go(func() {
			for turn := range turns {
				body, _ := json.Marshal(map[string]any{
					"model": "blockrun/auto", "stream": true, "input": fmt.Sprintf("%s (%d, %d)", prompts[(n+turn)%len(prompts)], n, turn),
				})
				resp := post(t, t.Context(), url, string(body), "Originator", "codex_exec", "Thread-Id", fmt.Sprintf("t%d", n))
				answer, err := io.ReadAll(resp.Body)
				if err != nil || !strings.Contains(string(answer), `"type":"response.completed"`) {
					refused <- fmt.Sprintf("%s %v", answer, err)
					return
				}
			}
		})
	}
	all.Wait()
	close(refused)
	record := sim.Record()
	if charged := spend.Micros(record.Charged); charged > spend.Dollar || charged == 0 {
		t.Errorf("the gateway charged %s for %d calls", charged, record.PaidCalls)
	}
	if len(refused) == 0 {
		t.Error("the cap stood in nobody's way")
	}
	for why := range refused {
		if !strings.Contains(why, `"invalid_prompt"`) || !strings.Contains(why, "The daily cap of $1.00 stops this turn") {
			t.Errorf("a session ended with %.300s", why)
		}
	}
	t.Logf("%d calls, %s charged, %s booked", record.PaidCalls, spend.Micros(record.Charged), book.Status().Today)
}

// ClawRouter throws away an answer whose client hung up, so that the same request
// would be paid again; later releases even end the call that is paid. What prevents
// both is that the bridge does not hang up when Codex does.
func TestTheBridgeDoesNotHangUpWhenCodexDoes(t *testing.T) {
	for _, version := range []string{clawsim.MeasuredVersion, clawsim.NewestVersion} {
		t.Run(version, func(t *testing.T) {
			sim, client := clawRouter(t, clawsim.Options{Version: version})
			url := bridgeFor(t, client)
			body := `{"model":"zai/glm-5.2","stream":true,"input":[{"role":"user","content":"[[slow 0.5]] hi"}]}`
			ctx, leave := context.WithCancel(t.Context())
			resp := post(t, ctx, url, body, codexHeaders...)
			await(t, "the call at the gateway", func() bool { return sim.Record().CallCount == 1 })
			leave()
			_ = resp.Body.Close()
			await(t, "the end of the call", func() bool { return sim.Record().Calls[0].Outcome != "pending" })
			if e := last(t, post(t, t.Context(), url, body, codexHeaders...)); e.Type != "response.completed" {
				t.Errorf("the repeat ended with %+v", e)
			}
			r := sim.Record()
			if r.PaidCalls != 1 || r.Calls[0].ClientGone || r.Calls[0].Outcome != "answered" {
				t.Errorf("%d calls paid; the first: %+v", r.PaidCalls, r.Calls[0])
			}
		})
	}
}

// An agent's loop on auto stays on auto: no model of another thread is pinned to it,
// no dearer tier comes because its steps are alike, and no journal is put before the
// instructions because somebody writes "so far".
func TestAutoStaysAutoInALoop(t *testing.T) {
	const task = "Summarize what you did so far, then go on."
	meddling := func(t *testing.T, unshielded bool) (found []clawsim.Spoiling) {
		t.Helper()
		sim, client := clawRouter(t, clawsim.Options{Balance: "1000", Reply: "I have created the file main.go with all of it."})
		url := bridgeFor(t, client, func(c *bridge.Config) { c.Unshielded = map[string]bool{"session": unshielded} })
		ask := func(model, thread string, steps int) {
			t.Helper()
			input := []any{map[string]any{"type": "message", "role": "user", "content": task}}
			for n := range steps {
				id := fmt.Sprintf("call_%d", n)
				input = append(input,
					map[string]any{"type": "message", "role": "assistant", "content": "I have created the file main.go with all of it."},
					map[string]any{"type": "function_call", "call_id": id, "name": "exec_command", "arguments": "{}"},
					map[string]any{"type": "function_call_output", "call_id": id, "output": fmt.Sprint("done ", n)})
			}
			body, err := json.Marshal(map[string]any{"model": model, "stream": true, "input": input, "instructions": "You are an agent."})
			if err != nil {
				t.Fatal(err)
			}
			if e := last(t, post(t, t.Context(), url, string(body), "Originator", "codex_exec", "Thread-Id", thread)); e.Type != "response.completed" {
				t.Fatalf("%+v", e)
			}
		}
		ask("zai/glm-5.2", "another", 0)
		for steps := range 6 {
			ask("blockrun/auto", "loop", steps)
			ask("zai/glm-5.2", "named", steps)
		}
		for _, call := range sim.Record().Calls {
			for _, s := range call.Spoiled {
				if s == clawsim.SpoilPin || s == clawsim.SpoilUpgrade || s == clawsim.SpoilJournal {
					found = append(found, s)
				}
			}
		}
		return found
	}
	if found := meddling(t, false); len(found) > 0 {
		t.Errorf("ClawRouter did its %v", found)
	}
	if found := meddling(t, true); len(found) == 0 {
		t.Error("the stand-in does nothing that the session has to prevent")
	}
}

// await looks until it is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
