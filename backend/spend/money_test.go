package spend

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

func TestAmountsForPeople(t *testing.T) {
	tests := []struct {
		amount Micros
		words  string
		number string
	}{
		{0, "$0.00", "0"},
		{1, "$0.0000", "0.000001"},
		{1234, "$0.0012", "0.001234"},
		{10_000, "$0.01", "0.01"},
		{4_100_000, "$4.10", "4.1"},
		{12 * Dollar, "$12.00", "12"},
		{-250_000, "-$0.25", "-0.25"},
		{1_234_567_891_234, "$1234567.89", "1234567.891234"},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			if got := tt.amount.String(); got != tt.words {
				t.Errorf("String %s", got)
			}
			if got, err := json.Marshal(tt.amount); err != nil || string(got) != tt.number {
				t.Errorf("JSON %s, %v; want %s", got, err, tt.number)
			}
		})
	}
}

func TestAmountsSurviveJSONExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Micros(rapid.Int64Range(-1e15, 1e15).Draw(t, "micros"))
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Micros
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Fatalf("%d became %s became %d (%v)", want, text, got, err)
		}
	})
}

func TestParseUSD(t *testing.T) {
	good := map[string]Micros{"5": 5 * Dollar, "$5": 5 * Dollar, " 2.50 ": 2_500_000, ".5": 500_000, "0": 0, "0.000001": 1}
	for text, want := range good {
		if got, err := ParseUSD(text); err != nil || got != want {
			t.Errorf("ParseUSD(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "$", "-5", "five", "1,50", "1e3", "0.0000001", "9999999999", "NaN", "1.2.3"} {
		if got, err := ParseUSD(text); err == nil {
			t.Errorf("ParseUSD(%q) = %v, want an error", text, got)
		}
	}
}

func TestQuote(t *testing.T) {
	tests := []struct {
		name    string
		model   string
		in, max int
		want    Micros
	}{
		{"list price of input and of all output allowed, and the fee", "openai/gpt-5.4", 10_000, 1000, 25_000 + 15_000 + 1000},
		{"names as clients write them", " BlockRun/OpenAI/GPT-5.4", 10_000, 1000, 41_000},
		{"an alias", "opus", 1000, 1000, 5000 + 25_000 + 1000},
		{"part of a micro-dollar counts as a whole one", "deepseek/deepseek-chat", 1, 1, 1 + 1000},
		{"free models cost nothing, not even the fee", "free/gpt-oss-120b", 1e6, 1e6, 0},
		{"a free model that is on no list", "free/brand-new", 1e6, 1e6, 0},
		{"free is ClawRouter's name for its free default", "blockrun/free", 1000, 1000, 0},
		{"another alias of a free model may mean a paid one tomorrow", "nemotron", 1000, 1000, 10_000 + 50_000 + 1000},
		{"auto at the dearest it can route to", "blockrun/auto", 1000, 1000, 5000 + 30_000 + 1000},
		{"eco too, though its listed price is 0", "eco", 1000, 1000, 300 + 2500 + 1000},
		{"premium too", "premium", 1000, 1000, 10_000 + 50_000 + 1000},
		{"a listed price of 0 is a price that nobody told: its family's dearest", "xai/grok-new", 1000, 1000, 10_000 + 50_000 + 1000},
		{"not listed: the dearest of its family but the pro models", "openai/gpt-7", 1000, 1000, 5000 + 30_000 + 1000},
		{"not listed, says pro: the dearest of its family", "openai/gpt-7-pro", 1000, 1000, 30_000 + 180_000 + 1000},
		{"a new family: the dearest of all but the pro models", "acme/large", 1000, 1000, 10_000 + 50_000 + 1000},
		{"a name that ClawRouter gives to a dearer model", "openai/gpt-5-nano", 1000, 1000, 2500 + 15_000 + 1000},
		{"a model whose successor answers", "zai/glm-4.7", 1000, 1000, 1400 + 4400 + 1000},
		{"nothing in, nothing out", "openai/gpt-5.4", 0, 0, 1000},
		{"less than nothing is nothing", "openai/gpt-5.4", -5, -5, 1000},
		{"absurd sizes stay positive", "openai/gpt-5.4", math.MaxInt, math.MaxInt, 17.5*mostTokens + 1000},
	}
	p := NewPrices(priceList(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.Quote(tt.model, tt.in, tt.max); got != tt.want {
				t.Errorf("Quote(%s, %d, %d) = %d, want %d", tt.model, tt.in, tt.max, got, tt.want)
			}
		})
	}
}

func TestQuoteWithoutAnyPrices(t *testing.T) {
	p := NewPrices(&models.Table{})
	for _, model := range []string{"openai/gpt-5.4", "blockrun/auto", "acme/large-pro"} {
		if got, want := p.Quote(model, 1000, 1000), Micros(15_000+60_000+1000); got != want {
			t.Errorf("Quote(%s) = %v, want %v", model, got, want)
		}
	}
	if got := p.Quote("free/x", 1000, 1000); got != 0 {
		t.Errorf("a free model is quoted at %v", got)
	}
}

func TestBrokenPricesAreDear(t *testing.T) {
	for _, usd := range []float64{math.NaN(), math.Inf(1), 1e300} {
		if got := newRate(usd, usd); got != (rate{mostRate, mostRate}) {
			t.Errorf("price %v becomes %v", usd, got)
		}
	}
	if got := newRate(-3, math.Inf(-1)); got != (rate{}) {
		t.Errorf("a negative price becomes %v", got)
	}
}

// The candidates of the routing profiles are names of the built-in list: a
// misspelt one would make a profile too cheap.
func TestRoutesAreListed(t *testing.T) {
	p := NewPrices(models.Snapshot())
	for profile, ids := range routes {
		for _, id := range ids {
			if _, ok := p.listed(id); !ok {
				t.Errorf("%s: %s is not on the list", profile, id)
			}
		}
	}
	want := map[string]rate{"auto": {5e6, 30e6}, "eco": {0.435e6, 2.5e6}, "premium": {10e6, 50e6}}
	if diff := cmp.Diff(want, p.profiles, cmp.AllowUnexported(rate{})); diff != "" {
		t.Error(diff)
	}
}

func TestEstimateTokens(t *testing.T) {
	for _, bytes := range []int{-1, 0, 1, 400, 77_000, 10 << 20} {
		got := EstimateTokens(bytes)
		gateway := (max(bytes, 0) + 3) / 4
		if got <= gateway || got > gateway*11/10+100 {
			t.Errorf("%d bytes: %d tokens, the gateway counts %d", bytes, got, gateway)
		}
	}
}

// A longer request, or more room for the answer, never costs less.
func TestQuoteRises(t *testing.T) {
	p := NewPrices(models.Snapshot())
	ids := append(models.Snapshot().IDs(), "acme/unknown", "blockrun/auto")
	rapid.Check(t, func(t *rapid.T) {
		model := rapid.SampledFrom(ids).Draw(t, "model")
		in, out := rapid.IntRange(0, 2_000_000).Draw(t, "in"), rapid.IntRange(0, 200_000).Draw(t, "out")
		more := rapid.IntRange(0, 100_000).Draw(t, "more")
		base := p.Quote(model, in, out)
		if p.Quote(model, in+more, out) < base || p.Quote(model, in, out+more) < base {
			t.Fatalf("%s: more costs less", model)
		}
		if base == 0 && !isFree(model) {
			t.Fatalf("%s costs nothing", model)
		}
	})
}
