package clawsim

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuote(t *testing.T) {
	for _, tc := range []struct {
		model   string
		in, out int
		want    Micros
	}{
		{"openai/gpt-5.6-terra", 1000, 4096, 2000 + 49152 + 1000},
		{"anthropic/claude-opus-5", 100_000, 8000, 500_000 + 200_000 + 1000},
		// 0.435 and 0.87 dollars a million: 435 + 870 nano-dollars, rounded up to a micro.
		{"deepseek/deepseek-v4-pro", 1, 1, 2 + 1000},
		{"openai/gpt-5-nano", 0, 0, 1000},
		{"free/gpt-oss-120b", 100_000, 8000, 0},
	} {
		p, ok := loadCatalog().price(tc.model)
		if got := quote(p, tc.in, tc.out); !ok || got != tc.want {
			t.Errorf("%s %d+%d: %d, want %d", tc.model, tc.in, tc.out, got, tc.want)
		}
	}
}

// TestCharges checks what is paid for, and how often, in the cases where a
// client might think otherwise.
func TestCharges(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		calls      int
		paid       int
	}{
		{"an answer", chatBody("hi"), 1, 1},
		{"a free model", chatBody("hi", m{"model": "free"}), 1, 0},
		{"a stream", chatBody("hi", m{"stream": true}), 1, 1},
		{"a refusal of the provider", chatBody("[[400]]"), 1, 1},
		{"an overloaded provider is asked twice", chatBody("[[503]]"), 2, 2},
		{"a dropped call", chatBody("[[drop]]"), 1, 1},
		{"junk", chatBody("[[badjson]]"), 1, 1},
		{"a degraded answer", chatBody("[[degraded]]"), 1, 1},
		{"no funds", chatBody("[[402funds]]"), 1, 0},
		{"a model that nobody knows", chatBody("hi", m{"model": "foo/bar"}), 1, 0},
		{"a profile tries the models of its tiers", chatBody("[[drop]]", m{"model": "auto"}, tools("shell")), 4, 4},
		{"and without tools a free one at last", chatBody("[[drop]]", m{"model": "auto"}), 5, 4},
		{"a profile asks a limited model twice before the next", chatBody("[[429 times=2]]", m{"model": "auto"}), 3, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sim, url := serve(t, Options{Clock: hurriedClock{}})
			post(t, url+"/v1/chat/completions", tc.body)
			r := sim.Record()
			if r.CallCount != tc.calls || r.PaidCalls != tc.paid {
				t.Errorf("%d calls, %d paid; want %d, %d", r.CallCount, r.PaidCalls, tc.calls, tc.paid)
			}
			var sum Micros
			for _, c := range r.Calls {
				if c.Paid {
					sum += c.Quote
				}
			}
			if sum != r.Charged || r.Balance != 12_340_000-sum {
				t.Errorf("charged %d, calls add up to %d, balance %d", r.Charged, sum, r.Balance)
			}
		})
	}
}

func TestProviderErrorsAreThoseOfProfiles(t *testing.T) {
	sim, url := serve(t, Options{Clock: hurriedClock{}})
	post(t, url+"/v1/chat/completions", chatBody("[[drop]]"))
	post(t, url+"/v1/chat/completions", chatBody("[[drop]] a", m{"model": "eco"}))
	if diff := cmp.Diff([]string{"google/gemini-2.5-flash-lite", "deepseek/deepseek-chat", "deepseek/deepseek-v4-pro",
		"deepseek/deepseek-reasoner"}, sim.usage.errors); diff != "" {
		t.Error(diff)
	}
}

// begin sends a chat request that the test can break off.
func begin(t *testing.T, url, body string) (context.CancelFunc, <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		done <- err
	}()
	t.Cleanup(cancel)
	return cancel, done
}

