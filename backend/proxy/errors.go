package proxy

import (
	"errors"
	"fmt"
)

// StartErrorKind says what keeps ClawRouter from running, for a caller that
// decides by it; people read Message and Mend.
type StartErrorKind string

const (
	NodeMissing     StartErrorKind = "node-missing"
	NodeTooOld      StartErrorKind = "node-too-old"
	NpxMissing      StartErrorKind = "npx-missing"
	CommandInvalid  StartErrorKind = "command-invalid"   // CLAWROUTER_CMD cannot be split into words
	CommandMissing  StartErrorKind = "command-missing"   // its program does not exist or cannot be run
	NoNetwork       StartErrorKind = "no-network"        // the package could not be fetched
	PackageMissing  StartErrorKind = "package-missing"   // the registry has no such package or version
	DiskProblem     StartErrorKind = "disk"              // no space, or npm's folders may not be written
	PortTaken       StartErrorKind = "port-taken"        // by a program that is not ClawRouter
	PortOfOtherUser StartErrorKind = "port-other-user"   // a ClawRouter, but not this user's
	PortOwnerHidden StartErrorKind = "port-owner-hidden" // a ClawRouter, but the system does not tell whose
	WalletMalformed StartErrorKind = "wallet-malformed"
	WalletUnread    StartErrorKind = "wallet-unreadable"
	WalletMissing   StartErrorKind = "wallet-missing" // a wallet was used before and its key is not to be found now
	CrashLoop       StartErrorKind = "crash-loop"
	Hung            StartErrorKind = "hung"    // the process lives, /health does not answer
	Crashed         StartErrorKind = "crashed" // the process ended; it is started again
	Internal        StartErrorKind = "internal"
)

// StartError tells why ClawRouter does not run. Neither field ever holds a key.
type StartError struct {
	Kind    StartErrorKind
	Message string // what happened, one or two sentences
	Mend    string // what the user can do, a command where there is one; may be empty
	Err     error  // the cause, if any
}

func (e *StartError) Error() string {
	if e.Mend == "" {
		return e.Message
	}
	return e.Message + " " + e.Mend
}

func (e *StartError) Unwrap() error { return e.Err }

// asStartError keeps a *StartError and wraps everything else.
func asStartError(err error) *StartError {
	var se *StartError
	if errors.As(err, &se) {
		return se
	}
	return &StartError{Kind: Internal, Message: fmt.Sprintf("ClawRouter could not be started: %v.", err), Err: err}
}
