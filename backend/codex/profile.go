package codex

import (
	"fmt"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// setting is one key of the profile. A pinned one must be right for the link to
// work and is set again by every setup; the others are the user's to change.
type setting struct {
	table  string // "" is the top level
	key    string
	value  string // as TOML
	pinned bool
}

const providerTable = "model_providers." + ProviderID

func (s setting) path() []string {
	if s.table == "" {
		return []string{s.key}
	}
	return append(strings.Split(s.table, "."), s.key)
}

// profileSettings are the keys of the profile, in the order of a fresh file.
func profileSettings(catalog, model string, port int) []setting {
	return []setting{
		{"", "model", tomledit.Quote(model), false},
		{"", "model_provider", tomledit.Quote(ProviderID), true},
		{"", "model_catalog_json", tomledit.Quote(catalog), true},

		// Not "OpenAI": Codex compresses bodies and compacts remotely for that name.
		{providerTable, "name", tomledit.Quote("ClawRouter"), true},
		{providerTable, "base_url", tomledit.Quote(fmt.Sprintf("http://localhost:%d/v1", port)), true},
		{providerTable, "wire_api", tomledit.Quote("responses"), true},
		// true would send the user's ChatGPT token to the bridge.
		{providerTable, "requires_openai_auth", "false", true},
		// The bridge repeats what a repeat can mend. Codex multiplies the two
		// numbers, and each request may be paid for.
		{providerTable, "request_max_retries", "1", false},
		{providerTable, "stream_max_retries", "2", false},
		// The bridge sends an event every few seconds while a model thinks, so
		// only a bridge that hangs is silent this long.
		{providerTable, "stream_idle_timeout_ms", "300000", false},

		// Else Codex waits for ever for a bridge that is down.
		{"features", "unbounded_connection_retries", "false", false},
	}
}

// profileHeader opens a fresh file.
const profileHeader = `# Written by clawrouter-codex setup, read by: codex --profile clawrouter
# Lines that you add or change stay at the next setup, except the provider's
# name and address and the path of the model list.

`

// freshProfile renders the settings as a new file.
func freshProfile(all []setting) []byte {
	var b strings.Builder
	b.WriteString(profileHeader)
	table := ""
	for _, s := range all {
		if s.table != table {
			table = s.table
			fmt.Fprintf(&b, "\n[%s]\n", table)
		}
		fmt.Fprintf(&b, "%s = %s\n", s.key, s.value)
	}
	return []byte(b.String())
}
