package link

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// Remote is the Link of a process beside the one that keeps it up.
type Remote struct {
	base string
	key  string
	http *http.Client
	// served reports whether the port is this user's.
	served func(context.Context) (bool, error)
}

var _ Link = (*Remote)(nil)

// maxAnswer bounds one answer, in bytes.
const maxAnswer = 8 << 20

// NewRemote returns a Remote for the bridge on port. Close ends its idle
// connections.
func NewRemote(port int, key []byte) *Remote {
	r := &Remote{
		// Never "localhost", whose other family may be another user's: the key
		// would go to them.
		base: fmt.Sprintf("http://127.0.0.1:%d/link", port), key: hex.EncodeToString(key),
		served: func(ctx context.Context) (bool, error) { return servedByUs(ctx, port) },
	}
	r.http = &http.Client{
		// No proxy from the environment: the key stays on this machine.
		Transport:     &http.Transport{DialContext: r.dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return r
}

// dial connects to a program of this user's only. While one that stops lets its
// turns end, its port is free already, and the key would go to whoever took it.
func (r *Remote) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if ours, err := r.served(ctx); err != nil || !ours {
		_ = conn.Close()
		return nil, errStranger
	}
	return conn, nil
}

var errStranger = errors.New("its port is not this user's")

// servedByUs asks the system. macOS shows other users' programs to nobody, and what
// it does not show could be ours as well.
func servedByUs(ctx context.Context, port int) (bool, error) {
	if runtime.GOOS == "darwin" {
		return true, nil
	}
	return socket.ServedByUs(ctx, socket.V4(port))
}

// Close ends idle connections.
func (r *Remote) Close() { r.http.CloseIdleConnections() }

// State implements Link.
func (r *Remote) State(ctx context.Context) (s State, err error) {
	return s, r.call(ctx, http.MethodGet, "/state", nil, &s)
}

// Models implements Link.
func (r *Remote) Models(ctx context.Context) (list []codex.PickerModel, err error) {
	return list, r.call(ctx, http.MethodGet, "/models", nil, &list)
}

// UseModel implements Link.
func (r *Remote) UseModel(ctx context.Context, name string, pin bool) (use ModelUse, err error) {
	return use, r.call(ctx, http.MethodPost, "/model", modelCommand{name, pin}, &use)
}

// SetWebSearch implements Link.
func (r *Remote) SetWebSearch(ctx context.Context, on bool) (w WebSearch, err error) {
	return w, r.call(ctx, http.MethodPost, "/websearch", searchCommand{on}, &w)
}

// SetProvider implements Link.
func (r *Remote) SetProvider(ctx context.Context, p Provider) (c codex.Change, err error) {
	return c, r.call(ctx, http.MethodPost, "/provider", providerCommand{p}, &c)
}

// RestartCodex implements Link.
func (r *Remote) RestartCodex(ctx context.Context) error {
	return r.call(ctx, http.MethodPost, "/codex/restart", struct{}{}, nil)
}

// SetMenuBar implements Link.
func (r *Remote) SetMenuBar(ctx context.Context, c MenuBarChange) (m MenuBar, err error) {
	return m, r.call(ctx, http.MethodPost, "/menubar", c, &m)
}

// RestartProxy implements Link.
func (r *Remote) RestartProxy(ctx context.Context) error {
	return r.call(ctx, http.MethodPost, "/proxy/restart", struct{}{}, nil)
}

// Wallet implements Link.
func (r *Remote) Wallet(ctx context.Context) (w Wallet, err error) {
	return w, r.call(ctx, http.MethodGet, "/wallet", nil, &w)
}

// ShowPanel implements Link.
func (r *Remote) ShowPanel(ctx context.Context, part string) error {
	return r.call(ctx, http.MethodPost, "/panel/show", showCommand{part}, nil)
}

// Panel implements Link.
func (r *Remote) Panel(ctx context.Context) (p PanelAddress, err error) {
	return p, r.call(ctx, http.MethodGet, "/panel", nil, &p)
}

// SetCap implements Link.
func (r *Remote) SetCap(ctx context.Context, limit *spend.Micros) (s Spend, err error) {
	return s, r.call(ctx, http.MethodPost, "/cap", capCommand{limit, limit == nil}, &s)
}

// SetPaused implements Link.
func (r *Remote) SetPaused(ctx context.Context, paused bool) (s Spend, err error) {
	return s, r.call(ctx, http.MethodPost, "/paused", pausedCommand{paused}, &s)
}

// Spending implements Link.
func (r *Remote) Spending(ctx context.Context, days, recent int) (s Spending, err error) {
	return s, r.call(ctx, http.MethodPost, "/spending", spendingCommand{days, recent}, &s)
}

// SetLogin implements Link.
func (r *Remote) SetLogin(ctx context.Context, on bool) (l Login, err error) {
	return l, r.call(ctx, http.MethodPost, "/login", loginCommand{on}, &l)
}

// UpdateModels implements Link.
func (r *Remote) UpdateModels(ctx context.Context) (u ModelUpdate, err error) {
	return u, r.call(ctx, http.MethodPost, "/models/update", struct{}{}, &u)
}

// Log implements Link.
func (r *Remote) Log(ctx context.Context, lines int) (list []LogLine, err error) {
	return list, r.call(ctx, http.MethodPost, "/log", logCommand{lines}, &list)
}

// Subscribe implements Link.
func (r *Remote) Subscribe(ctx context.Context) (<-chan State, error) {
	resp, err := r.send(ctx, http.MethodGet, "/events", nil) //nolint:bodyclose // closed by the goroutine below, or at the first error
	if err != nil {
		return nil, err
	}
	lines := json.NewDecoder(resp.Body)
	var first State
	if err := lines.Decode(&first); err != nil {
		_ = resp.Body.Close()
		return nil, unreachable(err)
	}
	sub := &subscriber{ch: make(chan State, 1)}
	sub.send(first)
	go func() {
		defer sub.close()
		defer func() { _ = resp.Body.Close() }()
		for {
			var s State
			if lines.Decode(&s) != nil {
				return
			}
			sub.send(s)
		}
	}()
	return sub.ch, nil
}

func (r *Remote) call(ctx context.Context, method, path string, in, out any) error {
	resp, err := r.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return unreachable(err)
	}
	return nil
}

// send returns a good answer, whose body the caller closes, or the error that the
// running process told.
func (r *Remote) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set(KeyHeader, r.key)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var told struct {
		Error *Error `json:"error"`
	}
	if json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&told) != nil || told.Error == nil {
		return nil, unreachable(fmt.Errorf("it answers %s", resp.Status))
	}
	return nil, told.Error
}

// unreachable keeps the address and the key out of the words.
func unreachable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return &Error{Kind: NotRunning, Message: fmt.Sprintf("the running clawrouter-codex does not answer (%v)", err), Fix: "clawrouter-codex up"}
}
