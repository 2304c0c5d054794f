package doctor

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const modelList = `{"data":[{"id":"blockrun/auto"},{"id":"free"},{"id":"free/small"},{"id":"free/large"}]}`

// answering makes the bridge answer turns, and keeps what it was asked.
type answering struct {
	list, events string
	status       int
	asked        http.Header
	body         map[string]any
}

func (a *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /health":
		_, _ = io.WriteString(w, bridgeHealth)
	case "GET /v1/models":
		_, _ = io.WriteString(w, a.list)
	case "POST /v1/responses":
		a.asked = r.Header
		_ = json.NewDecoder(r.Body).Decode(&a.body)
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		_, _ = io.WriteString(w, a.events)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestTurnLine(t *testing.T) {
	const again = " → try again, free models are often busy; then look into ~/.clawrouter-codex/log/clawrouter-codex.log"
	said := func(events ...string) string { return "data: " + strings.Join(events, "\n\ndata: ") + "\n\n" }
	const delta = `{"type":"response.output_text.delta","delta":"rea"}`
	const rest = `{"type":"response.output_text.delta","delta":"dy"}`
	tests := []struct {
		name   string
		bridge answering
		change func(*world)
		want   string
	}{
		{"answered", answering{events: said(delta, rest, `{"type":"response.completed"}`)}, nil,
			`ok: free/small answered through the whole link in 0s: "ready"`},
		{"thought too long", answering{events: said(`{"type":"response.incomplete"}`)}, nil,
			`ok: free/small answered through the whole link in 0s: ""`},
		{"a long answer", answering{events: said(`{"type":"response.output_text.delta","delta":"`+strings.Repeat("é", 70)+`"}`, `{"type":"response.completed"}`)}, nil,
			`ok: free/small answered through the whole link in 0s: "` + strings.Repeat("é", 60) + `…"`},
		{"failed", answering{events: said(delta, `{"type":"response.failed","response":{"error":{"message":"the model is busy"}}}`)}, nil,
			"fail: free/small did not answer: the model is busy" + again},
		{"refused", answering{status: 400, events: `{"error":{"message":"no such model"}}`}, nil,
			"fail: free/small did not answer: 400 Bad Request: no such model" + again},
		{"cut off", answering{events: said(delta)}, nil, "fail: free/small did not answer: the answer was cut off" + again},
		{"garbage", answering{events: "data: {\n"}, nil, "fail: free/small did not answer: an event is broken: unexpected end of JSON input" + again},
		{"no free model", answering{list: `{"data":[{"id":"blockrun/auto"},{"id":"zai/glm"}]}`}, nil, "skip: not tried: ClawRouter offers no free model"},
		{"a list that cannot be read", answering{list: `nothing`}, nil, "fail: the model list could not be read through the bridge: "},
		{"a server that charges", answering{}, func(w *world) { w.servers[upstream] = http.NotFound },
			"skip: not tried: only ClawRouter has models that are free, and none answers"},
		{"no bridge", answering{}, (*world).down, "skip: not tried: no bridge of ours answers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.deep = true
			if tt.bridge.list == "" {
				tt.bridge.list = modelList
			}
			w.servers[bridgeV4] = tt.bridge.ServeHTTP
			if tt.change != nil {
				tt.change(w)
			}
			got := w.line("turn")
			if strings.HasSuffix(tt.want, ": ") { // the rest is the JSON decoder's
				got = got[:min(len(got), len(tt.want))]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The turn goes the way of Codex: with the headers of the profile, and on a model
// that costs nothing.
func TestTurnAsCodexSendsIt(t *testing.T) {
	w := newWorld(t)
	w.deep = true
	bridge := &answering{list: modelList, events: "data: {\"type\":\"response.completed\"}\n"}
	w.servers[bridgeV4] = bridge.ServeHTTP
	w.line("turn")
	if got := bridge.asked.Get("X-Test"); got != "7" {
		t.Errorf("the profile's header arrived as %q", got)
	}
	if bridge.body["model"] != "free/small" || bridge.body["stream"] != true {
		t.Errorf("asked for %v, streamed %v", bridge.body["model"], bridge.body["stream"])
	}
}

// A profile that names another machine holds headers for that one.
func TestTurnKeepsHeadersFromOthers(t *testing.T) {
	w := newWorld(t)
	w.deep = true
	bridge := &answering{list: modelList, events: "data: {\"type\":\"response.completed\"}\n"}
	w.servers[bridgeV4] = bridge.ServeHTTP
	w.servers["gateway.example:8403"] = func(http.ResponseWriter, *http.Request) { t.Error("another machine was asked") }
	w.write(".codex/clawrouter.config.toml", strings.Replace(w.profile("8403"), "localhost", "gateway.example", 1))
	w.line("turn")
	if bridge.asked == nil {
		t.Fatal("the bridge was not asked")
	}
	if got := bridge.asked.Get("X-Test"); got != "" {
		t.Errorf("another machine's header was sent to the bridge: %q", got)
	}
}

// Another user's program that calls itself our bridge is sent neither the key nor
// anything else of the profile.
func TestTurnKeepsTheKeyFromStrangers(t *testing.T) {
	for name, change := range map[string]func(*world){
		"another user's":                       func(w *world) { w.foreign(8403, w.servers[bridgeV4]) },
		"another program on ::1":               func(w *world) { w.servers[bridgeV6] = says(`{}`) },
		"nobody knows whose, and none is ours": func(w *world) { w.listeners, w.running = nil, false },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deep = true
			w.servers[bridgeV4] = func(a http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Clawrouter-Key") != "" || r.URL.Path != "/health" {
					t.Errorf("asked for %s with %v", r.URL.Path, r.Header)
				}
				_, _ = io.WriteString(a, bridgeHealth)
			}
			change(w)
			if got := w.line("turn"); !strings.HasPrefix(got, "skip: not tried: port 8403 is answered by ") {
				t.Error(got)
			}
		})
	}
}
