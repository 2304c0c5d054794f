//go:build e2e

package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Link is a bridge before a stand-in ClawRouter, with folders of its own.
type Link struct {
	Folder    string // holds all others
	CodexHome string
	State     string
	Port      int    // of the bridge
	SimURL    string // of the stand-in, without a path
	Bridge    *Process

	upstream []string // the variables that say where ClawRouter is
}

// Option changes how a link is started.
type Option func(*options)

type options struct {
	simArgs    []string
	through    func(address string) string
	supervised bool
}

// SimArgs adds flags to `clawrouter-codex sim`.
func SimArgs(args ...string) Option {
	return func(o *options) { o.simArgs = append(o.simArgs, args...) }
}

// Through puts something between bridge and stand-in: relay is given the stand-in's
// address, host and port, and returns its own.
func Through(relay func(address string) string) Option {
	return func(o *options) { o.through = relay }
}

// Supervised leaves the start of the stand-in to the link.
func Supervised() Option {
	return func(o *options) { o.supervised = true }
}

// startLimit is how long a program built with the race detector may take to
// answer, on two cores that compile something else.
const startLimit = 30 * time.Second

// StartLink starts `clawrouter-codex sim` and `clawrouter-codex start` before
// it, and returns when the bridge is healthy.
func StartLink(t testing.TB, opts ...Option) *Link {
	t.Helper()
	var o options
	for _, option := range opts {
		option(&o)
	}
	folder := Folder(t)
	simPort := FreePort(t)
	l := &Link{
		Folder:    folder,
		CodexHome: filepath.Join(folder, "codex"),
		State:     filepath.Join(folder, "state"),
		Port:      FreePort(t),
		SimURL:    fmt.Sprintf("http://127.0.0.1:%d", simPort),
	}
	for _, dir := range []string{l.CodexHome, filepath.Join(folder, "home")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if o.supervised {
		l.upstream = []string{"CLAWROUTER_CMD=" + strings.Join(append([]string{Program(), "sim"}, o.simArgs...), " "), fmt.Sprintf("PROXY_PORT=%d", simPort)}
	} else {
		l.startSim(t, simPort, o)
	}
	l.Start(t)
	return l
}

func (l *Link) startSim(t testing.TB, port int, o options) {
	t.Helper()
	sim := Start(t, Command{
		Path: Program(), Args: append([]string{"sim", "--port", fmt.Sprint(port)}, o.simArgs...),
		Env: l.Env(), Folder: l.Folder,
	})
	waitHealthy(t, sim, l.SimURL+"/health")
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if o.through != nil {
		address = o.through(address)
	}
	l.upstream = []string{"CLAWROUTER_PROXY_URL=http://" + address}
}

// Start starts the bridge, again after its end, and returns when it and
// the stand-in are healthy.
func (l *Link) Start(t testing.TB) {
	t.Helper()
	l.Bridge = Start(t, Command{Path: Program(), Args: []string{"start"}, Env: l.Env(), Folder: l.Folder})
	waitHealthy(t, l.Bridge, l.URL()+"/health")
	waitHealthy(t, l.Bridge, l.SimURL+"/health")
}

func waitHealthy(t testing.TB, p *Process, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	err := Eventually(ctx, func() error {
		select {
		case <-p.Ended():
			cancel()
			return fmt.Errorf("the process ended: %w", p.err)
		default:
		}
		_, err := Get(ctx, url)
		return err
	})
	if err != nil {
		t.Fatalf("%s is not healthy: %v\n%s", url, err, p.Output())
	}
}

// URL of the bridge, without a path.
func (l *Link) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", l.Port) }

// Env is the whole environment of the program and of Codex. Nothing of the
// user's own is in it but where the programs are.
func (l *Link) Env() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + filepath.Join(l.Folder, "home"),
		"LANG=C.UTF-8",
		// The race detector would sleep a second at the end of every process.
		"GORACE=atexit_sleep_ms=0",
		"CODEX_HOME=" + l.CodexHome,
		"CLAWROUTER_CODEX_HOME=" + l.State,
		fmt.Sprintf("PORT=%d", l.Port),
	}, l.upstream...)
}

// Setup runs `clawrouter-codex setup` with codex, a path, as the Codex that it
// finds.
func (l *Link) Setup(t testing.TB, codex string) {
	t.Helper()
	env := l.Env()
	env[0] = "PATH=" + filepath.Dir(codex) + string(os.PathListSeparator) + os.Getenv("PATH")
	stdout, stderr, exit := Run(t, time.Minute, Command{
		Path: Program(), Args: []string{"setup"}, Env: env, Folder: l.Folder,
	})
	if exit != 0 {
		t.Fatalf("setup ended with %d\n%s%s", exit, stdout, stderr)
	}
}

// Record is what reached the gateway behind the stand-in.
type Record struct {
	Requests  int // chat requests that came to ClawRouter
	PaidCalls int `json:"paid_calls"`
	Calls     []Call
}

// Call is one chat request as it reached the gateway.
type Call struct {
	Path  string
	Model string
	Body  json.RawMessage
	Paid  bool
}

// Chat is the body of a call; only what the tests look at.
type Chat struct {
	Model          string
	Messages       []Message
	Tools          []json.RawMessage
	ResponseFormat json.RawMessage `json:"response_format"`
}

// Message is one message of a chat request. Content is a string or parts.
type Message struct {
	Role             string
	Content          json.RawMessage
	ReasoningContent string `json:"reasoning_content"`
	ToolCallID       string `json:"tool_call_id"`
	ToolCalls        []struct {
		ID       string
		Function struct{ Name, Arguments string }
	} `json:"tool_calls"`
}

// Next says what the stand-in's model does with the next calls, whatever their
// prompts say; each turn is JSON as the stand-in reads it.
func (l *Link) Next(t testing.TB, turns ...string) {
	t.Helper()
	body := `{"next":[` + strings.Join(turns, ",") + `]}`
	response, err := http.Post(l.SimURL+"/__sim/control", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		answer, _ := io.ReadAll(response.Body)
		t.Fatalf("control of the stand-in: %s: %s", response.Status, answer)
	}
}

// Record reads the stand-in's books.
func (l *Link) Record(t testing.TB) Record {
	t.Helper()
	body, err := Get(t.Context(), l.SimURL+"/__sim/record")
	if err != nil {
		t.Fatal(err)
	}
	var r Record
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("record of the stand-in: %v", err)
	}
	return r
}

// Chats are the bodies of all chat calls that reached the gateway, in order.
func (l *Link) Chats(t testing.TB) []Chat {
	t.Helper()
	var chats []Chat
	for _, call := range l.Record(t).Calls {
		if !strings.HasSuffix(call.Path, "/chat/completions") {
			continue
		}
		var chat Chat
		if err := json.Unmarshal(call.Body, &chat); err != nil {
			t.Fatalf("call at the gateway: %v", err)
		}
		chats = append(chats, chat)
	}
	return chats
}

// Get reads what is at url, which must answer 200.
func Get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", url, response.Status, body)
	}
	return body, err
}
