package panel

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// fake is a Link that notes what it is told to do. Where wrong is set, every
// method returns it.
type fake struct {
	state  link.State
	states chan link.State
	told   []string
	wrong  error
}

func (f *fake) did(what string, args ...any) error {
	data, _ := json.Marshal(append([]any{}, args...))
	f.told = append(f.told, what+string(data))
	return f.wrong
}

func (f *fake) State(context.Context) (link.State, error) { return f.state, f.wrong }
func (f *fake) Subscribe(context.Context) (<-chan link.State, error) {
	return f.states, f.wrong
}

func (f *fake) Models(context.Context) ([]codex.PickerModel, error) {
	return []codex.PickerModel{
		{ID: "blockrun/auto", Name: "Auto", Description: "costs what it routes to", Window: 400_000},
		{ID: "zai/glm-5.2", Name: "GLM 5.2", Description: "$1 in / $3 out per 1M · 300k context", Window: 300_000},
		{ID: "anthropic/claude-opus-5", Name: "Claude Opus 5", Window: 1_000_000},
		{ID: "zai/glm-5.1", Name: "GLM 5.1", Window: 200_000},
		{ID: "free/gpt-oss-120b", Name: "GPT OSS", Window: 128_000},
	}, f.wrong
}

func (f *fake) UseModel(_ context.Context, name string, pin bool) (link.ModelUse, error) {
	return link.ModelUse{Notes: []string{"a note"}}, f.did("model", name, pin)
}

func (f *fake) SetWebSearch(_ context.Context, on bool) (link.WebSearch, error) {
	return link.WebSearch{}, f.did("websearch", on)
}

func (f *fake) SetProvider(_ context.Context, p link.Provider) (codex.Change, error) {
	return codex.Change{}, f.did("provider", p)
}
func (f *fake) RestartCodex(context.Context) error { return f.did("codex") }
func (f *fake) SetMenuBar(_ context.Context, c link.MenuBarChange) (link.MenuBar, error) {
	return link.MenuBar{}, f.did("menubar", c)
}
func (f *fake) RestartProxy(context.Context) error { return f.did("restart") }
func (f *fake) Wallet(context.Context) (link.Wallet, error) {
	return link.Wallet{}, f.did("wallet")
}

func (f *fake) SetCap(_ context.Context, limit *spend.Micros) (link.Spend, error) {
	return link.Spend{}, f.did("cap", limit)
}

func (f *fake) SetPaused(_ context.Context, paused bool) (link.Spend, error) {
	return link.Spend{}, f.did("pause", paused)
}

func (f *fake) Spending(_ context.Context, days, recent int) (link.Spending, error) {
	s := filled[link.Spending]()
	return s, f.did("spending", days, recent)
}

func (f *fake) SetLogin(_ context.Context, on bool) (link.Login, error) {
	return link.Login{}, f.did("login", on)
}

func (f *fake) UpdateModels(context.Context) (link.ModelUpdate, error) {
	return link.ModelUpdate{Notes: []string{"a note"}}, f.did("models")
}

func (f *fake) Log(_ context.Context, lines int) ([]link.LogLine, error) {
	line := filled[link.LogLine]()
	line.Source, line.Level = link.FromBridge, link.LevelInfo
	return []link.LogLine{line}, f.did("log", lines)
}
func (f *fake) ShowPanel(context.Context, string) error          { return f.wrong }
func (f *fake) Panel(context.Context) (link.PanelAddress, error) { return link.PanelAddress{}, f.wrong }

// filled is a value in which nothing is zero, so that every member is in its JSON.
func filled[T any]() T {
	var v T
	fill(reflect.ValueOf(&v).Elem())
	return v
}

func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1_500_000)
	case reflect.Float64:
		v.SetFloat(1.5)
	default:
		panic("fill: " + v.Type().String())
	}
}

