package settings

import (
	"fmt"
	"slices"
	"strings"
)

// Stream says in which form answers are asked of the upstream.
type Stream string

// The three forms of Stream.
const (
	StreamAuto   Stream = "auto"   // the one that gives the user more, by who answers
	StreamAlways Stream = "always" // token by token
	StreamNever  Stream = "never"  // whole
)

func streaming() entry {
	return oneOf("upstream_stream", "UPSTREAM_STREAM", "ask the upstream for streams: auto, always or never",
		func(s *Settings) *Value[Stream] { return &s.Stream }, StreamAuto, StreamAlways, StreamNever)
}

// Shields are what a request to a ClawRouter, and its answer, are shielded by.
// Each can be switched off, for a user who wants to see what ClawRouter does
// without it.
var Shields = []string{
	"parts",    // large texts go as parts, which it does not rewrite
	"fold",     // long histories are folded before it cuts them
	"commands", // /debug and /imagegen at the start of a message stay text
	"notice",   // what it glues to an answer is taken out
	"repeats",  // after an error the next attempt is another body, so that it does not replay the error
	"session",  // its sessions are told apart by thread and model
	"cache",    // its ten-minute cache of answers is passed by
}

func unshielded() entry {
	return entry{"unshielded", "CLAWROUTER_UNSHIELDED", "shields against what ClawRouter does to requests that are switched off: " + strings.Join(Shields, ", "),
		func(_ Machine, s *Settings, text string, from Origin) error {
			names := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' })
			for _, name := range names {
				if !slices.Contains(Shields, name) {
					return fmt.Errorf("%q is no shield; there are %s", name, strings.Join(Shields, ", "))
				}
			}
			s.Unshielded = Value[[]string]{names, from}
			return nil
		},
		func(s *Settings) (string, Origin) { return strings.Join(s.Unshielded.V, ","), s.Unshielded.Origin },
	}
}
