package cli

import (
	"fmt"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

func (a *app) walletCommand() *cobra.Command {
	var draw bool
	cmd := &cobra.Command{
		Use:   "wallet",
		Short: "Show what pays, its balance, and how to fund it",
		Long: `Show the address that ClawRouter pays from, the chain, the balance, and what to
send where. In a terminal a QR code of it is drawn, for the app that sends.

While no ClawRouter runs, it is the wallet that one would find, without a balance.
The key itself is never shown.`,
		Example: `  clawrouter-codex wallet
  clawrouter-codex wallet --json
  clawrouter-codex wallet --qr > qr.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLink(cmd.Context(), func(l link.Link) error {
				w, err := l.Wallet(cmd.Context())
				if err != nil {
					return err
				}
				text := walletText(w)
				if draw || a.env.OutTerminal {
					text += drawQR(w.QR)
				}
				a.answer(w, text)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&draw, "qr", false, "draw the QR code where the output is no terminal, too")
	return cmd
}

func walletText(w link.Wallet) string {
	var b strings.Builder
	switch w.Kind {
	case proxy.WalletAPIKey:
		fmt.Fprintf(&b, "API key  %s\n", w.Address)
	default:
		fmt.Fprintf(&b, "Address  %s\nChain    %s\n", w.Address, w.Chain)
	}
	fmt.Fprintf(&b, "Balance  %s\n", balanceText(w))
	if w.Kind == proxy.WalletAPIKey && w.URL != "" {
		fmt.Fprintf(&b, "Top up   %s\n", w.URL)
	} else if w.Kind != proxy.WalletAPIKey {
		fmt.Fprintf(&b, "Fund it  send %s to this address, on that chain only\n", w.Unit)
	}
	for _, warning := range []string{w.Mismatch, w.Created} {
		if warning != "" {
			fmt.Fprintf(&b, "\n%s\n", warning)
		}
	}
	return b.String()
}

func balanceText(w link.Wallet) string {
	switch {
	case w.BalanceError != "":
		return "not known: " + w.BalanceError
	case w.Balance == nil && w.Asked.IsZero():
		return "not known while ClawRouter does not run: clawrouter-codex up"
	case w.Balance == nil:
		return "not known"
	}
	text := fmt.Sprintf("$%.2f", *w.Balance)
	switch {
	case w.Empty:
		text += ", empty: only free/ models answer"
	case w.Low:
		text += ", low"
	}
	return text
}

// drawQR draws with half blocks, a quiet zone around them: phones read it on dark
// and on light terminals.
func drawQR(content string) string {
	if content == "" {
		return ""
	}
	code, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return "" // the address above says the same
	}
	return "\n" + code.ToSmallString(false)
}
