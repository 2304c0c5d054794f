package clawsim

import (
	"fmt"
	"strings"
)

// decision is what a routing profile came to.
type decision struct {
	profile string
	tier    string
	model   string
	tokens  int
	cost    float64
	savings float64
}

var tierOrder = []string{"SIMPLE", "MEDIUM", "COMPLEX", "REASONING"}

// chains lists per profile the model of each tier. The real tables change with
// every release; these have its shape and its span of prices.
var chains = map[string][]string{
	"auto":    {"google/gemini-2.5-flash", "moonshot/kimi-k2.6", "google/gemini-3.1-pro", "anthropic/claude-sonnet-4.6"},
	"eco":     {"google/gemini-2.5-flash-lite", "deepseek/deepseek-chat", "deepseek/deepseek-v4-pro", "deepseek/deepseek-reasoner"},
	"premium": {"moonshot/kimi-k2.6", "openai/gpt-5.3-codex", "anthropic/claude-opus-5", "openai/gpt-5.6-sol"},
}

func isProfile(model string) bool { _, ok := chains[model]; return ok }

func tierRank(tier string) int {
	for i, t := range tierOrder {
		if t == tier {
			return i
		}
	}
	return 0
}

// classify guesses the difficulty of a prompt by its length and a few words;
// the real scorer has fourteen dimensions and the same four outcomes.
func classify(prompt string) string {
	p := strings.ToLower(prompt)
	for _, word := range []string{"prove", "step by step", "theorem", "derive"} {
		if strings.Contains(p, word) {
			return "REASONING"
		}
	}
	switch n := len(p); {
	case n > 2000 || strings.Contains(p, "architecture") || strings.Contains(p, "refactor"):
		return "COMPLEX"
	case n > 300 || strings.Contains(p, "implement") || strings.Contains(p, "function"):
		return "MEDIUM"
	}
	return "SIMPLE"
}

func decide(profile string, c *chatRequest) decision {
	prompt, system := c.lastUser(), ""
	for _, m := range c.messages {
		if m.str("role") == "system" {
			system = m.str("content")
			break
		}
	}
	d := decision{profile: profile, tier: classify(prompt)}
	d.tokens = (len(system) + 1 + len(prompt) + 3) / 4
	d.model = chains[profile][tierRank(d.tier)]
	d.price(c.maxTokens())
	return d
}

// price estimates what the header x-clawrouter-cost shows: list price of all
// the output allowed, which is not what is paid.
func (d *decision) price(maxTokens int) {
	if maxTokens == 0 {
		maxTokens = assumedOutput
	}
	p, _ := loadCatalog().price(d.model)
	in, out := float64(d.tokens)/1e6, float64(maxTokens)/1e6
	d.cost = max(in*p.In+out*p.Out, 0.001)
	baseline := in*baselineIn + out*baselineOut
	d.savings = max(0, (baseline-d.cost)/baseline)
}

// Savings are told against the dearest model that people would name.
const (
	baselineIn  = 5.0
	baselineOut = 25.0
)

func (d decision) confidence() string { return "0.72" }

func (d decision) reasoning() string {
	return fmt.Sprintf("score=-0.08 | short (%d tokens) | v3 task=chat agentRisk=standard deepWebResearch=false "+
		"terminalCode=false terminalSafety=false candidates=9", d.tokens)
}

// fallbacks are the models that a profile tries in turn: its own, then those of
// the dearer tiers, then of the cheaper ones; a free one last where no tools are
// offered. An explicit model has no fallback.
func (d decision) fallbacks(hasTools bool) []string {
	models := []string{d.model}
	add := func(m string) {
		for _, have := range models {
			if have == m {
				return
			}
		}
		models = append(models, m)
	}
	chain := chains[d.profile]
	for i := tierRank(d.tier); i < len(chain); i++ {
		add(chain[i])
	}
	for i := tierRank(d.tier); i >= 0; i-- {
		add(chain[i])
	}
	if len(models) > 5 {
		models = models[:5]
	}
	if !hasTools {
		add(freeModel)
	}
	return models
}
