package clawsim

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSurface(t *testing.T) {
	for _, tc := range []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/nothing", 404, `{"error":"Not found"}`},
		{"GET", "/v1/models?x=1", 502, nothingWorked},
		{"GET", "/v1/models/openai/gpt-5.2", 502, nothingWorked},
		{"POST", "/v1/responses", 502, nothingWorked},
		{"GET", "/v1/chat/completions", 502, nothingWorked},
		{"OPTIONS", "/v1/chat/completions", 502, nothingWorked},
		{"DELETE", "/stats", 200, `{"cleared":true,"deletedFiles":0}`},
		{"GET", "/cache", 200, `{"size":0,"maxSize":200,"hits":0,"misses":0,"evictions":0,"hitRate":"0%"}`},
	} {
		_, url := serve(t, Options{})
		req, err := http.NewRequest(tc.method, url+tc.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tc.status || string(body) != tc.body || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d %s", tc.method, tc.target, resp.StatusCode, body)
		}
	}
}

func TestModelsAreTheRecordedBytes(t *testing.T) {
	_, url := serve(t, Options{})
	_, body := get(t, url+"/v1/models")
	if !bytes.Equal([]byte(body), modelsBody) || strings.Count(body, `"object":"model"`) != 252 {
		t.Errorf("%d bytes", len(body))
	}
}

func TestEveryListedModelHasAPrice(t *testing.T) {
	for _, part := range strings.Split(string(modelsBody), `{"id":"`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		model := loadCatalog().resolve(id)
		if _, ok := loadCatalog().price(model); !ok && !isProfile(model) {
			t.Errorf("%s means %s, which has no price", id, model)
		}
	}
	for profile, chain := range chains {
		for _, model := range chain {
			if _, ok := loadCatalog().price(model); !ok {
				t.Errorf("%s routes to %s, which has no price", profile, model)
			}
		}
	}
}

