package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/loopback"
)

// ClientOptions is what a Client may be given besides its address. The zero
// value is a client without a key.
type ClientOptions struct {
	// APIKey is sent as bearer to /v1/... (UPSTREAM_API_KEY). It belongs to the
	// server that CLAWROUTER_PROXY_URL names; a supervised ClawRouter gets none,
	// because it would forward the key to the gateway behind it.
	APIKey string
	// UserAgent names us upstream. Empty means "clawrouter-codex".
	UserAgent string
	// Presumed is whether a ClawRouter is taken to be there while nobody has said
	// otherwise: where it is the one that is started here, a turn that comes before
	// its first answer must not be sent as if it cost nothing.
	Presumed bool
	// Trust is asked of each new connection, before anything is sent on it; its
	// error is why not. nil trusts whoever answers.
	Trust func(ctx context.Context) error
	// Transport replaces the tuned transport in tests. The connections of a
	// foreign transport are not seen, so an identity is then asked for again
	// only after an error or IdentityAge.
	Transport http.RoundTripper
	// Now replaces the clock in tests.
	Now func() time.Time
	// anyNetwork has a server on this machine asked as one elsewhere is.
	anyNetwork bool
}

// Client talks to one Chat Completions server: a ClawRouter or any other. It
// is safe for concurrent use and holds no goroutine of its own besides those
// of its connections; Close ends the idle ones.
type Client struct {
	root  *url.URL // scheme, host and path prefix, without /v1
	carry carrier
	key   string
	agent string
	now   func() time.Time
	conns *connTracker // nil with a foreign transport

	presumed bool
	ident    identityMemory
}

// Limits of what is read whole. An upstream that sends more is broken or
// hostile, and the bridge must stay small.
const (
	maxModelsBody = 8 << 20
	maxHealthBody = 64 << 10
	maxStatsBody  = 4 << 20
	maxSearchBody = 4 << 20
	maxErrorText  = 2 << 10
)

// NewClient returns a client for baseURL, which may or may not end in /v1 and
// in a slash: http://127.0.0.1:8404, https://gateway.example/team/v1/. The
// error says what is wrong with the address in the user's words.
func NewClient(baseURL string, o ClientOptions) (*Client, error) {
	root, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{root: root, key: strings.TrimSpace(o.APIKey), agent: o.UserAgent, now: o.Now, presumed: o.Presumed}
	if c.agent == "" {
		c.agent = "clawrouter-codex"
	}
	if c.now == nil {
		c.now = time.Now
	}
	if o.Transport != nil {
		c.carry = newHTTPCarrier(o.Transport)
		return c, nil
	}
	here := isLoopback(root.Hostname())
	c.conns = &connTracker{trust: o.Trust, remote: !here}
	if here && root.Scheme == "http" && loopback.Supported && !o.anyNetwork {
		c.carry = loopbackCarrier{&loopback.Client{Addr: address(root), Dial: c.conns.dial, IdleFor: idleHere, MaxIdle: maxIdle}}
	} else {
		c.carry = newHTTPCarrier(newTransport(here, c.conns))
	}
	return c, nil
}

func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		// url.Error repeats the address, and an address may carry a password.
		return nil, errors.New("upstream address cannot be read: set CLAWROUTER_PROXY_URL to something like http://127.0.0.1:8402")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("upstream address must begin with http:// or https:// and name a host, like http://127.0.0.1:8402")
	case u.User != nil:
		return nil, errors.New("upstream address must not contain a user or password: put the key in UPSTREAM_API_KEY")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("upstream address must end with its path: remove what follows ? or #")
	}
	path := strings.TrimRight(u.Path, "/")
	path = strings.TrimRight(strings.TrimSuffix(path, "/v1"), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, nil
}

// BaseURL is the server's address without /v1 and without a trailing slash.
func (c *Client) BaseURL() string { return c.root.String() }

// Plaintext reports whether prompts and key cross a network unencrypted.
func (c *Client) Plaintext() bool {
	return c.root.Scheme == "http" && !isLoopback(c.root.Hostname())
}

// Close ends idle connections. Calls in flight go on.
func (c *Client) Close() { c.carry.closeIdle() }

// SendError says that no HTTP answer came. Sent tells whether any of the
// request may have reached the server: x402 pays before it answers, so a call
// with Sent true may have been paid, and one with Sent false may be repeated.
type SendError struct {
	Op   string // "POST /v1/chat/completions"
	Sent bool
	Err  error
}

func (e *SendError) Error() string { return e.Op + ": " + e.Err.Error() }
func (e *SendError) Unwrap() error { return e.Err }

// RootCause is the innermost cause of an error of asking a server, for a sentence
// that names the address itself: the layers above repeat it.
func RootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// Chat posts one Chat Completions body and returns the answer as it is,
// whatever its status. Of header only an allow-list is sent. The answer's body
// is not bounded in time or size, since a reasoning model may think for many
// minutes: ctx bounds it. The caller closes it; its method RequestRead reports whether
// body may be written to again. An error is a *SendError.
func (c *Client) Chat(ctx context.Context, body []byte, header http.Header) (*http.Response, error) {
	req, err := c.newRequest(ctx, http.MethodPost, "/v1/chat/completions", "")
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	copyAllowed(req.Header, header)
	return c.send(req, true, body)
}

// Models returns the body of GET /v1/models. A status other than 200 is a
// *StatusError, no answer a *SendError.
func (c *Client) Models(ctx context.Context) ([]byte, error) {
	return c.get(ctx, "/v1/models", "", maxModelsBody, true)
}

func (c *Client) newRequest(ctx context.Context, method, path, query string) (*http.Request, error) {
	u := *c.root
	u.Path += path
	u.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// send carries one request. withKey is false for the endpoints outside /v1: a
// LiteLLM that is asked for /health with a key calls every model it knows, at
// its owner's expense.
func (c *Client) send(req *http.Request, withKey bool, body []byte) (*http.Response, error) {
	if withKey && c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, sent, err := c.carry.send(req, body)
	if err != nil {
		if req.Context().Err() == nil {
			c.ident.doubt()
		}
		return nil, &SendError{Op: req.Method + " " + req.URL.Path, Sent: sent, Err: err}
	}
	return resp, nil
}

// StatusError is an answer with a status that the call cannot use.
type StatusError struct {
	Op      string
	Code    int
	Message string // the server's own words, cut to 2 KB
}

func (e *StatusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("%s: HTTP %d", e.Op, e.Code)
	}
	return fmt.Sprintf("%s: HTTP %d: %s", e.Op, e.Code, e.Message)
}

func (c *Client) get(ctx context.Context, path, query string, limit int64, withKey bool) ([]byte, error) {
	req, err := c.newRequest(ctx, http.MethodGet, path, query)
	if err != nil {
		return nil, err
	}
	return c.whole(req, nil, limit, withKey)
}

// whole sends req with body, which may be nil, and reads an answer of at most limit bytes.
func (c *Client) whole(req *http.Request, body []byte, limit int64, withKey bool) ([]byte, error) {
	resp, err := c.send(req, withKey, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	op := req.Method + " " + req.URL.Path
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, &SendError{Op: op, Sent: true, Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{Op: op, Code: resp.StatusCode, Message: errorText(data)}
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: the answer is larger than %d bytes", op, limit)
	}
	return data, nil
}