// fullState has every member, and of those that are one of a few words a true one.
func fullState() link.State {
	s := filled[link.State]()
	s.Provider, s.WebSearch.Origin = link.ClawRouter, settings.File
	s.Proxy.Phase, s.Wallet.Kind = proxy.PhaseHealthy, proxy.WalletEVM
	s.Wallet.QR = "ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
	s.Notices[0].Level = link.LevelWarning
	return s
}

func fullReport(context.Context) doctor.Report {
	r := filled[doctor.Report]()
	r.Checks[0].Status = doctor.Warn
	return r
}

// newAPI is a panel before f, and a function that calls it as its page does.
func newAPI(t *testing.T, f *fake) func(method, call, body string) *httptest.ResponseRecorder {
	t.Helper()
	access := NewAccess(signing, newClock().now)
	h, err := New(Config{Link: f, Access: access, Site: builtPage, Doctor: fullReport})
	if err != nil {
		t.Fatal(err)
	}
	token := access.token()
	return func(method, call, body string) *httptest.ResponseRecorder {
		return ask(h, method, apiPath+call, body, TokenHeader+": "+token, "Content-Type: application/json",
			"Sec-Fetch-Site: same-origin", "Origin: http://"+host)
	}
}

// commands are bodies that the calls take, and what the link is then told.
var commands = []struct{ call, body, told string }{
	{"provider", `{"provider":"clawrouter"}`, `provider["clawrouter"]`},
	{"model", `{"name":"glm 5.2"}`, `model["glm 5.2",false]`},
	{"model", `{"name":"zai/glm-5.2","pin":true}`, `model["zai/glm-5.2",true]`},
	{"models", `{}`, `models[]`},
	{"websearch", `{"on":true}`, `websearch[true]`},
	{"cap", `{"cap_usd":5.25}`, `cap[5.25]`},
	{"cap", `{"cap_usd":0}`, `cap[0]`},
	{"cap", `{"cap_usd":null}`, `cap[null]`},
	{"pause", `{"on":true}`, `pause[true]`},
	{"pause", `{"on":false}`, `pause[false]`},
	{"login", `{"on":true}`, `login[true]`},
	{"menubar", `{"notifications":false}`, `menubar[{"notifications":false}]`},
	{"menubar", `{"text":"today"}`, `menubar[{"text":"today"}]`},
	{"codex", `{}`, `codex[]`},
	{"wallet", `{}`, `wallet[]`},
	{"restart", `{}`, `restart[]`},
}

func TestCommandsReachTheLink(t *testing.T) {
	for _, tt := range commands {
		t.Run(tt.call+tt.body, func(t *testing.T) {
			f := &fake{state: fullState()}
			w := newAPI(t, f)("POST", tt.call, tt.body)
			var got outcome
			if err := json.Unmarshal(w.Body.Bytes(), &got); w.Code != 200 || err != nil || got.State.Provider != link.ClawRouter {
				t.Fatalf("%d %v %s", w.Code, err, w.Body)
			}
			if want := []string{tt.told}; !slices.Equal(f.told, want) {
				t.Errorf("the link was told %q, want %q", f.told, want)
			}
		})
	}
}

func TestCommandsThatCannotBeRead(t *testing.T) {
	for _, tt := range []struct{ call, body string }{
		{"provider", ``}, {"provider", `{"provider":"clawrouter"}x`}, {"restart", `{}{}`}, {"menubar", `{"tea":1}`}, {"menubar", `{"text":1}`}, {"provider", `{"provider":1}`}, {"pause", `{"off":true}`},
		{"pause", `{}`}, {"pause", `null`}, {"cap", `{}`}, {"cap", `null`}, {"websearch", `{"on":null}`}, {"cap", `{"cap_usd":-1}`},
		{"cap", `{"cap_usd":"5"}`}, {"cap", `{"cap_usd":1e300}`}, {"model", `{"name":"` + strings.Repeat("x", maxCommand) + `"}`},
	} {
		f := &fake{state: fullState()}
		if w := newAPI(t, f)("POST", tt.call, tt.body); w.Code != 400 || len(f.told) > 0 {
			t.Errorf("%s %.40s: %d %s, the link was told %q", tt.call, tt.body, w.Code, w.Body, f.told)
		}
	}
	for _, call := range []string{"spending", "spending?days=7", "spending?days=7&recent=0", "spending?days=99&recent=5", "log?lines=x", "log?lines=2001"} {
		f := &fake{}
		if w := newAPI(t, f)("GET", call, ""); w.Code != 400 || len(f.told) > 0 {
			t.Errorf("%s: %d, the link was told %q", call, w.Code, f.told)
		}
	}
}

