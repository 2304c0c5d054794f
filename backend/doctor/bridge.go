package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// bridgeState is what answers at the bridge's address.
type bridgeState struct {
	ours    bool   // it is a bridge of this program
	version string // of ours
	answers bool   // something speaks HTTP there
	code    int    // its status
	err     error  // why nothing does
	six     bool   // something else answers on [::1]
}

// maxAnswer is far above any /health.
const maxAnswer = 64 << 10

func (l *look) askBridge(ctx context.Context) bridgeState {
	b := l.askHealth(ctx, "127.0.0.1", l.port)
	if !b.ours {
		return b
	}
	// Codex is told "localhost", and may try ::1 first.
	six := l.askHealth(ctx, "[::1]", l.port)
	b.six = six.answers && !six.ours
	return b
}

func (l *look) askHealth(ctx context.Context, host string, port int) bridgeState {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	address := fmt.Sprintf("http://%s:%d/health", host, port)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return bridgeState{err: err}
	}
	resp, err := l.env.Transport.RoundTrip(req)
	if err != nil {
		return bridgeState{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return bridgeState{err: err}
	}
	var health struct{ Status, Service, Version string }
	ours := json.Unmarshal(body, &health) == nil && health.Service == "clawrouter-codex"
	return bridgeState{answers: true, code: resp.StatusCode, ours: ours && resp.StatusCode == http.StatusOK, version: health.Version}
}

func checkBridge(ctx context.Context, l *look) Result {
	b := l.bridge()
	if !b.ours {
		return l.noBridge(ctx, b)
	}
	address := fmt.Sprintf("http://localhost:%d", l.port)
	owner, err := l.env.Listener(ctx, socket.V4(l.port))
	switch {
	case err == nil && !owner.Ours:
		return Result{
			Status: Fail, Text: fmt.Sprintf("the bridge on port %d is another user's: %s", l.port, owner.String()),
			Mend: l.otherPort(),
		}
	case b.six:
		return Result{
			Status: Fail, Text: fmt.Sprintf("port %d of ::1, which localhost may mean too, is answered by another program", l.port),
			Mend: l.otherPort(),
		}
	case !l.running:
		return Result{
			Status: Warn, Text: fmt.Sprintf("the bridge on %s runs on another state folder than %s", address, l.env.Settings.Paths.Root),
			Mend: "stop that one and run clawrouter-codex up, or set CLAWROUTER_CODEX_HOME to its folder",
		}
	case b.version != l.env.Version:
		return Result{
			Status: Warn, Text: fmt.Sprintf("the bridge on %s is %s, this program is %s", address, b.version, l.env.Version),
			Mend: "stop it, then: clawrouter-codex up",
		}
	}
	return Result{Status: OK, Text: fmt.Sprintf("answers on %s, %s", address, b.version)}
}

// noBridge tells who has the port, or that nobody has.
func (l *look) noBridge(ctx context.Context, b bridgeState) Result {
	switch free := l.env.Free(ctx, socket.V4(l.port)); {
	case free && l.fresh():
		return notYet(fmt.Sprintf("nothing listens on port %d", l.port))
	case free:
		return Result{Status: Fail, Text: fmt.Sprintf("does not run: nothing listens on port %d", l.port), Mend: "clawrouter-codex up"}
	}
	owner, err := l.env.Listener(ctx, socket.V4(l.port))
	who := owner.String()
	if err != nil {
		who = "another program"
	}
	switch {
	case l.running && !b.answers:
		return Result{Status: Fail, Text: fmt.Sprintf("%s has port %d and does not answer: %v", who, l.port, b.err), Mend: "stop it, then: clawrouter-codex up"}
	case l.running && owner.Ours:
		return Result{Status: Fail, Text: fmt.Sprintf("%s on port %d answers /health with %d", who, l.port, b.code), Mend: "stop it, then: clawrouter-codex up"}
	}
	return Result{Status: Fail, Text: fmt.Sprintf("does not run: port %d is in use by %s", l.port, who), Mend: l.otherPort()}
}

func (l *look) otherPort() string {
	return fmt.Sprintf("stop that program, or choose another port: clawrouter-codex up --port %d", l.port+10)
}
