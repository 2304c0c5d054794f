package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFunding(t *testing.T) {
	for name, c := range map[string]struct {
		h    Health
		want Funding
	}{
		"Base": {Health{Auth: AuthWallet, Wallet: aliceAddress, Chain: "base", Solana: solanaAddr}, Funding{
			WalletEVM, aliceAddress, "ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address=" + aliceAddress,
			"USDC on Base", "https://basescan.org/address/" + aliceAddress,
		}},
		"Solana pays, though there is an EVM address": {Health{Auth: AuthWallet, Wallet: aliceAddress, Chain: "solana", Solana: solanaAddr}, Funding{
			WalletSolana, solanaAddr, solanaAddr, "USDC on Solana", "https://solscan.io/account/" + solanaAddr,
		}},
		"API key": {Health{Auth: AuthAPIKey, APIKey: brkMasked, TopUpURL: "https://user.blockrun.ai/dashboard/credits"}, Funding{
			Kind: WalletAPIKey, Unit: "USD of BlockRun credit", URL: "https://user.blockrun.ai/dashboard/credits",
		}},
		"a link that is none": {Health{Auth: AuthAPIKey, TopUpURL: "javascript:alert(1)"}, Funding{Kind: WalletAPIKey, Unit: "USD of BlockRun credit"}},
		"nothing known":       {Health{}, Funding{Kind: WalletNone}},
		"no real address":     {Health{Auth: AuthWallet, Wallet: "0x12?evil"}, Funding{Kind: WalletNone}},
	} {
		if diff := cmp.Diff(c.want, c.h.Funding()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
