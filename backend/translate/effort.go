package translate

import "strings"

// efforts lists which names of reasoning effort a family takes, from the least
// to the most. A provider answers 400 to any other, and Codex passes on whatever
// the user wrote.
var efforts = map[string][]string{
	"openai":    {"none", "low", "medium", "high", "xhigh"},
	"gpt-oss":   {"low", "medium", "high"},
	"anthropic": {"low", "medium", "high"},
	"google":    {"low", "medium", "high"},
	"xai":       {"low", "medium", "high"},
	"":          {"low", "medium", "high"}, // routing decides later: what all of them take
}

// effortRank orders all the names that clients use.
var effortRank = map[string]int{"none": 0, "off": 0, "minimal": 1, "low": 2, "medium": 3, "high": 4, "xhigh": 5, "max": 6, "ultra": 6}

// effortFor returns the name that a family takes for what the client asked: the
// same, or the nearest below, or the least. "" sends none: a name that nobody
// knows, or no thinking where a family cannot be told so.
func effortFor(family, asked string) string {
	rank, known := effortRank[strings.ToLower(asked)]
	if !known {
		return ""
	}
	accepted, listed := efforts[family]
	if !listed {
		accepted = efforts[""]
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
