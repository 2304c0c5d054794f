// Package outages is what happens to a machine while turns are in flight: an order to
// stop, a log-out, a sleep, a network that goes away and comes back. Each turn ends
// with its answer or with words, the ledger has what was asked, and what comes after
// finds everything as it was.
package outages
