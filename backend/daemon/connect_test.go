package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// connect is what a command beside the link, or without one, works with.
func connect(t *testing.T, s *settings.Settings) (l link.Link, warned *[]string) {
	t.Helper()
	warned = new([]string)
	l, release, err := Connect(t.Context(), ConnectOptions{
		Settings: s, Version: "1.2.3", Home: t.TempDir(), Now: time.Now,
		Warn: func(text string) { *warned = append(*warned, text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return l, warned
}

// turn asks the bridge and returns its whole answer.
func turn(t *testing.T, bridge, model string) string {
	t.Helper()
	body := fmt.Sprintf(`{"model":%q,"stream":true,"input":"Hello."}`, model)
	resp, err := http.Post(bridge+"/v1/responses", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestACommandReachesTheRunningLink(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	r := run(t, Options{Settings: s, Command: "start"})
	running := r.waitReady()
	l, _ := connect(t, s)
	if _, err := l.UseModel(t.Context(), "zai/glm-5.2", false); err != nil {
		t.Fatal(err)
	}
	if answer := turn(t, running.Bridge, "clawrouter/selected"); !strings.Contains(answer, "zai/glm-5.2") {
		t.Errorf("the turn was answered by another model: %s", answer)
	}
	state, err := l.State(t.Context())
	if err != nil || !state.Running || state.Bridge.Port != running.Port || state.Model.Last != "zai/glm-5.2" {
		t.Errorf("%v: %+v", err, state)
	}

	// A reader of changes does not hold up the end.
	states, err := l.Subscribe(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r.stop()
	if err := r.wait(); err != nil {
		t.Error(err)
	}
	for range states {
	}
	if took := time.Since(began); took > stopGrace {
		t.Errorf("it took %v", took)
	}
	if state, err = l.State(t.Context()); err == nil {
		t.Errorf("a link that is gone says %+v", state)
	}
}

func TestACommandWithoutALinkWritesAlone(t *testing.T) {
	s := load(t, nil)
	l, _ := connect(t, s)
	if w, err := l.SetWebSearch(t.Context(), true); err != nil || !w.On {
		t.Fatalf("%+v %v", w, err)
	}
	if text, err := os.ReadFile(s.Paths.SettingsFile()); err != nil || string(text) != "web_search = true\n" {
		t.Errorf("stored %q, %v", text, err)
	}
	// A link that starts meanwhile is the writer from then on.
	inst, err := claim(t.Context(), s.Paths)
	if err != nil {
		t.Fatal(err)
	}
	if err := inst.announce(Running{PID: 7, Bridge: "http://localhost:8403"}); err != nil {
		t.Fatal(err)
	}
	var running *RunningError
	if _, err := l.SetWebSearch(t.Context(), false); !errors.As(err, &running) {
		t.Errorf("two write: %v", err)
	}
	if err := inst.release(); err != nil {
		t.Error(err)
	}
}

func TestAStartWaitsForACommandThatHoldsTheFolder(t *testing.T) {
	s := load(t, nil)
	command, err := claim(t.Context(), s.Paths)
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() {
		inst, err := claim(t.Context(), s.Paths)
		if err == nil {
			err = inst.release()
		}
		started <- err
	}()
	if err := command.release(); err != nil {
		t.Fatal(err)
	}
	if err := <-started; err != nil {
		t.Errorf("the start is refused: %v", err)
	}
}

func TestPaidTurnsAreRefusedWhileClawRouterPaysFromAnotherWallet(t *testing.T) {
	address := clawRouter(t)
	port := address[strings.LastIndex(address, ":")+1:]
	s := load(t, map[string]string{"PROXY_PORT": port})
	running := run(t, Options{
		Settings: s, Command: "start", Home: t.TempDir(),
		// Not the stand-in's: the second of the well-known keys of test chains.
		Environ: []string{"BLOCKRUN_WALLET_KEY=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"},
	}).waitReady()
	answer := turn(t, running.Bridge, "anthropic/claude-opus-5")
	for _, want := range []string{"invalid_prompt", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"} {
		if !strings.Contains(answer, want) {
			t.Errorf("%s is not in %s", want, answer)
		}
	}
	l, _ := connect(t, s)
	state, err := l.State(t.Context())
	if err != nil || state.Wallet.Mismatch == "" || state.Proxy.RefusesPaid == "" {
		t.Errorf("%v: %+v %+v", err, state.Wallet, state.Proxy)
	}
	if answer := turn(t, running.Bridge, "free/gpt-oss-120b"); strings.Contains(answer, "invalid_prompt") {
		t.Errorf("a free turn is refused: %s", answer)
	}
}

func TestTheBaseConfigFollowsTheLink(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	home := codex.Home{Dir: s.CodexHome.V}
	if err := home.Create(); err != nil {
		t.Fatal(err)
	}
	mine := "model = \"gpt-5.5\" # mine\n"
	if err := os.WriteFile(home.Config(), []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	on := func() bool {
		status, err := NewDesktop(s, time.Now).Status()
		if err != nil {
			t.Fatal(err)
		}
		return status.On
	}
	first := run(t, Options{Settings: s, Command: "start"})
	first.waitReady()
	l, _ := connect(t, s)
	if on() {
		t.Error("a start switched what nobody chose")
	}
	// There was no setup: the switch makes the model list that Codex needs.
	if _, err := l.SetProvider(t.Context(), link.ClawRouter); err != nil || !on() {
		t.Fatalf("switched: %v, %v", on(), err)
	}
	if list, _ := home.Picker(); len(list) == 0 {
		t.Error("Codex is switched to a model list that is not there")
	}
	first.stop()
	if err := first.wait(); err != nil || on() {
		t.Errorf("after the stop: %v, %v", on(), err)
	}
	if text, err := os.ReadFile(home.Config()); err != nil || !strings.HasPrefix(string(text), mine) {
		t.Errorf("the user's lines became\n%s%v", text, err)
	}
	second := run(t, Options{Settings: s, Command: "start"})
	second.waitReady()
	if !on() {
		t.Error("the next start forgot the choice")
	}
	second.stop()
	if err := second.wait(); err != nil {
		t.Error(err)
	}

	// What a killed link left behind is mended by the first command, and told.
	if _, err := NewDesktop(s, time.Now).On(t.Context(), codex.OnOptions{Port: 1}); err != nil || !on() {
		t.Fatal(err)
	}
	if _, warned := connect(t, s); on() || len(*warned) != 1 {
		t.Errorf("still on: %v; told %q", on(), *warned)
	}
	if _, warned := connect(t, s); len(*warned) != 0 {
		t.Errorf("told again: %q", *warned)
	}
}

// A link that stops leaves none of the configs on that it was switched on in, be
// it in the CODEX_HOME of an earlier day.
func TestEveryBaseConfigFollowsTheLink(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	earlier := *NewDesktop(s, time.Now)
	earlier.Home.Dir = t.TempDir()
	for _, dir := range []string{earlier.Home.Dir, s.CodexHome.V} {
		home := codex.Home{Dir: dir}
		if err := home.Create(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(home.Catalog(), []byte(`{"models":[{"slug":"blockrun/auto"}]}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	both := []*codex.Desktop{&earlier, NewDesktop(s, time.Now)}
	turnOn := func() {
		for _, d := range both {
			if _, err := d.On(t.Context(), codex.OnOptions{Port: 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	off := func(when string) {
		for _, d := range both {
			if st, err := d.Status(); err != nil || st.On || st.Choice != codex.ClawRouter {
				t.Errorf("%s: %+v, %v", when, st, err)
			}
		}
	}
	r := run(t, Options{Settings: s, Command: "start"})
	r.waitReady()
	turnOn()
	r.stop()
	if err := r.wait(); err != nil {
		t.Fatal(err)
	}
	off("stopped")
	turnOn()
	if _, warned := connect(t, s); len(*warned) != 2 {
		t.Errorf("told %q", *warned)
	}
	off("mended")
}

// A config that another tool's bridge answers is left as it is by a command that
// only looks; once that bridge is gone, it is given back.
func TestAConfigThatAnotherBridgeAnswersIsLeftAlone(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	home := codex.Home{Dir: s.CodexHome.V}
	if err := home.Create(); err != nil {
		t.Fatal(err)
	}
	theirs := "model_provider = \"clawrouter\"\n[model_providers.clawrouter]\nname = \"ClawRouter\"\nbase_url = \"" + other.URL + "/v1\"\nwire_api = \"responses\"\n"
	if err := os.WriteFile(home.Config(), []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	text := func() string {
		data, err := os.ReadFile(home.Config())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if _, warned := connect(t, s); len(*warned) != 0 || text() != theirs {
		t.Errorf("told %q, and left\n%s", *warned, text())
	}
	other.Close()
	if _, warned := connect(t, s); len(*warned) != 1 || text() == theirs {
		t.Errorf("with the bridge gone: told %q, and left\n%s", *warned, text())
	}
}