func TestAddress(t *testing.T) {
	for _, tc := range []struct{ name, key, want string }{
		{"the development account", TestWalletKey, TestWalletAddress},
		{"the next one", otherKey, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"},
		{"without 0x", TestWalletKey[2:], ""},
		{"zero", "0x" + strings.Repeat("0", 64), ""},
		{"above the order of the curve", "0x" + strings.Repeat("f", 64), ""},
		{"no digits", "0x" + strings.Repeat("g", 64), ""},
	} {
		if got, _ := Address(tc.key); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestHealthVariants(t *testing.T) {
	const wallet = `{"status":"ok","wallet":"` + TestWalletAddress + `","paymentChain":`
	solana := wallet + `"solana","solana":"` + solanaAddress(TestWalletKey) + `"`
	for _, tc := range []struct {
		name, target string
		options      Options
		want         string
	}{
		{"the Solana address stands beside the wallet", "/health", Options{Chain: "solana"}, solana + "}"},
		{"and an empty one there is empty", "/health?full=true", Options{Chain: "solana", Balance: "0"},
			solana + `,"balance":"$0.00","isLow":true,"isEmpty":true}`},
		{"low below a dollar", "/health?full=true", Options{Balance: "0.99"}, wallet + `"base","balance":"$0.99","isLow":true,"isEmpty":false}`},
		{"API key mode has no wallet", "/health", Options{APIKey: "brk_live_12345678", Version: versionAPIKey},
			`{"status":"ok","authMode":"api-key","apiKey":"brk_live_…"}`},
		{"and no balance", "/health?full=true", Options{APIKey: "brk_live_12345678", Version: versionAPIKey},
			`{"status":"ok","authMode":"api-key","apiKey":"brk_live_…","balance":null,"topUpUrl":"https://user.blockrun.ai"}`},
		{"older releases do not know API keys", "/health", Options{APIKey: "brk_live_12345678"}, wallet + `"base"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.options.Clock = hurriedClock{}
			_, url := serve(t, tc.options)
			if _, body := get(t, url+tc.target); body != tc.want {
				t.Errorf("%s\nwant %s", body, tc.want)
			}
		})
	}
}

func TestGuardOfLaterReleases(t *testing.T) {
	for _, tc := range []struct {
		name, version, header, value string
		status                       int
	}{
		{"a foreign Host was served", MeasuredVersion, "Host", "evil.example", 200},
		{"a foreign Host", NewestVersion, "Host", "evil.example", 403},
		{"a foreign Origin", NewestVersion, "Origin", "https://evil.example", 403},
		{"a cross-site fetch", NewestVersion, "Sec-Fetch-Site", "cross-site", 403},
		{"localhost", NewestVersion, "Host", "localhost:8404", 200},
	} {
		_, url := serve(t, Options{Version: tc.version})
		req, err := http.NewRequest(http.MethodGet, url+"/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(tc.header, tc.value)
		if tc.header == "Host" {
			req.Host = tc.value
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d", tc.name, resp.StatusCode, tc.status)
		}
	}
}

func TestStatsDays(t *testing.T) {
	clock := newHandClock()
	_, url := serve(t, Options{Clock: clock})
	for _, prompt := range []string{"first day", "third day"} {
		post(t, url+"/v1/chat/completions", chatBody(prompt))
		clock.advance(48 * time.Hour)
	}
	for _, tc := range []struct{ query, want string }{
		{"", `"period": "last 7 days", "totalRequests": 2`},
		// Days are those with traffic: one day of the list, not of the calendar.
		{"?days=1", `"period": "today", "totalRequests": 1`},
		{"?days=99", `"period": "last 30 days", "totalRequests": 2`},
		{"?days=abc", `"period": "last NaN days", "totalRequests": 0`},
	} {
		_, body := get(t, url+"/stats"+tc.query)
		if !strings.Contains(strings.Join(strings.Fields(body), " "), tc.want) {
			t.Errorf("%q: %s", tc.query, body)
		}
	}
}

func TestOverfullProfile(t *testing.T) {
	sim, url := serve(t, Options{})
	body := chatBody("hi", m{"model": "auto", "max_tokens": 2_000_000})
	if r := post(t, url+"/v1/chat/completions", body); r.status != 400 || !strings.Contains(r.body, "context_capacity_exceeded") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if n := sim.Record().CallCount; n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestCutKeepsPairsInLaterReleases(t *testing.T) {
	list := []m{}
	for range 120 {
		list = append(list, m{"role": "assistant", "content": nil, "tool_calls": []m{{"id": "c", "type": "function", "function": m{"name": "f", "arguments": "{}"}}}},
			m{"role": "tool", "tool_call_id": "c", "content": "r"})
	}
	list = append(list, user("go on"))
	for _, tc := range []struct {
		version string
		first   string
	}{{MeasuredVersion, "tool"}, {versionKeepPairs, "assistant"}} {
		sim, url := serve(t, Options{Version: tc.version})
		w := world{sim: sim, url: url}
		w.chat(t, chatBody("", messages(list...)))
		if got := w.sent(t)[0]["role"]; got != tc.first {
			t.Errorf("%s begins with %s, want %s", tc.version, got, tc.first)
		}
	}
}

func TestControl(t *testing.T) {
	sim, url := serve(t, Options{})
	apply := func(body string) int { return post(t, url+"/__sim/control", body).status }
	if got := apply(`{"balance":"0.5","health":"fail","off":["replay"],"next":[{"status":503,"body":"busy"},{"text":"queued"}]}`); got != 200 {
		t.Fatalf("status %d", got)
	}
	if status, _ := get(t, url+"/health"); status != 500 {
		t.Errorf("health %d", status)
	}
	if got := decodeAnswer(t, post(t, url+"/v1/chat/completions", chatBody("hi"))); *got.Choices[0].Message.Content != "queued" {
		t.Errorf("%v", got)
	}
	r := sim.Record()
	statuses := []int{r.Calls[0].Status, r.Calls[1].Status}
	if diff := cmp.Diff([]int{503, 200}, statuses); diff != "" || r.Balance >= 500_000 {
		t.Errorf("%s balance %d", diff, r.Balance)
	}
	for _, bad := range []string{`{`, `{"balance":"much"}`, `{"off":["nothing"]}`} {
		if got := apply(bad); got != 400 {
			t.Errorf("%s: %d", bad, got)
		}
	}
	req, _ := http.NewRequest(http.MethodDelete, url+"/__sim/record", nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, body := get(t, url+"/__sim/record"); !strings.Contains(body, `"call_count":0`) {
		t.Error(body)
	}
}

func TestRecordIsBounded(t *testing.T) {
	sim, url := serve(t, Options{KeepBytes: 1000})
	for _, p := range []string{"a", "b", "c"} {
		post(t, url+"/v1/chat/completions", chatBody(p+strings.Repeat("x", 600)))
	}
	r := sim.Record()
	if r.Calls[0].Body != nil || r.Calls[1].Body != nil || r.Last().Body == nil || r.CallCount != 3 || r.PaidCalls != 3 {
		t.Errorf("%d calls, %d paid, bodies %v %v %v", r.CallCount, r.PaidCalls, len(r.Calls[0].Body), len(r.Calls[1].Body), len(r.Last().Body))
	}
}

// FuzzDirectives feeds prompts that people and models may write: none may crash
// the stand-in or keep it busy.
func FuzzDirectives(f *testing.F) {
	for _, s := range []string{"[[text]]", `[[say {"text":"x"}]]`, `[[calls [{"name":"a"}] then "b"]]`, "[[", "[[x", "[[503 times=2]]",
		`[[say {]]`, "[[ -f x ]]", `[[steps [{"calls":[]}]]]`, "[[long 3]] [[loop 2]] [[slow 0.001]]",
		"[[long 1e300]] [[slow NaN]]", "[[steps []]] [[slow 1]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, prompt string) {
		p := &planner{prompt: prompt, tools: toolset{"exec_command"}, find: func(string) (Script, bool) { return Script{}, false },
			spent: func(string) int { return 0 }}
		steps := p.plan(&chatRequest{})
		for results := range 5 {
			step(steps, results)
		}
	})
}
