package spend

import "github.com/BlockRunAI/clawrouter-codex/backend/models"

// routes lists the dear end of what each routing profile can choose, from the
// routing tables that ClawRouter publishes (docs/routing-profiles.md, 0.12.250;
// auto includes the tables it changes to when a turn needs its tools). Cheaper
// candidates are left out. The tables change with releases: a model that is seen
// to answer for a profile joins its profile's candidates (profileRate).
var routes = map[string][]string{
	"auto": {
		"openai/gpt-5.5", "anthropic/claude-opus-5", "anthropic/claude-opus-4.8", "anthropic/claude-opus-4.7",
		"anthropic/claude-sonnet-5", "anthropic/claude-sonnet-4.6", "openai/gpt-5.4", "openai/gpt-5.3-codex",
		"google/gemini-3.1-pro", "moonshot/kimi-k3", "xai/grok-4.5", "openai/o3",
	},
	"eco": {
		"google/gemini-2.5-flash", "google/gemini-3.1-flash-lite", "deepseek/deepseek-v4-pro", "deepseek/deepseek-reasoner",
		"minimax/minimax-m3", "qwen/qwen3.7-plus", "openai/gpt-5.4-nano", "openai/gpt-5.6-luna",
	},
	"premium": {
		"anthropic/claude-fable-5", "anthropic/claude-opus-5", "anthropic/claude-opus-4.8", "anthropic/claude-opus-4.7",
		"openai/gpt-5.5", "openai/gpt-5.4", "openai/gpt-5.3-codex", "anthropic/claude-sonnet-5",
	},
}

// A profile is reserved at the dearest model that answered for this user, not
// at the dearest possible one, when it has this much of a past. Today alone is
// no past: it may all be one easy task.
const (
	pastTurns = 50
	pastDays  = 3
)

// profileRate is what a call on a routing profile may cost: the dearest model of
// routes or, for a user with a past on the profile, the dearest that answered in
// the days on record, today included. Callers hold mu.
func (b *Book) profileRate(profile string) rate {
	if r, ok := b.profileRates[profile]; ok {
		return r
	}
	prices := b.prices
	var seen rate
	turns, days := 0, 0
	for _, d := range b.days {
		used := d.routed[profile]
		for model, n := range used {
			if r, ok := prices.listed(model); ok {
				seen = seen.upper(r)
			}
			if d != b.today {
				turns += n
			}
		}
		if len(used) > 0 && d != b.today {
			days++
		}
	}
	r := seen
	if turns < pastTurns || days < pastDays || seen == (rate{}) {
		r = seen.upper(prices.profiles[profile])
	}
	b.profileRates[profile] = r
	return r
}

// quote is Prices.Quote with what this user's past says of routing profiles.
// Callers hold mu.
func (b *Book) quote(name string, input, output int) Micros {
	if isFree(name) {
		return 0
	}
	if profile := models.RoutingProfile(name); profile != "" {
		return b.profileRate(profile).cost(input, output)
	}
	return b.prices.rate(name).cost(input, output)
}
