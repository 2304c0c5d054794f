package translate

import (
	"regexp"
	"strings"
)

// efforts lists which names of reasoning effort a family takes, from the least
// to the most; modelEfforts has those of which it depends on the model. A provider answers 400 to any other, and Codex passes on whatever
// the user wrote.
var efforts = map[string][]string{
	"gpt-oss":   {"low", "medium", "high"},
	"anthropic": {"low", "medium", "high"},
	"google":    {"low", "medium", "high"},
	"":          {"low", "medium", "high"}, // routing decides later: what all of them take
}

// effortRank orders all the names that clients use.
var effortRank = map[string]int{"none": 0, "off": 0, "minimal": 1, "low": 2, "medium": 3, "high": 4, "xhigh": 5, "max": 6, "ultra": 6}

// modelEfforts are the families whose models do not all take the same names: the
// first row that fits decides. Those without names refuse the parameter itself.
var modelEfforts = map[string][]struct {
	model *regexp.Regexp
	names []string
}{
	"openai": {
		{regexp.MustCompile(`^(chatgpt|gpt-[34]|o1-(mini|preview))|-chat\b`), nil}, // the last thinks as it likes
		{regexp.MustCompile(`^(o[1-9]|gpt-5(\.1)?-codex(-mini)?$)`), []string{"low", "medium", "high"}},
		{regexp.MustCompile(`^gpt-5-pro`), []string{"high"}},
		{regexp.MustCompile(`-pro\b`), []string{"medium", "high", "xhigh"}},
		{regexp.MustCompile(`codex`), []string{"low", "medium", "high", "xhigh"}},
		{regexp.MustCompile(`^gpt-5(-mini|-nano)?(-20\d\d.*)?$`), []string{"minimal", "low", "medium", "high"}},
		{regexp.MustCompile(`^gpt-5\.1`), []string{"none", "low", "medium", "high"}},
		{regexp.MustCompile(``), []string{"none", "low", "medium", "high", "xhigh"}},
	},
	"xai": {
		{regexp.MustCompile(`^grok-3-mini`), []string{"low", "high"}},
		{regexp.MustCompile(`^grok-(2|3|code|4$|4-|4\.1|4\.20-(0|reasoning|non))`), nil}, // their names say whether they think
		{regexp.MustCompile(``), []string{"low", "medium", "high"}},
	},
}

// effortNames returns the names that a model takes, from the least to the most.
func effortNames(family, model string) []string {
	name := strings.ToLower(model[strings.LastIndexByte(model, '/')+1:])
	for _, row := range modelEfforts[family] {
		if row.model.MatchString(name) {
			return row.names
		}
	}
	if names, listed := efforts[family]; listed {
		return names
	}
	return efforts[""]
}

// effortFor returns the name that a model takes for what the client asked: the
// same, or the nearest below, or the least. "" sends none: a name that nobody
// knows, or no thinking where a model cannot be told so.
func effortFor(family, model, asked string) string {
	rank, known := effortRank[strings.ToLower(asked)]
	accepted := effortNames(family, model)
	if !known || len(accepted) == 0 {
		return ""
	}
	if rank == 0 && accepted[0] != "none" {
		return ""
	}
	best := accepted[0]
	for _, name := range accepted {
		if name == "none" && rank > 0 {
			best = ""
			continue
		}
		if best == "" || effortRank[name] <= rank {
			best = name
		}
	}
	return best
}
