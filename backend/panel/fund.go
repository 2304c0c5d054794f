package panel

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/skip2/go-qrcode"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// fund is how to send money to the wallet.
type fund struct {
	Address string `json:"address"`
	Chain   string `json:"chain"` // "base" or "solana"
	Unit    string `json:"unit"`  // what to send: "USDC on Base"
	// Content is what the code holds: an EIP-681 request, or the plain address.
	Content string `json:"content"`
	// QR is the code as an SVG path on a grid of Size × Size, quiet zone included.
	QR   string `json:"qr"`
	Size int    `json:"size"`
	URL  string `json:"url,omitempty"` // a page to look at the wallet
}

// fund draws the code here: the page loads nothing from outside, and a library
// of its own would weigh more than all the rest.
func (s *server) fund(ctx context.Context, _ url.Values) (fund, error) {
	state, err := s.Link.State(ctx)
	if err != nil {
		return fund{}, err
	}
	w := state.Wallet
	if w.QR == "" {
		return fund{}, &link.Error{Kind: link.NoWallet, Message: "there is no wallet address that money could be sent to", Fix: "clawrouter-codex wallet"}
	}
	code, err := qrcode.New(w.QR, qrcode.Medium)
	if err != nil {
		return fund{}, fmt.Errorf("draw the QR code: %w", err)
	}
	dots := code.Bitmap()
	return fund{Address: w.Address, Chain: w.Chain, Unit: w.Unit, Content: w.QR, URL: w.URL, QR: drawn(dots), Size: len(dots)}, nil
}

// drawn joins the dots of each row to runs.
func drawn(dots [][]bool) string {
	var b strings.Builder
	for y, row := range dots {
		for x := 0; x < len(row); {
			run := 0
			for x+run < len(row) && row[x+run] {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x, y, run, run)
			}
			x += max(run, 1)
		}
	}
	return b.String()
}
