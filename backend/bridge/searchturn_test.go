package bridge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// web is a ClawRouter whose answers are given in order, the last one again and
// again, and the search behind it.
type web struct {
	*upstream
	answers []string

	mu       sync.Mutex // protects the rest
	asked    []string   // bodies of the chat requests
	searches []string
	wanted   []int // results
	err      error
	before   func() // runs when a search arrives
}

func newWeb(t *testing.T, answers ...string) *web {
	t.Helper()
	w := &web{answers: answers}
	w.upstream = newUpstream(t, func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.asked = append(w.asked, string(body))
		answer := w.answers[min(len(w.asked), len(w.answers))-1]
		w.mu.Unlock()
		if status, rest, failed := strings.Cut(answer, "!"); failed && status == "" {
			http.Error(rw, rest, http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		io.WriteString(rw, answer)
	})
	w.clawRouter = true
	return w
}

func (w *web) Search(ctx context.Context, query string, n int) (proxy.SearchResult, error) {
	if w.before != nil {
		w.before()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.searches, w.wanted = append(w.searches, query), append(w.wanted, n)
	return proxy.SearchResult{Hits: []proxy.SearchHit{{Title: "About\n" + query, URL: "https://example.org/1", Published: "2026-05-01T00:00:00Z", Author: "Ada", Text: " Much is new. "}}}, w.err
}

func (w *web) paidFor() (calls, searches int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked), len(w.searches)
}

// searching starts a bridge whose models may search.
func (w *web) searching(t *testing.T, change ...func(*bridge.Config)) string {
	t.Helper()
	return bridgeFor(t, w, append([]func(*bridge.Config){func(c *bridge.Config) {
		c.Search, c.WebSearch, c.EnvelopeKey = w, func() bool { return true }, []byte("key")
	}}, change...)...)
}

// call is an answer that calls web_search with each of these arguments.
func call(arguments ...string) string {
	var calls []string
	for _, a := range arguments {
		quoted, _ := json.Marshal(a)
		calls = append(calls, `{"function":{"name":"web_search","arguments":`+string(quoted)+`}}`)
	}
	return `{"choices":[{"message":{"content":null,"tool_calls":[` + strings.Join(calls, ",") + `]},"finish_reason":"tool_calls"}]}`
}

const (
	goQuery   = `{"query":"go 1.26"}`
	webTurn   = `{"model":"vendor/one","stream":true,"include":["reasoning.encrypted_content"],"tools":[{"type":"function","name":"run"},{"type":"web_search"}],"input":[{"role":"user","content":"hi"}]}`
	clawModel = "anthropic/claude-opus-5"
)

// items reads an answer to its end and returns its finished items.
func items(t *testing.T, resp *http.Response) (done []string) {
	t.Helper()
	r := bufio.NewReader(resp.Body)
	ended := false
	for {
		line, err := r.ReadString('\n')
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var e struct {
				Type string
				Item json.RawMessage
			}
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatal(err)
			}
			ended = ended || e.Type == "response.completed"
			if e.Type == "response.output_item.done" {
				done = append(done, string(e.Item))
			}
		}
		if err != nil {
			if !ended {
				t.Errorf("the turn did not complete: %q", done)
			}
			return done
		}
	}
}

func kinds(items []string) (all []string) {
	for _, i := range items {
		var item struct{ Type string }
		_ = json.Unmarshal([]byte(i), &item)
		all = append(all, item.Type)
	}
	return all
}

