// Package spend keeps the ledger of what turns cost and the cap that refuses
// to pay. It never talks to a wallet or to the network.
package spend