func TestErrorsComeWithWhatMendsThem(t *testing.T) {
	for _, tt := range []struct {
		wrong error
		want  link.Error
	}{
		{&link.Error{Kind: link.UnknownModel, Message: "no such model", Fix: "clawrouter-codex model list", Near: []string{"zai/glm-5.2"}},
			link.Error{Kind: link.UnknownModel, Message: "no such model", Fix: "clawrouter-codex model list", Near: []string{"zai/glm-5.2"}}},
		{errors.New("disk full"), link.Error{Kind: link.Failed, Message: "disk full"}},
		{&noBrowser{errors.New("x")}, link.Error{Kind: link.Failed, Message: "no browser could be started: x", Fix: (&noBrowser{}).Mend()}},
	} {
		w := newAPI(t, &fake{wrong: tt.wrong})("POST", "model", `{"name":"x"}`)
		var got failure
		if err := json.Unmarshal(w.Body.Bytes(), &got); w.Code != 409 || err != nil || !reflect.DeepEqual(*got.Error, tt.want) {
			t.Errorf("%d %v %s", w.Code, err, w.Body)
		}
	}
}

func TestModelsComeByFamily(t *testing.T) {
	w := newAPI(t, &fake{})("GET", "models", "")
	var families []family
	if err := json.Unmarshal(w.Body.Bytes(), &families); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		line := f.Name + ":"
		for _, m := range f.Models {
			line += " " + m.ID
			if m.Free {
				line += " (free)"
			}
		}
		got = append(got, line)
	}
	want := []string{
		"ClawRouter chooses: blockrun/auto", "Z.ai: zai/glm-5.2 zai/glm-5.1", "Anthropic: anthropic/claude-opus-5", "Free: free/gpt-oss-120b (free)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEventsAreEveryStateAndEndWithTheLink(t *testing.T) {
	f := &fake{states: make(chan link.State, 2)}
	for _, provider := range []link.Provider{link.ClawRouter, link.Subscription} {
		s := fullState()
		s.Provider = provider
		f.states <- s
	}
	close(f.states)
	w := newAPI(t, f)("GET", "events", "")
	if kind := w.Header().Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("type %q", kind)
	}
	var got []string
	for block := range strings.SplitSeq(strings.TrimSuffix(w.Body.String(), "\n\n"), "\n\n") {
		data, ok := strings.CutPrefix(block, "event: state\ndata: ")
		var s link.State
		if err := json.Unmarshal([]byte(data), &s); !ok || err != nil {
			t.Fatalf("%v in %q", err, block)
		}
		got = append(got, string(s.Provider))
	}
	if !slices.Equal(got, []string{"clawrouter", "subscription"}) {
		t.Errorf("got %q", got)
	}
}

// A page that hears nothing for 25 s takes the program for gone.
func TestASilentLinkIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{states: make(chan link.State)}
		call := newAPI(t, f)
		answer := make(chan *httptest.ResponseRecorder)
		go func() { answer <- call("GET", "events", "") }()
		time.Sleep(3*heartbeat + heartbeat/2)
		close(f.states)
		if got, want := (<-answer).Body.String(), strings.Repeat(": still here\n\n", 3); got != want {
			t.Errorf("it heard %q, want %q", got, want)
		}
	})
}