func TestATurnThatSearches(t *testing.T) {
	w := newWeb(t, call(goQuery), saidHello)
	book := ledger(t)
	url := w.searching(t, func(c *bridge.Config) { c.Book = book })
	got := items(t, post(t, t.Context(), url, strings.Replace(webTurn, "vendor/one", clawModel, 1), codexHeaders...))
	if diff := cmp.Diff([]string{"web_search_call", "reasoning", "message"}, kinds(got)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(got[0], `"status":"completed","action":{"type":"search","query":"go 1.26"}`) {
		t.Errorf("shown as %s", got[0])
	}
	if len(w.asked) != 2 || !strings.Contains(w.asked[1], `1. About go 1.26\nhttps://example.org/1\nPublished 2026-05-01 by Ada\nMuch is new.\n`) {
		t.Errorf("the model was told %q", w.asked)
	}
	if diff := cmp.Diff([]int{6}, w.wanted); diff != "" {
		t.Errorf("results asked for: %s", diff)
	}
	var booked []string
	for _, e := range slices.Backward(book.Recent(10)) {
		line := e.Kind + " " + e.Asked
		if e.Repeat {
			line += " again"
		}
		booked = append(booked, line)
	}
	if diff := cmp.Diff([]string{" " + clawModel, "search blockrun-exa", " " + clawModel + " again"}, booked); diff != "" {
		t.Errorf("booked: %s", diff)
	}
	if s := book.Status(); s.Reserved != 0 {
		t.Errorf("%v is still reserved", s.Reserved)
	}
}

// The tool is offered where a ClawRouter answers and the user wants it.
func TestWhereASearchIsOffered(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*web, *bridge.Config)
		header []string
		want   bool
	}{
		{"the switch", func(*web, *bridge.Config) {}, nil, true},
		{"switched off", func(_ *web, c *bridge.Config) { c.WebSearch = nil }, nil, false},
		{"off, but the client's header", func(_ *web, c *bridge.Config) { c.WebSearch = nil }, []string{"X-Web-Search", "1"}, true},
		{"no ClawRouter", func(w *web, _ *bridge.Config) { w.clawRouter = false }, nil, false},
		{"a summary", func(*web, *bridge.Config) {}, []string{"X-Codex-Turn-Metadata", `{"request_kind":"compaction"}`}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWeb(t, saidHello)
			url := w.searching(t, func(cfg *bridge.Config) { c.change(w, cfg) })
			items(t, post(t, t.Context(), url, webTurn, c.header...))
			if got := strings.Contains(w.asked[0], `"name":"web_search"`); got != c.want {
				t.Errorf("offered: %v", got)
			}
		})
	}
}

func TestHowManyPages(t *testing.T) {
	w := newWeb(t, call(`{"query":"a","num_results":99}`, `{"query":"b","num_results":2}`), saidHello)
	items(t, post(t, t.Context(), w.searching(t), webTurn))
	slices.Sort(w.wanted)
	if diff := cmp.Diff([]int{2, proxy.MaxSearchHits}, w.wanted); diff != "" {
		t.Error(diff)
	}
}

// What is in a search's way is the model's to know; the turn goes on.
func TestWhatKeepsASearch(t *testing.T) {
	capped := func(t *testing.T, c *bridge.Config) {
		c.Book = ledger(t)
		if err := c.Book.SetCap(spend.Micros(1)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		args   string
		err    error
		change func(*testing.T, *bridge.Config)
		told   string
		ran    int
	}{
		{"the service fails", goQuery, &proxy.StatusError{Op: "search", Code: 503, Message: "down"}, nil, "failed: search: HTTP 503: down. Go on", 1},
		{"the cap", goQuery, nil, capped, "clawrouter-codex cap", 0},
		{"another wallet", goQuery, nil, func(_ *testing.T, c *bridge.Config) { c.RefusePaid = func() string { return "Another wallet pays." } }, "Another wallet pays.", 0},
		{"no query", `{}`, nil, nil, "names no query", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWeb(t, call(c.args), saidHello)
			w.err = c.err
			url := w.searching(t, func(cfg *bridge.Config) {
				if c.change != nil {
					c.change(t, cfg)
				}
			})
			// A free model: its turn is not refused, but its search may be.
			got := items(t, post(t, t.Context(), url, strings.Replace(webTurn, "vendor/one", "free/gpt-oss-120b", 1)))
			if !strings.Contains(got[0], `"status":"failed"`) || kinds(got)[len(got)-1] != "message" {
				t.Errorf("%q", got)
			}
			if !strings.Contains(w.asked[1], c.told) {
				t.Errorf("the model was told %s", w.asked[1])
			}
			if len(w.searches) != c.ran {
				t.Errorf("%d searches ran", len(w.searches))
			}
		})
	}
}

