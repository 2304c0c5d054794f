package codex

import (
	_ "embed"
	"encoding/json"
	"strings"
)

// ownInstructions are the base instructions for a machine without Codex.
//
//go:embed instructions.md
var ownInstructions string

// bundledModel is what we read of an entry of `codex debug models --bundled`.
type bundledModel struct {
	Slug             string `json:"slug"`
	Visibility       string `json:"visibility"`
	Priority         int    `json:"priority"`
	ToolMode         string `json:"tool_mode"`
	Lite             bool   `json:"use_responses_lite"`
	BaseInstructions string `json:"base_instructions"`
}

// bundledInstructions takes the base instructions of the newest general model
// from a bundled catalog, "" where there is none that fits. Models that work in
// code mode are passed over: their instructions tell of tools (functions.exec)
// that a model behind the bridge is not given.
func bundledInstructions(catalog []byte) string {
	var list struct {
		Models []bundledModel `json:"models"`
	}
	if json.Unmarshal(catalog, &list) != nil {
		return ""
	}
	best := bundledModel{}
	for _, m := range list.Models {
		general := m.Visibility == "list" && (m.ToolMode == "" || m.ToolMode == "direct") && !m.Lite &&
			!strings.Contains(m.Slug, "codex") && m.BaseInstructions != ""
		if general && (best.Slug == "" || m.Priority < best.Priority) {
			best = m
		}
	}
	return neutral(best.BaseInstructions)
}

// neutral takes out what is true of OpenAI's models only: who the model is, and
// a tool that its training knows and Codex does not offer.
func neutral(instructions string) string {
	first, rest, found := strings.Cut(instructions, ".")
	if before, _, named := strings.Cut(first, " based on GPT-"); named && found {
		first = before
		instructions = first + "." + rest
	}
	return strings.NewReplacer(
		"`multi_tool_use.parallel`", "parallel tool calls",
		"multi_tool_use.parallel", "parallel tool calls",
	).Replace(instructions)
}
