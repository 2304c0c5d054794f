package clawsim

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Sim is one ClawRouter with the gateway behind it. All methods may be called
// at any time from any goroutine.
type Sim struct {
	opts    Options
	clock   Clock
	version string
	start   time.Time
	wallet  walletState
	ctx     context.Context
	stop    context.CancelFunc
	calls   sync.WaitGroup

	logMu sync.Mutex

	// mu guards what follows. It is never held while waiting for anything: 64
	// slow sessions must not slow each other down.
	mu       sync.Mutex
	off      map[Spoiling]bool
	scripts  []Script
	next     []Turn
	spent    map[string]int
	health   string
	book     book
	balance  balance
	usage    usageLog
	replays  replays
	cache    answerCache
	sessions map[string]*session
	cooling  map[string]time.Time
	serial   int
}

type walletState struct {
	address, solana, chain string
	// ignored is set when the key given was not the one that is used.
	ignored bool
}

// New makes a stand-in. It panics on options that no test or command can mean:
// an amount that is no amount, a source of randomness that fails. Use Check first
// for options that come from a user.
func New(o Options) *Sim {
	if err := o.Check(); err != nil {
		panic(err)
	}
	s := &Sim{
		opts:     o,
		clock:    o.Clock,
		version:  or(o.Version, MeasuredVersion),
		off:      map[Spoiling]bool{},
		scripts:  o.Scripts,
		spent:    map[string]int{},
		book:     newBook(),
		replays:  newReplays(),
		cache:    newAnswerCache(),
		usage:    newUsageLog(),
		sessions: map[string]*session{},
		cooling:  map[string]time.Time{},
	}
	if s.clock == nil {
		s.clock = systemClock{}
	}
	if s.opts.Random == nil {
		s.opts.Random = rand.Reader
	}
	if s.opts.KeepBytes == 0 {
		s.opts.KeepBytes = keepBytes
	}
	for _, name := range o.Off {
		s.off[name] = true
	}
	s.start = s.clock.Now()
	s.openWallet()
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Check tells what is wrong with options, in words for a user.
func (o Options) Check() error {
	for _, name := range o.Off {
		if !KnownSpoiling(string(name)) {
			return fmt.Errorf("clawsim: there is no spoiling %q; known are %v", name, Spoilings())
		}
	}
	if o.Chain != "" && o.Chain != "base" && o.Chain != "solana" {
		return fmt.Errorf("clawsim: chain %q is neither base nor solana", o.Chain)
	}
	if o.Balance == "" || o.Balance == "fail" {
		return nil
	}
	if _, err := parseMicros(o.Balance); err != nil {
		return fmt.Errorf("clawsim: balance: %w", err)
	}
	return nil
}

func (s *Sim) openWallet() {
	key, amount := or(s.opts.WalletKey, TestWalletKey), "12.34"
	w := walletState{chain: "base"}
	address, ok := Address(key)
	if !ok {
		fresh, err := generateKey(s.opts.Random)
		if err != nil {
			panic(fmt.Errorf("clawsim: make a wallet: %w", err))
		}
		key, amount = fresh, "0"
		address, _ = Address(key)
		w.ignored, w.chain = true, "solana"
	}
	w.address = address
	w.chain = or(s.opts.Chain, w.chain)
	if w.chain == "solana" {
		w.solana = solanaAddress(key)
	}
	s.wallet = w
	s.setBalance(or(s.opts.Balance, amount))
}

// Close ends all calls under way and waits for them.
func (s *Sim) Close() {
	s.stop()
	s.calls.Wait()
}

// WalletAddress is the address of the key that is really used.
func (s *Sim) WalletAddress() string { return s.wallet.address }

func (s *Sim) spoils(name Spoiling) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.off[name]
}

func (s *Sim) apiKeyMode() bool {
	return s.opts.APIKey != "" && atLeast(s.version, versionAPIKey)
}

func (s *Sim) logf(format string, args ...any) {
	w := s.opts.Log
	if w == nil {
		return
	}
	s.logMu.Lock()
	defer s.logMu.Unlock()
	fmt.Fprintf(w, format+"\n", args...)
}

// Handler serves ClawRouter's paths, and the stand-in's own below /__sim/.
func (s *Sim) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Connection", "keep-alive")
		h.Set("Keep-Alive", "timeout=5")
		if strings.HasPrefix(r.URL.Path, "/__sim/") {
			s.serveControl(w, r)
			return
		}
		if atLeast(s.version, NewestVersion) && foreign(r) {
			writeJSON(w, http.StatusForbidden, `{"error":{"message":"Forbidden","type":"forbidden"}}`)
			return
		}
		s.route(w, r)
	})
}

// foreign is the guard of later releases against web pages and rebound names.
func foreign(r *http.Request) bool {
	host, _, _ := strings.Cut(r.Host, ":")
	if host != "127.0.0.1" && host != "localhost" && !strings.HasPrefix(r.Host, "[::1]") {
		return true
	}
	if origin := r.Header.Get("Origin"); origin != "" &&
		!strings.HasPrefix(origin, "http://127.0.0.1") && !strings.HasPrefix(origin, "http://localhost") {
		return true
	}
	return r.Header.Get("Sec-Fetch-Site") == "cross-site"
}

func (s *Sim) route(w http.ResponseWriter, r *http.Request) {
	// ClawRouter compares the whole request target, so that a query makes
	// another path of /v1/models.
	target := r.URL.RequestURI()
	switch {
	case r.URL.Path == "/health":
		s.serveHealth(w, r)
	case r.URL.Path == "/stats":
		s.serveStats(w, r)
	case r.URL.Path == "/cache":
		s.serveCache(w)
	case target == "/v1/models" && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		w.Write(modelsBody)
	case strings.HasPrefix(target, "/v1/exa/") && r.Method == http.MethodPost:
		s.serveSearch(w, r)
	case strings.HasPrefix(target, "/v1/images/generations") && r.Method == http.MethodPost:
		s.serveImage(w, r)
	case r.URL.Path == "/v1/chat/completions" && r.Method == http.MethodPost:
		s.serveChat(w, r)
	case strings.HasPrefix(target, "/v1"):
		s.refuse(w, r)
	default:
		writeJSON(w, http.StatusNotFound, `{"error":"Not found"}`)
	}
}

const nothingWorked = "All models in fallback chain failed"

// refuse answers what ClawRouter takes for a chat request but cannot route:
// plain text under a JSON content type.
func (s *Sim) refuse(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	contextHeaders(w.Header(), len(body))
	writeJSON(w, http.StatusBadGateway, nothingWorked)
}

// contextHeaders are on every answer of the chat path.
func contextHeaders(h http.Header, bodyBytes int) {
	h.Set("X-Context-Used-Kb", fmt.Sprint((bodyBytes+1023)/1024))
	h.Set("X-Context-Limit-Kb", "5120")
}

// writeJSON sends a body in chunks, as Node does where no length is set.
func writeJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	flush(w)
	io.WriteString(w, body)
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}
