package daemon

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

func TestAnAccountTellsEachThingOnce(t *testing.T) {
	ended := &proxy.StartError{Message: "ClawRouter ended before it answered: exit code 1."}
	health := proxy.Health{Wallet: "0xAb"}
	ready := proxy.State{Phase: proxy.PhaseHealthy, URL: "http://127.0.0.1:8404", Health: health, Notes: []string{"A note."}}
	known := ready
	known.Version = "0.12.268"
	other := known
	other.Mismatch = &proxy.Mismatch{Ours: "0xCd", Place: "/k", Theirs: "0xAb"}
	made := known
	made.Created = &proxy.CreatedWallet{Address: "0xAb", KeyFile: "/k"}

	var told []string
	a := account{progress: func(steps ...Step) { told = append(told, steps[0].Part+" "+steps[0].Text) }}
	for _, s := range []proxy.State{
		{Phase: proxy.PhaseIdle},
		{Phase: proxy.PhaseChecking, URL: "http://127.0.0.1:8404"},
		{Phase: proxy.PhaseStarting},
		{Phase: proxy.PhaseStarting, Progress: "downloading ClawRouter: 37 files so far"},
		{Phase: proxy.PhaseStarting, Progress: "downloading ClawRouter: 37 files so far"},
		{Phase: proxy.PhaseRestarting, Err: ended},
		{Phase: proxy.PhaseRestarting, Err: ended},
		{Phase: proxy.PhaseStarting},
		ready, known, made, made, other, other, known, other,
		{Phase: proxy.PhaseFailed, Err: ended},
	} {
		a.tell(s)
	}
	want := []string{
		"ClawRouter is looked for on http://127.0.0.1:8404",
		"ClawRouter is starting",
		"ClawRouter downloading ClawRouter: 37 files so far",
		"ClawRouter does not run: ClawRouter ended before it answered: exit code 1.",
		"ClawRouter is starting",
		"ClawRouter runs on http://127.0.0.1:8404, pays from 0xAb",
		"note: A note.",
		"wallet: " + made.Created.String(),
		"wallet: " + other.Mismatch.String(),
		"wallet: " + other.Mismatch.String(), // it was gone, and came again
		"ClawRouter does not run: ClawRouter ended before it answered: exit code 1.",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}