// until waits for something that the record shows.
func until(t *testing.T, sim *Sim, what string, ok func(Record) bool) Record {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if r := sim.Record(); ok(r) {
			return r
		}
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestClientGoesAway(t *testing.T) {
	for _, tc := range []struct{ version, outcome string }{
		{MeasuredVersion, "answered"},
		{versionAbort, "cancelled"},
	} {
		t.Run(tc.version, func(t *testing.T) {
			clock := newHandClock()
			sim, url := serve(t, Options{Clock: clock, Version: tc.version})
			cancel, done := begin(t, url, chatBody("[[slow 30]]"))
			clock.await(30*time.Second, 1)
			cancel()
			<-done
			until(t, sim, "the client is missed", func(r Record) bool { return r.Abandoned == 1 })
			clock.advance(30 * time.Second)
			r := until(t, sim, "the call ends", func(r Record) bool { return r.Last().Outcome != "pending" })
			if c := r.Last(); c.Outcome != tc.outcome || !c.Paid || !c.ClientGone {
				t.Errorf("outcome %s, paid %v, gone %v; want %s and paid", c.Outcome, c.Paid, c.ClientGone, tc.outcome)
			}
		})
	}
}

func TestTwins(t *testing.T) {
	t.Run("a twin joins the call under way", func(t *testing.T) {
		clock := newHandClock()
		sim, url := serve(t, Options{Clock: clock})
		_, first := begin(t, url, chatBody("[[slow 30]]"))
		clock.await(30*time.Second, 1)
		_, second := begin(t, url, chatBody("[[slow 30]]"))
		until(t, sim, "both are in", func(r Record) bool { return r.Requests == 2 })
		clock.advance(30 * time.Second)
		if err := <-first; err != nil {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
		r := sim.Record()
		// The second may come so late that the answer is there already; it is
		// not paid for either way.
		if r.CallCount != 1 || r.Answered["gateway"] != 1 {
			t.Errorf("%d calls, answered %v", r.CallCount, r.Answered)
		}
	})
	t.Run("when the first goes away, the next one pays again", func(t *testing.T) {
		clock := newHandClock()
		sim, url := serve(t, Options{Clock: clock})
		cancel, first := begin(t, url, chatBody("[[slow 30]]"))
		clock.await(30*time.Second, 1)
		cancel()
		<-first
		until(t, sim, "the client is missed", func(r Record) bool { return r.Abandoned == 1 })
		_, second := begin(t, url, chatBody("[[slow 30]]"))
		until(t, sim, "the second call", func(r Record) bool { return r.PaidCalls == 2 })
		clock.await(30*time.Second, 2)
		clock.advance(30 * time.Second)
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

func TestHeartbeats(t *testing.T) {
	clock := newHandClock()
	_, url := serve(t, Options{Clock: clock})
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(chatBody("[[slow 5]]", m{"stream": true})))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if lines.Text() != "" {
				return lines.Text()
			}
		}
		return "end"
	}
	if got := next(); got != ": heartbeat" {
		t.Fatalf("at once: %q", got)
	}
	clock.await(5*time.Second, 1)
	for range 2 {
		clock.await(heartbeatEvery, 1)
		clock.advance(heartbeatEvery)
		if got := next(); got != ": heartbeat" {
			t.Fatalf("after 2 s: %q", got)
		}
	}
	clock.advance(time.Second)
	if got := next(); !strings.HasPrefix(got, `data: {"id"`) {
		t.Errorf("after the silence: %q", got)
	}
}

// TestSlowSessionsDoNotWait holds 64 calls open at once: none waits for another.
func TestSlowSessionsDoNotWait(t *testing.T) {
	clock := newHandClock()
	sim, url := serve(t, Options{Clock: clock, Balance: "100"})
	var waits []<-chan error
	for i := range 64 {
		_, done := begin(t, url, chatBody("[[slow 30]]", m{"user": i}))
		waits = append(waits, done)
	}
	until(t, sim, "all 64 have reached the gateway", func(r Record) bool { return r.PaidCalls == 64 })
	if status, _ := get(t, url+"/health"); status != 200 {
		t.Errorf("health %d", status)
	}
	clock.await(30*time.Second, 64)
	clock.advance(30 * time.Second)
	for _, done := range waits {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
