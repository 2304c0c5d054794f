// Package proxy is the neighbour upstream: the HTTP client for ClawRouter (or
// any Chat Completions server), the supervisor of a ClawRouter child, and the
// search for the wallet that pays. It translates nothing and books nothing.
//
// Three processes keep a child from outliving us: this program, the guardian
// (the same executable, see GuardianMain), and the child's tree below it. The
// guardian holds one end of a pipe whose other end dies with this program. What
// survives even the guardian is ended by the next start, from a record in the
// state folder.
//
// A key is read in FindWallet, lives in a Wallet that no printing shows, and
// leaves in childEnv, for the child's environment alone.
package proxy