func TestAFailedSearchIsBooked(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		outcome string
		cost    spend.Micros
	}{
		"not paid":    {&proxy.StatusError{Code: 402}, "server_error", 0},
		"may be paid": {&proxy.StatusError{Code: 502}, "server_error", spend.SearchPrice},
		"broke off":   {&proxy.SendError{Sent: true, Err: errors.New("reset")}, "server_error", spend.SearchPrice},
		"not sent":    {&proxy.SendError{Err: errors.New("refused")}, "not sent", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWeb(t, call(goQuery), saidHello)
			w.err = c.err
			book := ledger(t)
			items(t, post(t, t.Context(), w.searching(t, func(cfg *bridge.Config) { cfg.Book = book }), webTurn))
			for _, e := range book.Recent(10) {
				if e.Kind != spend.KindSearch {
					continue
				}
				if e.Outcome != c.outcome || e.Cost != c.cost {
					t.Errorf("booked %q at %v", e.Outcome, e.Cost)
				}
				return
			}
			t.Error("not booked")
		})
	}
}

func TestSearchesAreBounded(t *testing.T) {
	t.Run("rounds", func(t *testing.T) {
		w := newWeb(t, call(goQuery)) // again and again
		got := items(t, post(t, t.Context(), w.searching(t), webTurn))
		if calls, searches := w.paidFor(); calls != 5 || searches != 4 {
			t.Errorf("%d calls, %d searches", calls, searches)
		}
		if strings.Contains(w.asked[4], `"name":"web_search","description"`) {
			t.Error("the last round is offered a search")
		}
		if last := got[len(got)-1]; !strings.Contains(strings.Join(got, ""), "more web searches than one turn may have") {
			t.Errorf("ends with %s", last)
		}
	})
	t.Run("at once", func(t *testing.T) {
		w := newWeb(t, call(`{"query":"1"}`, `{"query":"2"}`, `{"query":"3"}`, `{"query":"4"}`, `{"query":"5"}`, `{"query":"6"}`), saidHello)
		items(t, post(t, t.Context(), w.searching(t), webTurn))
		if _, searches := w.paidFor(); searches != 5 || !strings.Contains(w.asked[1], "at most 5 searches are run at once") {
			t.Errorf("%d searches; the model was told %s", searches, w.asked[1])
		}
	})
}

// A call that the client has to run ends the answer, and what was found comes back
// with its output.
func TestASearchBesideACall(t *testing.T) {
	both := strings.Replace(call(goQuery), `]},"finish`, `,{"id":"c1","function":{"name":"run","arguments":"{}"}}]},"finish`, 1)
	w := newWeb(t, both, saidHello)
	url := w.searching(t)
	got := items(t, post(t, t.Context(), url, webTurn, codexHeaders...))
	if diff := cmp.Diff([]string{"web_search_call", "function_call", "reasoning"}, kinds(got)); diff != "" {
		t.Fatal(diff)
	}
	if calls, _ := w.paidFor(); calls != 1 {
		t.Fatalf("%d calls", calls)
	}
	again := strings.Replace(webTurn, `"hi"}`, `"hi"},`+strings.Join(got, ",")+`,{"type":"function_call_output","call_id":"c1","output":"ran"}`, 1)
	items(t, post(t, t.Context(), url, again, codexHeaders...))
	if calls, searches := w.paidFor(); calls != 2 || searches != 1 || !strings.Contains(w.asked[1], "Much is new.") || !strings.Contains(w.asked[1], `"ran"`) {
		t.Errorf("%d calls, %d searches; asked %s", calls, searches, w.asked[len(w.asked)-1])
	}
}

