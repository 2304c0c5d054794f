package link

import (
	"cmp"
	"context"
	"os"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/bridge"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

// state puts together what there is to see.
func (l *Local) state(ctx context.Context) State {
	l.mu.Lock()
	chosen, last, search, identity := l.chosen, l.last, l.search, l.identity
	balance, asked, switched, menuBar := l.balance, l.asked, l.switched, l.disk.menuBar
	asks := l.asks
	l.mu.Unlock()
	s := State{
		Running: l.o.Bridge.Port != 0, Provider: Subscription,
		WebSearch: search, Bridge: l.o.Bridge, Version: l.o.Version,
		Model: Model{Chosen: chosen, Profile: l.home.ProfileModel(), Last: cmp.Or(last.Used, last.Asked)},
		Spend: l.spent(ctx), MenuBar: menuBar, Restart: switched, RestartNow: switched && asks,
	}
	s.Login = l.login(ctx, s.Spend)
	if s.Model.Free = freeInstead(last); s.Model.Free {
		s.Model.Notice = plainNotice(last.Notice)
	}
	// A base config that cannot be read is the doctor's to tell.
	if desktop, err := l.desktop().Status(); err == nil && desktop.On {
		s.Provider = ClawRouter
	}
	s.Model.InForce, s.Model.Pinned = l.inForce(s.Model.Profile)
	list, _ := l.catalog.read(l.home)
	s.Codex.Home, s.Codex.Models, s.Codex.Command = l.home.Dir, len(list), l.o.CodexCommand
	if len(list) > 0 {
		s.Codex.Catalog = l.home.Catalog()
	}
	if l.home.HasProfile() {
		s.Codex.Profile = l.home.Profile()
	}
	var watched proxy.State
	if l.o.Supervisor != nil {
		watched = l.o.Supervisor.State()
		s.Proxy = watchedProxy(watched)
	} else {
		s.Proxy = Proxy{URL: l.o.Client.BaseURL(), ClawRouter: identity.ClawRouter, Version: identity.Health.Version}
	}
	s.WebSearch.Served = !s.Running || s.Proxy.ClawRouter
	s.Wallet = l.wallet(watched, identity.Health, balance, asked)
	s.Notices = l.notices(&s, watched)
	return s
}

// inForce is what a Codex that was started from the profile asks for.
func (l *Local) inForce(profile string) (model string, pinned bool) {
	if profile != "" && profile != models.Selected {
		return profile, true
	}
	if model = l.Selected(); model == "" {
		model = bridge.DefaultModel
	}
	return model, false
}

func watchedProxy(w proxy.State) Proxy {
	p := Proxy{
		URL: w.URL, ClawRouter: w.Ready(), Supervised: true, Phase: w.Phase, Headline: w.Headline(),
		Version: w.Version, PID: w.PID, Since: w.Since, NextTry: w.NextTry, Restarts: w.Restarts,
		Notes: w.Notes, RefusesPaid: w.RefusePaid(),
	}
	if w.Err != nil {
		p.Error = &Problem{Kind: string(w.Err.Kind), Message: w.Err.Message, Mend: w.Err.Mend}
	}
	return p
}

// wallet is what pays: as the running ClawRouter says, else as one would find it.
func (l *Local) wallet(w proxy.State, identified proxy.Health, balance *proxy.Health, asked time.Time) Wallet {
	h := w.Health
	if l.o.Supervisor == nil {
		h = identified
	}
	funding := h.Funding()
	out := Wallet{Kind: funding.Kind, Address: funding.Address, Chain: h.Chain, Unit: funding.Unit, QR: funding.QR, URL: funding.URL}
	if funding.Kind == proxy.WalletAPIKey {
		out.Address = h.APIKey
	}
	// A balance of another wallet, from before a restart, would mislead.
	if balance != nil && balance.Funding().Address == funding.Address && funding.Kind != proxy.WalletNone {
		out.Balance, out.Asked = balance.Balance, asked
		out.Low, out.Empty, out.BalanceError = balance.Low, balance.Empty, balance.BalanceError
	}
	if w.Mismatch != nil {
		out.Mismatch = w.Mismatch.String()
	}
	if w.Created != nil {
		out.Created = w.Created.String()
	}
	if out.Kind == proxy.WalletNone {
		l.found(&out)
	}
	return out
}

// found fills in the wallet that a ClawRouter would be given.
func (l *Local) found(out *Wallet) {
	if l.o.FindWallet == nil {
		return
	}
	w, err := l.o.FindWallet()
	if err != nil || w.Kind() == proxy.WalletNone {
		return
	}
	var h proxy.Health
	switch w.Kind() {
	case proxy.WalletEVM:
		h = proxy.Health{Auth: proxy.AuthWallet, Chain: "base", Wallet: w.Address()}
	case proxy.WalletSolana:
		h = proxy.Health{Auth: proxy.AuthWallet, Chain: "solana", Solana: w.Address()}
	default:
		h = proxy.Health{Auth: proxy.AuthAPIKey, APIKey: w.Address()}
	}
	f := h.Funding()
	out.Kind, out.Address, out.Chain, out.Unit, out.QR, out.URL = w.Kind(), w.Address(), h.Chain, f.Unit, f.QR, f.URL
}

// fileStamp tells one version of a file from the next: ours are replaced whole.
type fileStamp struct {
	size     int64
	modified time.Time
}

func stampOf(path string) fileStamp {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{info.Size(), info.ModTime()}
}
