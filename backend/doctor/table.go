package doctor

import "time"

// FirstStart is the ID of the check that fails alone while nothing was started yet.
const FirstStart = "first-start"

// checks is the order in which they are printed: from the user's settings along
// the way that a turn takes, then Codex and its files, then what surrounds them.
var checks = []check{
	{id: "settings", title: "Settings", run: checkSettings},
	{id: FirstStart, title: "First start", run: checkFirstStart},
	{id: "files", title: "Own files", run: checkFiles},
	{id: "bridge", title: "Bridge", run: checkBridge},
	{id: "clawrouter", title: "ClawRouter", run: checkUpstream},
	{id: "owner", title: "ClawRouter's user", run: checkOwner},
	{id: "wallet", title: "Wallet", run: checkWallet},
	// ClawRouter itself tries for up to 30 s to read a balance from Solana.
	{id: "balance", title: "Balance", patience: balancePatience, run: checkBalance},
	{id: "cap", title: "Daily cap", run: checkCap},
	{id: "node", title: "Node.js", run: checkNode},
	{id: "codex", title: "Codex", run: checkCodex},
	{id: "profile", title: "Profile", run: checkProfile},
	{id: "key", title: "Bridge key", run: checkKey},
	{id: "catalog", title: "Model list", run: checkCatalog},
	{id: "config", title: "Base config", run: checkConfig},
	{id: "legacy", title: "Older profile", run: checkLegacy},
	{id: "provider", title: "Plain Codex", run: checkProvider},
	{id: "web-search", title: "Web search", run: checkWebSearch},
	{id: "backups", title: "Backups", run: checkBackups},
	{id: "login", title: "Start at login", run: checkLogin},
	{id: "turn", title: "Turn", patience: turnPatience, run: checkTurn},
}

const (
	balancePatience = 35 * time.Second
	// turnPatience is for a free model, which may have to wait in a queue.
	turnPatience = 2 * time.Minute
)
