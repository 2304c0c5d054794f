package link

import (
	"context"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

const (
	// balanceTimeout is above what ClawRouter takes on Solana.
	balanceTimeout = 40 * time.Second
	// balanceRest is how long ClawRouter itself remembers a balance: to ask
	// sooner brings nothing new.
	balanceRest = 30 * time.Second
	// readingRoom is put on top of the rest that a reading needs: ClawRouter may
	// have looked at the chain a moment after the last turn began.
	readingRoom = 5 * time.Second
)

// keepBalance asks for the balance once the upstream is ready, after turns and
// when somebody begins to look; and once more when the wallet has come to rest, to
// compare it with the ledger. Then it sleeps: no time that goes by wakes it.
func (l *Local) keepBalance(ctx context.Context) {
	if l.o.Supervisor == nil {
		signal(l.turns)
	}
	var asked time.Time // by the machine's clock
	stale := false      // something may have changed the balance since
	var missed time.Time
	for {
		wait, at := l.nextAsk(stale, asked, missed)
		ask := false
		select {
		case <-l.turns:
			stale, missed = true, time.Time{}
		case <-l.booked:
		case <-wait.C:
			ask = true
		case <-ctx.Done():
		}
		wait.Stop()
		if ctx.Err() != nil {
			return
		}
		if !ask {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, balanceTimeout)
		_ = l.askBalance(asking) // the state says what is not known
		cancel()
		// A reading that brought nothing is not tried again because time goes by.
		asked, stale, missed = time.Now(), false, at
		signal(l.kick)
	}
}

// never is a timer for what no time brings.
const never = 365 * 24 * time.Hour

// nextAsk is a timer for the next question, and the time from which on a reading
// counts if it is for one.
func (l *Local) nextAsk(stale bool, asked, missed time.Time) (*time.Timer, time.Time) {
	wait := never
	if stale {
		wait = max(0, balanceRest-time.Since(asked))
	}
	if l.o.Book == nil {
		return time.NewTimer(wait), time.Time{}
	}
	at, due := l.o.Book.ReadingDue()
	if !due || at.Equal(missed) {
		return time.NewTimer(wait), missed
	}
	if rest := at.Sub(l.o.Now()) + readingRoom; rest <= wait {
		return time.NewTimer(max(0, rest)), at
	}
	return time.NewTimer(wait), missed
}

// askBalance asks a ClawRouter for all that it says of its wallet, and has the
// ledger compare. Another server is not asked: there /health may cost its owner
// money.
func (l *Local) askBalance(ctx context.Context) error {
	id, err := l.o.Client.Identify(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.identity = id
	l.mu.Unlock()
	if !id.ClawRouter {
		return nil
	}
	at := l.o.Now()
	h, err := l.o.Client.Health(ctx, true)
	if err != nil {
		return err
	}
	l.reconcile(h, at)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.balance, l.asked = &h, l.o.Now()
	return nil
}

// reconcile gives the ledger the wallet's balance; it knows whether that counts.
func (l *Local) reconcile(h proxy.Health, at time.Time) {
	payer := h.Funding().Address
	if l.o.Book == nil || h.Balance == nil || payer == "" {
		return
	}
	l.o.Book.Reconcile(spend.Reading{Wallet: payer, Balance: spend.FromUSD(*h.Balance), At: at})
}
