package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// well is a link on which all is well: on ClawRouter, with a cap.
func well() facts {
	limit := 5 * spend.Dollar
	balance := 12.34
	return facts{
		known: true,
		state: link.State{
			Running: true, Provider: link.ClawRouter,
			Model:  link.Model{Chosen: "anthropic/claude-opus-5", InForce: "anthropic/claude-opus-5"},
			Proxy:  link.Proxy{ClawRouter: true, Supervised: true, Phase: proxy.PhaseHealthy},
			Wallet: link.Wallet{Kind: proxy.WalletEVM, Address: "0xabc", Balance: &balance},
			Spend:  link.Spend{Today: 420_000, Cap: &limit},
			Login:  link.Login{Available: true, Warning: "The bridge then spends from your wallet, also while nobody looks. The daily cap is $5.00."},
			Codex:  link.Codex{Catalog: "/home/ann/.codex/clawrouter-models.json"},
		},
		models: []codex.PickerModel{
			{ID: "blockrun/auto", Name: "Auto"},
			{ID: "anthropic/claude-opus-5", Name: "Claude Opus 5"},
			{ID: "anthropic/claude-sonnet-5", Name: "Claude Sonnet 5"},
			{ID: "zai/glm-5.2", Name: "GLM 5.2"},
		},
	}
}

// text writes a face as a person reads it.
func text(f face) string {
	var b strings.Builder
	fmt.Fprintf(&b, "icon %s", f.icon)
	if f.beside != "" {
		fmt.Fprintf(&b, ", beside it %q", f.beside)
	}
	b.WriteString("\n")
	for i, r := range f.rows {
		if ruled[i] {
			b.WriteString("---\n")
		}
		write(&b, r, kinds[i], "")
	}
	return b.String()
}

func write(b *strings.Builder, r row, k kind, indent string) {
	if r.hidden {
		return
	}
	mark := " "
	if k == check {
		mark = "-"
	}
	if r.checked {
		mark = "x"
	}
	off := ""
	if r.off {
		off = " (grey)"
	}
	fmt.Fprintf(b, "%s%s %s%s\n", indent, mark, r.text, off)
	for _, sub := range r.rows {
		write(b, sub, sub.kindBelow(), indent+"    ")
	}
}

func TestTheWholeMenu(t *testing.T) {
	const want = `icon clawrouter
  ClawRouter · Claude Opus 5 · $12.34 (grey)
- Subscription
x ClawRouter
  Model: Claude Opus 5
      ClawRouter chooses
        - Auto
    x Anthropic
        x Claude Opus 5
        - Claude Sonnet 5
      Z.ai
        - GLM 5.2
- Web search
---
  Today $0.42 of $5.00 (grey)
- Pause spending
---
  Open panel
  Open in browser
  Copy wallet address
---
  Launch at login
    - Start at login
      The bridge then spends from your wallet, also while nobody (grey)
      looks. The daily cap is $5.00. (grey)
  Doctor…
  Logs…
  Quit
`
	if diff := cmp.Diff(want, text(draw(well()))); diff != "" {
		t.Error(diff)
	}
}

func TestBeforeTheFirstState(t *testing.T) {
	const want = `icon starting
  Starting… (grey)
- Subscription (grey)
- ClawRouter (grey)
  Model (grey)
- Web search (grey)
---
- Pause spending (grey)
---
  Open panel (grey)
  Open in browser (grey)
  Copy wallet address (grey)
---
  Launch at login (grey)
  Doctor… (grey)
  Logs… (grey)
  Quit
`
	if diff := cmp.Diff(want, text(draw(facts{}))); diff != "" {
		t.Error(diff)
	}
}

