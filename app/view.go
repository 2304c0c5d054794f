package app

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// facts are all that a face is drawn from.
type facts struct {
	known    bool // a state has come and its link runs; without, the rest is what was
	stopping bool // the program ends
	state    link.State
	models   []codex.PickerModel
	trouble  string // why the last click did nothing
}

// face is what the menu bar shows.
type face struct {
	icon   icons.State
	beside string // text beside the icon
	tip    string // shown where the mouse rests on the icon
	rows   [rowCount]row
}

// The rows, top to bottom. Their number and order never change: what does not
// apply is hidden, so that a row keeps its identity while a menu is open.
const (
	rowStatus = iota
	rowNotice
	rowRestart
	rowSubscription
	rowClawRouter
	rowModel
	rowSearch
	rowToday
	rowPause
	rowPanel
	rowBrowser
	rowCopy
	rowLogin
	rowDoctor
	rowLogs
	rowQuit
	rowCount
)

// kind is what a row looks like; it never changes.
type kind int

const (
	plain   kind = iota
	check        // on or off
	submenu      // opens rows of its own
)

// kinds of the rows that are not plain.
var kinds = [rowCount]kind{
	rowSubscription: check, rowClawRouter: check, rowSearch: check, rowPause: check,
	rowModel: submenu, rowLogin: submenu,
}

// ruled are the rows before which a line is drawn.
var ruled = [rowCount]bool{rowToday: true, rowPanel: true, rowLogin: true}

// row is one line of the menu.
type row struct {
	text    string
	tip     string
	checked bool
	off     bool // shown grey: it tells something, or cannot be used now
	hidden  bool
	click   click
	rows    []row // of a submenu
	says    bool  // in a submenu: it only tells something, and has no tick
}

// verb is what a click asks for.
type verb int

const (
	nothing verb = iota
	useProvider
	useModel
	setSearch
	setPaused
	setLogin
	openPanel
	openBrowser
	copyWallet
	restartCodex
	quit
)

// click is a verb with what it needs.
type click struct {
	do   verb
	on   bool   // for the switches: the wanted position
	what string // provider, model, or part of the panel
}

// draw is the face of f. It looks at nothing else.
func draw(f facts) face {
	s := f.state
	out := face{icon: icon(f), beside: beside(f)}
	status := statusLine(f)
	out.tip = status
	out.rows = [rowCount]row{
		rowStatus:  {text: status, off: true},
		rowNotice:  noticeRow(f),
		rowRestart: restartRow(f),
		rowSubscription: {text: "Subscription", tip: "Codex runs on your ChatGPT plan", checked: f.known && s.Provider == link.Subscription,
			off: !f.known, click: click{do: useProvider, what: string(link.Subscription)}},
		rowClawRouter: {text: "ClawRouter", tip: "Codex runs on any model, paid from your wallet", checked: f.known && s.Provider == link.ClawRouter,
			// Before setup has written it, Codex has no list to choose from.
			off: !f.known || s.Codex.Catalog == "", click: click{do: useProvider, what: string(link.ClawRouter)}},
		rowModel: modelRow(f),
		rowSearch: {text: "Web search", checked: s.WebSearch.On, off: !f.known,
			click: click{do: setSearch, on: !s.WebSearch.On}},
		rowToday: {text: today(f), tip: "An estimate, from the tokens that were used and their prices", off: true, hidden: !f.known},
		rowPause: {text: "Pause spending", tip: "No paid turn from the next one on", checked: s.Spend.Paused, off: !f.known,
			click: click{do: setPaused, on: !s.Spend.Paused}},
		rowPanel:   {text: "Open panel", off: !f.known, click: click{do: openPanel}},
		rowBrowser: {text: "Open in browser", off: !f.known, click: click{do: openBrowser}},
		rowCopy:    {text: "Copy wallet address", tip: s.Wallet.Address, off: !hasAddress(s.Wallet), click: click{do: copyWallet, what: s.Wallet.Address}},
		rowLogin:   loginRow(f),
		rowDoctor:  {text: "Doctor…", off: !f.known, click: click{do: openPanel, what: "doctor"}},
		rowLogs:    {text: "Logs…", off: !f.known, click: click{do: openPanel, what: "logs"}},
		rowQuit:    {text: "Quit", off: f.stopping, click: click{do: quit}},
	}
	return out
}

func hasAddress(w link.Wallet) bool {
	return w.Address != "" && (w.Kind == proxy.WalletEVM || w.Kind == proxy.WalletSolana)
}

// icon: what needs a person comes before what is on its way, and that before
// what is on.
func icon(f facts) icons.State {
	switch {
	case !f.known:
		return icons.Starting
	case len(f.state.Notices) > 0 && f.state.Notices[0].Level == link.LevelError:
		return icons.Attention
	case starting(f.state.Proxy):
		return icons.Starting
	case f.state.Provider == link.ClawRouter:
		return icons.ClawRouter
	}
	return icons.Subscription
}

func starting(p link.Proxy) bool {
	switch p.Phase {
	case proxy.PhaseIdle, proxy.PhaseChecking, proxy.PhaseStarting, proxy.PhaseRestarting:
		return p.Supervised
	}
	return false
}

