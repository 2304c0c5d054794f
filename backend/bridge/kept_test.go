package bridge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
)

// paid is a ClawRouter that counts what it is paid for. It answers when released.
type paid struct {
	*upstream
	calls    atomic.Int32
	arrived  chan struct{}
	released chan struct{}
}

func newPaid(t *testing.T, answer string) *paid {
	t.Helper()
	p := &paid{arrived: make(chan struct{}, 8), released: make(chan struct{})}
	p.upstream = newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		p.calls.Add(1)
		p.arrived <- struct{}{}
		<-p.released
		if strings.HasPrefix(answer, "!") {
			http.Error(w, answer[1:], http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, answer)
	})
	p.clawRouter = true
	return p
}

const (
	threadTurn = `{"model":"vendor/one","stream":true,"input":[{"role":"user","content":"hi"}]}`
	saidHello  = `{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}`
)

var codexHeaders = []string{"Originator", "codex_exec", "Thread-Id", "thread-1"}

// abandoned sends a turn and leaves before it is answered.
func abandoned(t *testing.T, p *paid, url string) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	resp := post(t, ctx, url, threadTurn, codexHeaders...)
	<-p.arrived
	leave()
	resp.Body.Close()
}

func TestATurnIsPaidOnce(t *testing.T) {
	fast := func(c *bridge.Config) { c.KeepAlive = time.Millisecond }
	t.Run("the client asks again while the first call goes on", func(t *testing.T) {
		p := newPaid(t, saidHello)
		url := bridgeFor(t, p, fast)
		abandoned(t, p, url)
		again := post(t, t.Context(), url, threadTurn, codexHeaders...)
		close(p.released)
		if got := deltas(events(t, again)); got != "Hello" {
			t.Errorf("text %q", got)
		}
		if n := p.calls.Load(); n != 1 {
			t.Errorf("paid %d times", n)
		}
	})
	t.Run("the client asks again later, with an item that it had received", func(t *testing.T) {
		p := newPaid(t, `{"choices":[{"message":{"content":"I look.","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`)
		url := bridgeFor(t, p, fast)
		close(p.released)
		id := firstMessageID(t, post(t, t.Context(), url, threadTurn, codexHeaders...))
		again := strings.Replace(threadTurn, `}]}`, `},{"type":"message","id":"`+id+`","role":"assistant","content":[{"type":"output_text","text":"I look."}]}]}`, 1)
		var done []string
		r := bufio.NewReader(post(t, t.Context(), url, again, codexHeaders...).Body)
		for {
			line, err := r.ReadString('\n')
			if data, ok := strings.CutPrefix(line, "data: "); ok && strings.Contains(data, `"response.output_item.done"`) {
				var e struct{ Item struct{ Type string } }
				json.Unmarshal([]byte(data), &e)
				done = append(done, e.Item.Type)
			}
			if err != nil {
				break
			}
		}
		if strings.Join(done, ",") != "function_call" {
			t.Errorf("items given again: %v", done)
		}
		if n := p.calls.Load(); n != 1 {
			t.Errorf("paid %d times", n)
		}
	})
	t.Run("an older client gives no ids back", func(t *testing.T) {
		p := newPaid(t, `{"choices":[{"message":{"content":"I look.","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`)
		url := bridgeFor(t, p, fast)
		close(p.released)
		firstMessageID(t, post(t, t.Context(), url, threadTurn, codexHeaders...))
		const said = `},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]}`
		again := strings.Replace(threadTurn, `}]}`, said+`]}`, 1)
		body, _ := io.ReadAll(post(t, t.Context(), url, again, codexHeaders...).Body)
		if text := string(body); strings.Contains(text, `"output_index":0`) || !strings.Contains(text, `"output_index":1`) {
			t.Errorf("given again: %s", text)
		}
		if n := p.calls.Load(); n != 1 {
			t.Errorf("paid %d times", n)
		}
		// More than the answer had, or a question behind it, is another turn.
		for _, other := range []string{said + said[1:], said + `,{"role":"user","content":"go on"}`} {
			io.Copy(io.Discard, post(t, t.Context(), url, strings.Replace(threadTurn, `}]}`, other+`]}`, 1), codexHeaders...).Body)
		}
		if n := p.calls.Load(); n != 3 {
			t.Errorf("paid %d times", n)
		}
	})
	t.Run("another thread pays for itself", func(t *testing.T) {
		p := newPaid(t, saidHello)
		url := bridgeFor(t, p)
		close(p.released)
		io.Copy(io.Discard, post(t, t.Context(), url, threadTurn, codexHeaders...).Body)
		io.Copy(io.Discard, post(t, t.Context(), url, threadTurn, "Originator", "codex_exec", "Thread-Id", "thread-2").Body)
		if n := p.calls.Load(); n != 2 {
			t.Errorf("paid %d times", n)
		}
	})
	t.Run("a summary of a turn is not the turn again", func(t *testing.T) {
		p := newPaid(t, saidHello)
		url := bridgeFor(t, p, func(c *bridge.Config) { c.EnvelopeKey = []byte("key") })
		close(p.released)
		io.Copy(io.Discard, post(t, t.Context(), url, threadTurn, codexHeaders...).Body)
		resp := postTo(t, t.Context(), url+"/v1/responses/compact", threadTurn, codexHeaders...)
		if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), "response.compaction") {
			t.Errorf("answered %s", body)
		}
		if n := p.calls.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("a failure is not kept", func(t *testing.T) {
		p := newPaid(t, "!no")
		url := bridgeFor(t, p)
		close(p.released)
		for range 2 {
			io.Copy(io.Discard, post(t, t.Context(), url, threadTurn, codexHeaders...).Body)
		}
		if n := p.calls.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("a client without threads is not Codex", func(t *testing.T) {
		p := newPaid(t, saidHello)
		url := bridgeFor(t, p)
		close(p.released)
		for range 2 {
			io.Copy(io.Discard, post(t, t.Context(), url, threadTurn).Body)
		}
		if n := p.calls.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

// firstMessageID reads an answer to its end and returns the id of its message.
func firstMessageID(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, _ := io.ReadAll(resp.Body)
	_, rest, found := strings.Cut(string(body), `"id":"msg_`)
	if !found {
		t.Fatalf("no message in %s", body)
	}
	id, _, _ := strings.Cut(rest, `"`)
	return "msg_" + id
}
