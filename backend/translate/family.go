package translate

import (
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// familyWords finds a model's family in names that no list knows, such as those
// of a local server: the first word that the name contains decides.
var familyWords = []struct{ word, family string }{
	{"claude", "anthropic"},
	{"deepseek", "deepseek"},
	{"gemini", "google"},
	{"gemma", "google"},
	{"kimi", "moonshot"},
	{"moonshot", "moonshot"},
	{"glm", "zai"},
	{"qwen", "qwen"},
	{"qwq", "qwen"},
	{"minimax", "minimax"},
	{"grok", "xai"},
	{"mistral", "mistral"},
	{"devstral", "mistral"},
	{"codestral", "mistral"},
	{"magistral", "mistral"},
	{"nemotron", "nvidia"},
	{"llama", "meta"},
	{"gpt-oss", "gpt-oss"}, // open weights: no hidden reasoning state, any effort name
	{"gpt", "openai"},
	{"codex", "openai"},
}

// full is a model's whole name, which an alias stands for.
func full(model string) string {
	name := strings.ToLower(strings.TrimSpace(model))
	if m, ok := models.Snapshot().Lookup(name); ok && models.RoutingProfile(name) == "" {
		return m.ID
	}
	return name
}

// family is who made a model, as far as one model's thoughts mean anything to
// another: "" where it is decided only after the request, by routing.
func family(model string) string {
	name := full(model)
	if models.RoutingProfile(name) != "" || name == "free" || strings.HasPrefix(name, "clawrouter/") {
		return ""
	}
	for _, f := range familyWords {
		if strings.Contains(name, f.word) {
			return f.family
		}
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 && len(name) > i+2 && name[i+1] == 'o' && name[i+2] >= '1' && name[i+2] <= '9' {
		return "openai" // o1, o3, o4-mini
	}
	vendor, _, _ := strings.Cut(name, "/")
	return vendor
}