// statusLine is the state in words: who serves, which model, what is left.
func statusLine(f facts) string {
	s := f.state
	switch {
	case f.stopping:
		return "Stopping…"
	case !f.known:
		return "Starting…"
	case s.Proxy.Phase == proxy.PhaseFailed:
		return "ClawRouter does not run"
	case starting(s.Proxy):
		return "ClawRouter is starting…"
	case s.Provider == link.Subscription:
		return "Subscription · your ChatGPT plan"
	}
	parts := []string{"ClawRouter", modelName(f, s.Model.InForce)}
	if b := s.Wallet.Balance; b != nil {
		parts = append(parts, dollars(*b))
	}
	return strings.Join(parts, " · ")
}

// beside is the text beside the icon, which the user chose.
func beside(f facts) string {
	s := f.state
	switch {
	case !f.known:
	case s.MenuBar.Text == settings.TextBalance && s.Wallet.Balance != nil:
		return dollars(*s.Wallet.Balance)
	case s.MenuBar.Text == settings.TextToday:
		return dollars(s.Spend.Today.USD())
	}
	return ""
}

// dollars writes cents; every sum of the menu has the same precision.
func dollars(usd float64) string {
	switch {
	case usd > 0 && usd < 0.005:
		return "under $0.01"
	case usd < 0:
		return fmt.Sprintf("-$%.2f", -usd)
	}
	return fmt.Sprintf("$%.2f", usd)
}

func today(f facts) string {
	s := f.state.Spend
	text := "Today " + dollars(s.Today.USD())
	if s.Cap != nil {
		text += " of " + dollars(s.Cap.USD())
	}
	if s.Paused {
		text += " · paused"
	}
	return text
}

// noticeRow is the most urgent thing that needs a person; the panel has them all.
func noticeRow(f facts) row {
	if f.trouble != "" {
		return row{text: short(f.trouble), tip: f.trouble, click: click{do: openPanel, what: "doctor"}}
	}
	if !f.known || len(f.state.Notices) == 0 || f.state.Notices[0].Level == link.LevelInfo {
		return row{hidden: true}
	}
	n := f.state.Notices[0]
	return row{text: short(n.Text), tip: n.Text, click: click{do: openPanel}}
}

// widest is how many characters of a sentence a menu shows.
const widest = 60

// short keeps a menu narrow: the first sentence, or the beginning of it.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if end := strings.Index(text, ". "); end > 0 {
		text = text[:end]
	}
	text = strings.TrimSuffix(text, ".")
	runes := []rune(text)
	if len(runes) <= widest {
		return text
	}
	return strings.TrimRight(string(runes[:widest-1]), " ,;:") + "…"
}

// restartRow is shown after a switch that a Codex which is open has not noticed.
func restartRow(f facts) row {
	switch {
	case !f.known || !f.state.Restart:
		return row{hidden: true}
	case f.state.RestartNow:
		return row{text: "Restart Codex now", click: click{do: restartCodex}}
	}
	return row{text: "Restart Codex to apply", off: true}
}

// loginRow has a submenu, since what it means is to be read before it is switched
// on, and hosts show no tips.
func loginRow(f facts) row {
	at := f.state.Login
	out := row{text: "Launch at login", off: !f.known || !at.Available, rows: []row{}}
	if out.off {
		return out
	}
	if at.On {
		out.text += ": on"
	}
	// The switch stands first: the text may become longer, and a row keeps its kind.
	out.rows = append(out.rows, row{text: "Start at login", checked: at.On, click: click{do: setLogin, on: !at.On}})
	for _, line := range lines(at.Warning) {
		out.rows = append(out.rows, row{text: line, off: true, says: true})
	}
	return out
}

// lines breaks a text where a menu would become too wide.
func lines(text string) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		last := len(out) - 1
		if last < 0 || utf8.RuneCountInString(out[last])+1+utf8.RuneCountInString(word) > widest {
			out = append(out, word)
			continue
		}
		out[last] += " " + word
	}
	return out
}

// modelRow has a submenu for each family, in the order of Codex's picker.
func modelRow(f facts) row {
	out := row{text: "Model", off: !f.known || len(f.models) == 0}
	if f.known && f.state.Model.InForce != "" {
		out.text = "Model: " + modelName(f, f.state.Model.InForce)
	}
	at := map[string]int{}
	for _, m := range f.models {
		family := models.Family(m.ID)
		if _, ok := at[family]; !ok {
			at[family] = len(out.rows)
			out.rows = append(out.rows, row{text: models.FamilyName(family)})
		}
		group := &out.rows[at[family]]
		on := m.ID == f.state.Model.InForce
		group.checked = group.checked || on
		group.rows = append(group.rows, row{text: m.Name, tip: m.Description, checked: on, click: click{do: useModel, what: m.ID}})
	}
	return out
}

// modelName is a model as Codex's picker names it, and a routing profile by the
// one word that tells it.
func modelName(f facts, id string) string {
	if profile := models.RoutingProfile(id); profile != "" {
		return strings.ToUpper(profile[:1]) + profile[1:]
	}
	for _, m := range f.models {
		if m.ID == id && m.Name != "" {
			return m.Name
		}
	}
	return id
}