// What a change of the state changes in the face: nothing else may.
func TestWhatAStateChanges(t *testing.T) {
	small, none := 0.004, 0.0
	tests := []struct {
		name   string
		change func(*facts)
		want   string // the lines that go, with -, and those that come, with +
	}{
		{"on the subscription", func(f *facts) { f.state.Provider = link.Subscription }, `-icon clawrouter
-  ClawRouter · Claude Opus 5 · $12.34 (grey)
-- Subscription
-x ClawRouter
+icon subscription
+  Subscription · your ChatGPT plan (grey)
+x Subscription
+- ClawRouter`},
		{"a switch that Codex has not noticed", func(f *facts) { f.state.Restart = true },
			"+  Restart Codex to apply (grey)"},
		{"the same, and the Desktop app can be asked", func(f *facts) { f.state.Restart, f.state.RestartNow = true, true },
			"+  Restart Codex now"},
		{"ClawRouter is starting", func(f *facts) { f.state.Proxy.Phase = proxy.PhaseStarting }, `-icon clawrouter
-  ClawRouter · Claude Opus 5 · $12.34 (grey)
+icon starting
+  ClawRouter is starting… (grey)`},
		{"another's server is never starting", func(f *facts) { f.state.Proxy = link.Proxy{} }, ""},
		{"ClawRouter is down for good", func(f *facts) {
			f.state.Proxy.Phase = proxy.PhaseFailed
			f.state.Notices = []link.Notice{{ID: "proxy-down", Level: link.LevelError, Text: "Node.js is missing. It runs ClawRouter."}}
		}, `-icon clawrouter
-  ClawRouter · Claude Opus 5 · $12.34 (grey)
+icon attention
+  ClawRouter does not run (grey)
+  Node.js is missing`},
		{"a warning is said, and needs nobody at once", func(f *facts) {
			f.state.Notices = []link.Notice{{ID: "wallet-low", Level: link.LevelWarning, Text: "Under $1 is left."}}
		}, "+  Under $1 is left"},
		{"what is only worth knowing is the panel's", func(f *facts) {
			f.state.Notices = []link.Notice{{ID: "models-updated", Level: link.LevelInfo, Text: "New models."}}
		}, ""},
		{"a long sentence", func(f *facts) {
			f.state.Notices = []link.Notice{{Level: link.LevelWarning, Text: "Words without an end " + strings.Repeat("that go on ", 10)}}
		}, `+  Words without an end that go on that go on that go on that…`},
		{"a click that did nothing", func(f *facts) { f.trouble = "config.toml cannot be read: line 3" },
			"+  config.toml cannot be read: line 3"},
		{"before setup", func(f *facts) { f.state.Codex.Catalog = "" }, `-x ClawRouter
+x ClawRouter (grey)`},
		{"web search", func(f *facts) { f.state.WebSearch.On = true }, `-- Web search
+x Web search`},
		{"no cap", func(f *facts) { f.state.Spend.Cap = nil }, `-  Today $0.42 of $5.00 (grey)
+  Today $0.42 (grey)`},
		{"paused", func(f *facts) { f.state.Spend.Paused = true }, `-  Today $0.42 of $5.00 (grey)
-- Pause spending
+  Today $0.42 of $5.00 · paused (grey)
+x Pause spending`},
		{"less than a cent", func(f *facts) { f.state.Wallet.Balance = &small }, `-  ClawRouter · Claude Opus 5 · $12.34 (grey)
+  ClawRouter · Claude Opus 5 · under $0.01 (grey)`},
		{"nothing left", func(f *facts) { f.state.Wallet.Balance = &none }, `-  ClawRouter · Claude Opus 5 · $12.34 (grey)
+  ClawRouter · Claude Opus 5 · $0.00 (grey)`},
		{"a balance that nobody knows", func(f *facts) { f.state.Wallet.Balance = nil }, `-  ClawRouter · Claude Opus 5 · $12.34 (grey)
+  ClawRouter · Claude Opus 5 (grey)`},
		{"an API key has no address to copy", func(f *facts) { f.state.Wallet.Kind = proxy.WalletAPIKey }, `-  Copy wallet address
+  Copy wallet address (grey)`},
		{"launch at login", func(f *facts) { f.state.Login.On = true }, `-  Launch at login
-    - Start at login
+  Launch at login: on
+    x Start at login`},
		{"no launch at login here", func(f *facts) { f.state.Login.Available = false }, `-  Launch at login
-    - Start at login
-      The bridge then spends from your wallet, also while nobody (grey)
-      looks. The daily cap is $5.00. (grey)
+  Launch at login (grey)`},
		{"the balance beside the icon", func(f *facts) { f.state.MenuBar.Text = settings.TextBalance }, `-icon clawrouter
+icon clawrouter, beside it "$12.34"`},
		{"today beside the icon", func(f *facts) { f.state.MenuBar.Text = settings.TextToday }, `-icon clawrouter
+icon clawrouter, beside it "$0.42"`},
		{"a routing profile that is not on the list", func(f *facts) { f.state.Model.InForce = "blockrun/eco" }, `-  ClawRouter · Claude Opus 5 · $12.34 (grey)
-  Model: Claude Opus 5
-    x Anthropic
-        x Claude Opus 5
+  ClawRouter · Eco · $12.34 (grey)
+  Model: Eco
+      Anthropic
+        - Claude Opus 5`},
	}
	before := strings.Split(text(draw(well())), "\n")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := well()
			tt.change(&f)
			after := strings.Split(text(draw(f)), "\n")
			if diff := cmp.Diff(tt.want, changes(before, after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A menu that a person takes in at a glance.
func TestNeverMoreThanSixteenRows(t *testing.T) {
	if rowCount > 16 {
		t.Errorf("%d rows", rowCount)
	}
}

func TestWhatAClickAsksFor(t *testing.T) {
	rows := draw(well()).rows
	tests := []struct {
		row  row
		want click
	}{
		{rows[rowSubscription], click{do: useProvider, what: "subscription"}},
		{rows[rowClawRouter], click{do: useProvider, what: "clawrouter"}},
		{rows[rowModel].rows[2].rows[0], click{do: useModel, what: "zai/glm-5.2"}},
		{rows[rowSearch], click{do: setSearch, on: true}},
		{rows[rowPause], click{do: setPaused, on: true}},
		{rows[rowLogin].rows[0], click{do: setLogin, on: true}},
		{rows[rowCopy], click{do: copyWallet, what: "0xabc"}},
		{rows[rowPanel], click{do: openPanel}},
		{rows[rowDoctor], click{do: openPanel, what: "doctor"}},
		{rows[rowLogs], click{do: openPanel, what: "logs"}},
		{rows[rowBrowser], click{do: openBrowser}},
		{rows[rowQuit], click{do: quit}},
	}
	for _, tt := range tests {
		if tt.row.click != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.row.text, tt.row.click, tt.want)
		}
	}
}

// changes lists lines that went and came, in order.
func changes(before, after []string) string {
	var out []string
	gone, come := map[string]int{}, map[string]int{}
	for _, line := range before {
		gone[line]++
	}
	for _, line := range after {
		if gone[line] > 0 {
			gone[line]--
		} else {
			come[line]++
		}
	}
	for _, line := range before {
		if gone[line] > 0 {
			gone[line]--
			out = append(out, "-"+line)
		}
	}
	for _, line := range after {
		if come[line] > 0 {
			come[line]--
			out = append(out, "+"+line)
		}
	}
	return strings.Join(out, "\n")
}
