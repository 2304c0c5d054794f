package codex

import (
	"bytes"
	"encoding/json"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// Entry is one model in Codex's model_catalog_json, with every field that Codex
// 0.124 to 0.169 requires. Codex ignores fields that its version does not know.
type Entry struct {
	Slug        string `json:"slug"`
	DisplayName string `json:"display_name"`
	Description string `json:"description"`

	DefaultReasoningLevel   string           `json:"default_reasoning_level,omitempty"`
	SupportedReasoningLevel []ReasoningLevel `json:"supported_reasoning_levels"`
	// Required until 0.140, ignored since. Without it an older Codex asks for no
	// reasoning.encrypted_content, in which the bridge keeps what a thread needs
	// beyond its text: thoughts, and what searches found.
	SupportsReasoningSummaries bool   `json:"supports_reasoning_summaries"`
	DefaultReasoningSummary    string `json:"default_reasoning_summary"`

	ShellType      string `json:"shell_type"`
	Visibility     string `json:"visibility"`
	SupportedInAPI bool   `json:"supported_in_api"`
	Priority       int    `json:"priority"` // 1 is the picker's first and default

	BaseInstructions string `json:"base_instructions"`

	SupportVerbosity  bool       `json:"support_verbosity"`
	ApplyPatchType    string     `json:"apply_patch_tool_type"`
	WebSearchType     string     `json:"web_search_tool_type"`
	TruncationPolicy  Truncation `json:"truncation_policy"`
	ParallelToolCalls bool       `json:"supports_parallel_tool_calls"` // required until 0.140

	ContextWindow    int      `json:"context_window"`
	MaxContextWindow int      `json:"max_context_window"`
	EffectivePercent int      `json:"effective_context_window_percent"`
	InputModalities  []string `json:"input_modalities"`

	ExperimentalTools []string `json:"experimental_supported_tools"`
}

// ReasoningLevel is an effort that the picker offers.
type ReasoningLevel struct {
	Effort      string `json:"effort"`
	Description string `json:"description"`
}

// Truncation is how much of a tool's output Codex keeps.
type Truncation struct {
	Mode  string `json:"mode"`
	Limit int    `json:"limit"`
}

// Catalog is the content of a model_catalog_json file. Codex ignores the
// selection; it is kept there so that the next setup makes the same one.
type Catalog struct {
	Models    []Entry          `json:"models"`
	Selection models.Selection `json:"clawrouter_selection,omitzero"`
}

// efforts are the three names that every provider of a reasoning model takes.
var efforts = []ReasoningLevel{
	{"low", "Answers soon, thinks little"},
	{"medium", "Balances speed and depth"},
	{"high", "Thinks longer, for hard problems"},
}

// unknownWindow is for a model that no list describes: small enough that Codex
// compacts before any current gateway model overflows.
const unknownWindow = 128_000

// NewCatalog describes list to Codex, in list's order, with the entry "Menu bar
// choice" in the second place. Instructions are the only
// system prompt that a model gets; "" means those of instructions.md.
func NewCatalog(list []models.Model, instructions string, selection models.Selection) Catalog {
	if instructions == "" {
		instructions = ownInstructions
	}
	catalog := Catalog{Models: make([]Entry, 0, len(list)), Selection: selection}
	for i, m := range list {
		if i == 1 {
			catalog.add(newSelected(list, instructions))
		}
		catalog.add(newEntry(m, instructions))
	}
	if len(list) == 1 {
		catalog.add(newSelected(list, instructions))
	}
	return catalog
}

// add gives the entry the next place in the picker.
func (c *Catalog) add(e Entry) {
	e.Priority = len(c.Models) + 1
	c.Models = append(c.Models, e)
}

// newSelected is the entry behind which the bridge puts the user's present choice.
// It promises what holds whichever model is chosen: Codex asks at its start how
// much a model takes, and never again.
func newSelected(list []models.Model, instructions string) Entry {
	m := models.Model{ID: models.Selected, Name: "Menu bar choice", Vision: true}
	for _, each := range list {
		window := windowOf(each)
		if m.Window == 0 || window < m.Window {
			m.Window = window
		}
		// The bridge leaves the effort out for a model that takes none.
		m.Reasoning = m.Reasoning || each.Reasoning
	}
	e := newEntry(m, instructions)
	e.Description = "the model picked in the menu bar, or with: clawrouter-codex model use"
	return e
}

// windowOf is a model's window, in tokens, as the catalog tells it.
func windowOf(m models.Model) int {
	if m.Window == 0 {
		return unknownWindow
	}
	return m.Window
}

func newEntry(m models.Model, instructions string) Entry {
	e := Entry{
		Slug: m.ID, DisplayName: m.Name, Description: m.Describe(),
		SupportedReasoningLevel:    []ReasoningLevel{},
		SupportsReasoningSummaries: true, DefaultReasoningSummary: "none",
		// 0.140 gives exec_command and write_stdin for it, as 0.169 does always.
		ShellType:  "unified_exec",
		Visibility: "list", SupportedInAPI: true,
		BaseInstructions: instructions,
		// The bridge maps freeform tools there and back.
		ApplyPatchType:    "freeform",
		WebSearchType:     "text",
		TruncationPolicy:  Truncation{Mode: "tokens", Limit: 10_000},
		ParallelToolCalls: true,
		ContextWindow:     windowOf(m), EffectivePercent: 95,
		InputModalities:   []string{"text"},
		ExperimentalTools: []string{},
	}
	e.MaxContextWindow = e.ContextWindow
	if m.Vision {
		e.InputModalities = append(e.InputModalities, "image")
	}
	if m.Reasoning {
		e.SupportedReasoningLevel = efforts
		e.DefaultReasoningLevel = "medium"
		e.DefaultReasoningSummary = "auto"
	}
	return e
}

// Encode writes the catalog as Codex reads it: indented, for the people who look.
func (c Catalog) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(c)
	return b.Bytes(), err
}
