package doctor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// checkWallet looks for the key as a start would, and compares.
func checkWallet(_ context.Context, l *look) Result {
	if l.owned() {
		return Result{Status: Skip, Text: "CLAWROUTER_PROXY_URL names a server of your own, which gets no key from here"}
	}
	e, err := l.expected()
	var start *proxy.StartError
	if errors.As(err, &start) {
		return Result{Status: Fail, Text: oneLine(start.Message), Mend: oneLine(start.Mend)}
	}
	if err != nil {
		return Result{Status: Fail, Text: oneLine(err.Error())}
	}
	h, err := l.upstream()
	none := e.Wallet.Kind() == proxy.WalletNone
	switch {
	case err != nil && none:
		return Result{Status: Skip, Text: "no key was found; ClawRouter makes a wallet at its first start"}
	case err != nil:
		return Result{Status: Skip, Text: e.Wallet.String() + "; not compared, ClawRouter does not answer"}
	case none:
		return Result{Status: OK, Text: "ClawRouter pays from " + payer(h) + "; there is no other key here"}
	}
	if m := e.Wallet.Compare(h); m != nil {
		return Result{
			Status: Fail, Text: fmt.Sprintf("ClawRouter pays from %s, but your wallet is %s (%s): paid turns are refused", m.Theirs, m.Ours, m.Place),
			Mend: "stop the link and that ClawRouter, then: clawrouter-codex up",
		}
	}
	if e.Note != "" {
		return Result{Status: Warn, Text: e.Note, Mend: "nothing to do if you meant that; else restore the other key"}
	}
	return Result{Status: OK, Text: "ClawRouter pays from your " + e.Wallet.String()}
}

// payer is what pays, on the chain that pays.
func payer(h proxy.Health) string {
	f := h.Funding()
	if f.Address == "" {
		return "an API key"
	}
	return f.Address
}

// checkBalance asks the chain that pays.
func checkBalance(ctx context.Context, l *look) Result {
	if _, err := l.upstream(); err != nil {
		return Result{Status: Skip, Text: "not known: no ClawRouter answers"}
	}
	h, err := l.askUpstream(ctx, true, balancePatience)
	if err != nil {
		return Result{Status: Warn, Text: fmt.Sprintf("could not be read: %v", proxy.RootCause(err)), Mend: "clawrouter-codex doctor, in a minute"}
	}
	f := h.Funding()
	where := fmt.Sprintf("%s, %s", f.Unit, f.Address)
	send := fmt.Sprintf("send %s to %s; its QR code: clawrouter-codex wallet", f.Unit, f.Address)
	if f.Kind == proxy.WalletAPIKey {
		where, send = f.Unit, "buy credit: "+f.URL
	}
	switch {
	case h.Balance == nil && f.Kind == proxy.WalletAPIKey:
		return Result{Status: Skip, Text: "credit of a BlockRun account, which ClawRouter does not tell"}
	case h.Balance == nil:
		why := h.BalanceError
		if why == "" {
			why = "ClawRouter names none"
		}
		return Result{Status: Warn, Text: oneLine(fmt.Sprintf("could not be read from %s: %s", f.Unit, why)), Mend: "clawrouter-codex doctor, in a minute"}
	case h.Empty:
		return Result{Status: Fail, Text: "empty (" + where + "): every model is replaced by a free one", Mend: send}
	case h.Low:
		return Result{Status: Warn, Text: fmt.Sprintf("low: $%.2f (%s)", *h.Balance, where), Mend: send}
	}
	return Result{Status: OK, Text: fmt.Sprintf("$%.2f (%s)", *h.Balance, where)}
}

// checkCap tells what the user allows to be spent in a day.
func checkCap(ctx context.Context, l *look) Result {
	dir := l.env.Settings.Paths.Spend()
	allowed, err := spend.LookAllowed(dir)
	switch {
	case err != nil:
		return Result{
			Status: Fail, Text: oneLine(fmt.Sprintf("not known, so paid turns are refused: %v", err)),
			Mend: "stop the link and delete " + filepath.Join(dir, "limits.json") + ", which may have held a limit",
		}
	case allowed.Paused:
		return Result{Status: Warn, Text: "paid turns are paused: each is refused", Mend: "clawrouter-codex resume"}
	case allowed.Cap == nil:
		return Result{Status: OK, Text: "none is set"}
	}
	most := *allowed.Cap
	spent, err := l.spentToday(ctx)
	switch {
	case err != nil:
		return Result{
			Status: Warn, Text: oneLine(fmt.Sprintf("%s a day; what was spent is not known: %v", most, err)),
			Mend: "mend the permissions of " + dir,
		}
	case spent >= most:
		return Result{
			Status: Warn, Text: fmt.Sprintf("reached: %s of %s is spent today, so paid turns are refused until tomorrow", spent, most),
			Mend: fmt.Sprintf("clawrouter-codex cap %d", int(spent.USD())+1),
		}
	}
	return Result{Status: OK, Text: fmt.Sprintf("%s a day, of which %s is spent", most, spent)}
}

// spentToday reads the ledger without a trace.
func (l *look) spentToday(ctx context.Context) (spend.Micros, error) {
	book, err := spend.Look(spend.Options{Folder: spend.Disk(l.env.Settings.Paths.Spend()), Prices: models.Snapshot(), Now: l.env.Now})
	if err != nil {
		return 0, err
	}
	return book.Status().Today, book.Close(ctx)
}
