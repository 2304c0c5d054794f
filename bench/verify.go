package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/bench/load"
	"github.com/BlockRunAI/clawrouter-codex/bench/stub"
)

// verify makes sure that a target's answer says what the stub was told to say,
// before anything is timed.
func (l *lab) verify(ctx context.Context, t load.Target, req *load.Request, a stub.Answer) error {
	b, err := l.load.Fetch(ctx, t, req)
	if err != nil {
		return err
	}
	got, err := t.Protocol.Read(b)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Name, err)
	}
	if err := compare(expected(t.Protocol, a, got), got); err != nil {
		return fmt.Errorf("%s does not answer what the upstream said: %w", t.Name, err)
	}
	return nil
}

// expected is the transcript of an answer. Of a stamped one nobody knows the
// text beforehand: it must have its length, and be the same twice.
func expected(p load.Protocol, a stub.Answer, got load.Transcript) load.Transcript {
	want := load.Transcript{Text: a.Text(), Final: a.Text()}
	if a.Stamp && strings.Count(got.Text, "@") == a.Chunks {
		want.Text, want.Final = got.Text, got.Text
	}
	for _, c := range a.ToolCalls() {
		call := load.Call{Name: c.Name, Input: c.Arguments}
		if p == load.Responses {
			call.Input = c.Freeform()
		}
		want.Calls = append(want.Calls, call)
	}
	return want
}

func compare(want, got load.Transcript) error {
	switch {
	case got.Text != want.Text:
		return fmt.Errorf("its deltas make %d bytes of text, want %d", len(got.Text), len(want.Text))
	case got.Final != want.Final:
		return fmt.Errorf("its last event has %d bytes of text, want %d", len(got.Final), len(want.Final))
	case !slices.Equal(got.Calls, want.Calls):
		return fmt.Errorf("its tool calls are %q, want %q", got.Calls, want.Calls)
	}
	return nil
}