// TestDescription holds openapi.json to the handlers: every call is described and
// no other is; answers with every member set and answers with none fit; no member
// is described that no answer has.
func TestDescription(t *testing.T) {
	d := readDescription(t)
	if got := d.Components.SecuritySchemes["tab"].Name; got != TokenHeader {
		t.Errorf("the token's header is described as %q, want %q", got, TokenHeader)
	}
	described := map[string]operation{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			described[strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/")] = o
			if o.OperationID == "" || o.Summary == "" {
				t.Errorf("%s %s has no name or summary", method, path)
			}
		}
	}
	for _, call := range (&server{}).calls() {
		name := call.method + " " + call.name
		o, ok := described[name]
		if !ok {
			t.Errorf("%s is not described", name)
			continue
		}
		delete(described, name)
		t.Run(name, func(t *testing.T) { d.t = t; d.checkCall(call, o) })
	}
	d.t = t
	for name := range described {
		t.Errorf("%s is described, and not there", name)
	}
	for name, s := range d.Components.Schemas {
		for member := range s.Properties {
			if !d.seen[name+"."+member] {
				t.Errorf("%s.%s is described, and no answer has it", name, member)
			}
		}
	}
}

func (d *description) checkCall(c call, o operation) {
	if c.name == "events" {
		if _, ok := o.Responses["200"].Content["text/event-stream"]; !ok {
			d.t.Error("it is not described as events")
		}
		return
	}
	query := ""
	for _, p := range o.Parameters {
		query += "&" + p.Name + "=1"
		d.bounds(c, o, p.Name, p.Schema.Minimum, p.Schema.Maximum)
	}
	full, empty := &fake{state: fullState()}, &fake{}
	empty.state.Provider, empty.state.WebSearch.Origin = link.Subscription, settings.Default
	empty.state.Wallet.Kind, empty.state.Notices = proxy.WalletNone, []link.Notice{}
	wrong := &fake{wrong: &link.Error{Kind: link.Failed, Message: "x", Fix: "x", Near: []string{"x"}}}
	for _, f := range []*fake{full, empty, wrong} {
		for _, body := range d.bodies(c, o) {
			w := newAPI(d.t, f)(c.method, c.name+"?"+strings.TrimPrefix(query, "&"), body)
			s := o.answer(w.Code)
			if s == nil {
				d.t.Errorf("status %d is not described: %s", w.Code, w.Body)
				continue
			}
			var v any
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
				d.t.Fatal(err)
			}
			d.check(s, v, c.name)
		}
	}
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		if s := o.answer(status); s == nil || !strings.HasSuffix(s.Ref, "/Failure") {
			d.t.Errorf("status %d is not described", status)
		}
	}
}

// bodies are the known good ones, which must fit what is described as well.
func (d *description) bodies(c call, o operation) []string {
	if c.method == http.MethodGet {
		return []string{""}
	}
	var all []string
	s := o.RequestBody.Content["application/json"].Schema
	for _, tt := range commands {
		if tt.call != c.name {
			continue
		}
		all = append(all, tt.body)
		var v any
		if err := json.Unmarshal([]byte(tt.body), &v); err != nil {
			d.t.Fatal(err)
		}
		d.check(s, v, c.name+" body")
	}
	if len(all) == 0 {
		d.t.Errorf("no test sends it")
	}
	return all
}

// bounds asks with one less and one more than what is described.
func (d *description) bounds(c call, o operation, name string, least, most int) {
	for _, n := range []int{least - 1, most + 1} {
		query := map[string]int{name: n}
		for _, p := range o.Parameters {
			if p.Name != name {
				query[p.Name] = 1
			}
		}
		target := c.name + "?"
		for _, key := range slices.Sorted(maps.Keys(query)) {
			data, _ := json.Marshal(query[key])
			target += key + "=" + string(data) + "&"
		}
		if w := newAPI(d.t, &fake{})(c.method, target, ""); w.Code != http.StatusBadRequest {
			d.t.Errorf("%s: status %d, described as out of bounds", target, w.Code)
		}
	}
}
