// Package spend keeps the ledger of what turns cost and the cap that refuses
// to pay. It never talks to a wallet or to the network.
//
// Every figure is an estimate. x402 pays a quote before the answer comes: list
// price of the input and of all the output that the request allows, and a flat
// fee. Nothing that comes back repeats the quote, so it is computed here, from
// the request, once: the same figure is held against the cap, booked, and
// compared with the wallet (Book.Reconcile).
//
// # On disk
//
// One folder, written by one process (the one that holds the lock of the state
// folder):
//
//	2026-11-22.jsonl  a line for every call, dated by the user's own midnight
//	open.json         reservations of calls that are under way
//	limits.json       the cap and the pause
//
// A call is appended to the ledger within 100 ms and nobody waits for it. A
// line that a crash or a full disk cut short is set apart and not read; a line
// written twice has one id and counts once.
//
// # What a careful user gets
//
// A process that dies leaves its reservations in open.json; the next Open books
// them as spent in full, since the calls may have been paid. No entry is dated
// after today: when the clock goes back, or the user flies west, what was spent
// "tomorrow" counts for today. A cap that cannot be read stops paid turns until
// it is set again.
//
// # What is not seen
//
// A call that was sent less than 100 ms before the process was killed may be
// missing. ClawRouter's own repeats (one after a 5xx, up to five models for a
// routing profile) may each be paid, and only the last one shows; they come out
// as unexplained when the wallet is read at rest.
package spend
