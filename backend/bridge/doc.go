// Package bridge is the loopback server that Codex talks to: /v1/responses,
// /v1/models and /health, and a turn from its request to its last event. It
// translates through package translate and sends through an Upstream; it holds
// no wallet, starts no process and knows no file of Codex's.
package bridge