// However often a turn comes again, each of its calls and searches is paid once.
func TestASearchingTurnIsPaidOnce(t *testing.T) {
	once := func(t *testing.T, w *web) {
		t.Helper()
		if calls, searches := w.paidFor(); calls != 2 || searches != 1 {
			t.Errorf("%d calls and %d searches were paid", calls, searches)
		}
	}
	t.Run("the same request", func(t *testing.T) {
		w := newWeb(t, call(goQuery), saidHello)
		url := w.searching(t)
		first := items(t, post(t, t.Context(), url, webTurn, codexHeaders...))
		second := items(t, post(t, t.Context(), url, webTurn, codexHeaders...))
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("answered otherwise: %s", diff)
		}
		once(t, w)
	})
	t.Run("with the items that it had received", func(t *testing.T) {
		w := newWeb(t, call(goQuery), saidHello)
		url := w.searching(t)
		first := items(t, post(t, t.Context(), url, webTurn, codexHeaders...))
		for n := range len(first) {
			again := strings.Replace(webTurn, `"hi"}`, `"hi"},`+strings.Join(first[:n+1], ","), 1)
			second := items(t, post(t, t.Context(), url, again, codexHeaders...))
			if diff := cmp.Diff(strings.Join(first[n+1:], "\n"), strings.Join(second, "\n")); diff != "" {
				t.Errorf("after %d items: %s", n+1, diff)
			}
		}
		once(t, w)
	})
	t.Run("with items that have no ids, as older releases of Codex send them", func(t *testing.T) {
		w := newWeb(t, call(goQuery), saidHello)
		url := w.searching(t)
		first := items(t, post(t, t.Context(), url, webTurn, codexHeaders...))
		id := regexp.MustCompile(`"id":"[a-z]+_[0-9a-f]+",`)
		for n := range len(first) {
			again := strings.Replace(webTurn, `"hi"}`, `"hi"},`+id.ReplaceAllString(strings.Join(first[:n+1], ","), ""), 1)
			second := items(t, post(t, t.Context(), url, again, codexHeaders...))
			if diff := cmp.Diff(strings.Join(first[n+1:], "\n"), strings.Join(second, "\n")); diff != "" {
				t.Errorf("after %d items: %s", n+1, diff)
			}
		}
		once(t, w)
	})
	t.Run("the client leaves during the search", func(t *testing.T) {
		w := newWeb(t, call(goQuery), saidHello)
		arrived, goOn := make(chan struct{}), make(chan struct{})
		var only sync.Once
		w.before = func() { only.Do(func() { close(arrived); <-goOn }) }
		url := w.searching(t, func(c *bridge.Config) { c.KeepAlive = time.Millisecond })
		ctx, leave := context.WithCancel(t.Context())
		resp := post(t, ctx, url, webTurn, codexHeaders...)
		<-arrived
		leave()
		resp.Body.Close()
		again := post(t, t.Context(), url, webTurn, codexHeaders...)
		close(goOn)
		items(t, again)
		once(t, w)
	})
	t.Run("a failure after the search", func(t *testing.T) {
		w := newWeb(t, call(goQuery), "!down", saidHello)
		items(t, post(t, t.Context(), w.searching(t), webTurn, codexHeaders...))
		if calls, searches := w.paidFor(); calls != 3 || searches != 1 {
			t.Errorf("%d calls, %d searches", calls, searches)
		}
	})
}

// A client hears something while a search takes its time.
func TestKeepAliveDuringASearch(t *testing.T) {
	w := newWeb(t, call(goQuery), saidHello)
	goOn := make(chan struct{})
	w.before = func() { <-goOn }
	url := w.searching(t, func(c *bridge.Config) { c.KeepAlive = time.Millisecond })
	r := bufio.NewReader(post(t, t.Context(), url, webTurn).Body)
	searching, alive := false, 0
	for alive < 3 {
		e, err := nextEvent(r)
		if err != nil {
			t.Fatal(err)
		}
		searching = searching || e.Type == "response.web_search_call.searching"
		if searching && e.Type == "response.in_progress" {
			alive++
		}
	}
	close(goOn)
	io.Copy(io.Discard, r)
}

// A client without a stream gets the whole turn in one object.
func TestASearchWithoutAStream(t *testing.T) {
	w := newWeb(t, call(goQuery), saidHello)
	resp := post(t, t.Context(), w.searching(t), strings.Replace(webTurn, `"stream":true`, `"stream":false`, 1))
	var got struct {
		Status string
		Output []json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Status != "completed" || len(got.Output) != 3 {
		t.Errorf("%s, %d items", got.Status, len(got.Output))
	}
}

// A bug in a search ends that search: the turn goes on without, and nothing is held
// against the cap afterwards.
func TestAPanicEndsOneSearch(t *testing.T) {
	for name, headers := range map[string][]string{"Codex": codexHeaders, "another client": nil} {
		book := ledger(t)
		w := newWeb(t, call(`{"query":"go"}`), saidHello)
		w.before = func() { panic("what the user searched") }
		url := w.searching(t, func(c *bridge.Config) { c.Book = book })
		body, err := io.ReadAll(post(t, t.Context(), url, paidTurn, headers...).Body)
		if err != nil || !strings.Contains(string(body), "response.completed") {
			t.Errorf("%s: %s %v", name, body, err)
		}
		if s := book.Status(); s.Reserved != 0 {
			t.Errorf("%s: %v stays reserved", name, s.Reserved)
		}
	}
}
