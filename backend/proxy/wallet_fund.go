package proxy

import "net/url"

// Where USDC lives on Base: an ERC-20 contract, and the chain's number.
const (
	usdcOnBase  = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
	baseChainID = "8453"
)

// Funding is how to give a ClawRouter money: what it truly pays from, which on
// Solana is not its EVM address, and with an API key no address at all.
type Funding struct {
	Kind    WalletKind
	Address string // to show and copy; empty with an API key
	QR      string // what a QR code should hold; empty where there is nothing to scan
	Unit    string // "USDC on Base"
	URL     string // a page to look at the address or to buy credit; may be empty
}

// Funding tells how the payer of h is funded. The zero Health has none.
func (h Health) Funding() Funding {
	switch {
	case h.Auth == AuthAPIKey:
		return Funding{Kind: WalletAPIKey, Unit: "USD of BlockRun credit", URL: safeURL(h.TopUpURL)}
	case h.Chain == "solana" && solanaAddress.MatchString(h.Solana):
		return Funding{
			Kind: WalletSolana, Address: h.Solana, QR: h.Solana, Unit: "USDC on Solana",
			URL: "https://solscan.io/account/" + h.Solana,
		}
	case evmAddress.MatchString(h.Wallet):
		return Funding{
			Kind: WalletEVM, Address: h.Wallet, Unit: "USDC on Base",
			// EIP-681: a wallet app that scans it is on the right token and chain.
			QR:  "ethereum:" + usdcOnBase + "@" + baseChainID + "/transfer?address=" + h.Wallet,
			URL: "https://basescan.org/address/" + h.Wallet,
		}
	default:
		return Funding{Kind: WalletNone}
	}
}

// safeURL drops a link that a user must not be sent to: it comes from whoever
// answers on the port.
func safeURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return s
}
