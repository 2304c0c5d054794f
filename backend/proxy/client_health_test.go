package proxy

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func usd(v float64) *float64 { return &v }

const aliceAddress = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

func TestHealthOfARecordedClawRouter(t *testing.T) {
	base := Health{Auth: AuthWallet, Wallet: aliceAddress, Chain: "base"}
	with := func(f func(*Health)) Health { h := base; f(&h); return h }
	for name, want := range map[string]Health{
		"health":              base,
		"health_full":         with(func(h *Health) { h.Balance = usd(12.34) }),
		"health_full_empty":   with(func(h *Health) { h.Balance, h.Low, h.Empty = usd(0), true, true }),
		"health_full_low":     with(func(h *Health) { h.Balance, h.Low = usd(0), true }),
		"health_full_rpcfail": with(func(h *Health) { h.BalanceError = "Could not fetch balance" }),
	} {
		got, err := parseHealth(recorded(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHealthShapes(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want Health
		not  bool // not a ClawRouter
	}{
		"API key": {
			body: `{"status":"ok","authMode":"api-key","apiKey":"brk_live_abcde…wxyz","balance":null,"topUpUrl":"https://user.blockrun.ai/dashboard/credits"}`,
			want: Health{Auth: AuthAPIKey, APIKey: "brk_live_abcde…wxyz", TopUpURL: "https://user.blockrun.ai/dashboard/credits"},
		},
		"pays on Solana": {
			body: `{"status":"ok","wallet":"` + aliceAddress + `","paymentChain":"solana","solana":"7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU","balance":"$1,234.50"}`,
			want: Health{Auth: AuthWallet, Wallet: aliceAddress, Chain: "solana", Solana: "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU", Balance: usd(1234.5)},
		},
		"newer, says mode and version": {
			body: `{"status":"ok","authMode":"wallet","wallet":"` + aliceAddress + `","paymentChain":"base","version":"0.12.270"}`,
			want: Health{Auth: AuthWallet, Wallet: aliceAddress, Chain: "base", Version: "0.12.270"},
		},
		"our own bridge":  {body: `{"status":"ok","upstream":"http://127.0.0.1:8404"}`, not: true},
		"LiteLLM":         {body: `{"healthy_endpoints":[],"unhealthy_endpoints":[]}`, not: true},
		"vLLM":            {body: ``, not: true},
		"a list":          {body: `[1]`, not: true},
		"a page":          {body: `<html>ok</html>`, not: true},
		"no real wallet":  {body: `{"status":"ok","wallet":"0x12"}`, not: true},
		"wallet, not ok":  {body: `{"status":"starting","wallet":"` + aliceAddress + `"}`, not: true},
		"someone's other": {body: `{"status":"ok","wallet":{"id":1}}`, not: true},
	} {
		got, err := parseHealth([]byte(c.body))
		if c.not != errors.Is(err, ErrNotClawRouter) || !c.not && err != nil {
			t.Errorf("%s: error = %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHealthEndpointsGetNoKey(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s was asked with the key", r.URL)
		}
		if r.URL.Path == "/stats" {
			w.Write(recorded(t, "stats"))
			return
		}
		w.Write(recorded(t, "health_full"))
	})
	c := newClient(t, s.URL, ClientOptions{APIKey: "sk-1"})
	if _, err := c.Health(t.Context(), true); err != nil {
		t.Error(err)
	}
	if _, err := c.Stats(t.Context(), 7); err != nil {
		t.Error(err)
	}
}

func TestStats(t *testing.T) {
	var asked string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RawQuery
		w.Write(recorded(t, "stats"))
	})
	got, err := newClient(t, s.URL, ClientOptions{}).Stats(t.Context(), 99)
	if err != nil {
		t.Fatal(err)
	}
	if asked != "days=30" {
		t.Errorf("asked for %q, want ClawRouter's limit of 30", asked)
	}
	if got.TotalRequests != 47 || got.ByModel["blockrun-exa"].Count != 4 || len(got.Days) != 1 || got.Days[0].Date != "2026-11-22" ||
		got.Days[0].TotalCost != got.TotalCost || len(got.ProviderErrors) == 0 {
		t.Errorf("stats read as %+v", got)
	}
}

func TestSearch(t *testing.T) {
	var asked string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = r.Method + " " + r.URL.Path + " " + string(b)
		w.Write(recorded(t, "exa_search"))
	})
	got, err := newClient(t, s.URL, ClientOptions{}).Search(t.Context(), " golang 1.30 ", 50)
	if err != nil {
		t.Fatal(err)
	}
	want := SearchResult{CostUSD: 0.005, Hits: []SearchHit{
		{Title: "Result 0 for golang 1.30", URL: "https://example.org/0", Published: "2026-05-01T00:00:00.000Z", Text: "Text of result 0."},
		{Title: "Result 1 for golang 1.30", URL: "https://example.org/1", Published: "2026-05-02T00:00:00.000Z", Text: "Text of result 1."},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if want := `POST /v1/exa/search {"query":"golang 1.30","numResults":15,"contents":{"text":{"maxCharacters":1000}}}`; asked != want {
		t.Errorf("asked\n%s, want\n%s", asked, want)
	}
}

func TestSearchRefused(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusPaymentRequired)
		io.WriteString(w, `{"error":{"message":"Insufficient USDC balance","type":"insufficient_funds"}}`)
	})
	_, err := newClient(t, s.URL, ClientOptions{}).Search(t.Context(), "q", 1)
	var se *StatusError
	if !errors.As(err, &se) || se.Code != 402 || se.Message != "Insufficient USDC balance" {
		t.Errorf("error = %v, want the 402 with its words", err)
	}
}
