package clawsim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// exchange is one chat request on its way through the proxy.
type exchange struct {
	id      string // in the books
	chat    *chatRequest
	header  http.Header
	size    int
	asked   string
	model   string
	stream  bool
	session string
	named   bool
	debug   bool
	route   *decision
	spoiled []Spoiling
	notice  string
	budget  Micros
	began   time.Time
	key     bodyKey
	cacheID bodyKey
	// canCache: no header and no member of the body forbids the answer cache.
	canCache bool

	// Guarded by Sim.mu.
	calls []*Call
	gone  bool
}

func (x *exchange) spoil(name Spoiling) { x.spoiled = append(x.spoiled, name) }

func (s *Sim) serveChat(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	chat, err := parseChat(body)
	id := s.enterRequest(chat)
	contextHeaders(w.Header(), len(body))
	if err != nil {
		s.countAnswer(id, "refused", http.StatusBadGateway)
		writeJSON(w, http.StatusBadGateway, nothingWorked)
		return
	}
	x := s.open(chat, r.Header, len(body))
	x.id = id
	if s.obeyCommand(w, x) {
		s.countAnswer(id, "command", http.StatusOK)
		return
	}
	s.chooseModel(x)
	if x.overfull() {
		s.countAnswer(id, "refused", http.StatusBadRequest)
		writeJSON(w, http.StatusBadRequest, `{"error":{"message":"Request exceeds the context window of every candidate model",`+
			`"type":"invalid_request_error","code":"context_capacity_exceeded"}}`)
		return
	}
	if s.spoils(SpoilWhitespace) && x.size > rewriteAbove && rewrite(x.chat) {
		x.spoil(SpoilWhitespace)
	}
	if s.answerFromMemory(w, r, x) {
		return
	}
	s.preflight(x)
	s.deliver(w, r, x)
}

func (s *Sim) open(chat *chatRequest, h http.Header, size int) *exchange {
	x := &exchange{
		chat: chat, header: h, size: size, asked: chat.top.str("model"), stream: chat.top.truth("stream"),
		debug: h.Get("X-Clawrouter-Debug") != "false" && !s.opts.HideDebugHeaders, began: s.clock.Now(),
	}
	x.session, x.named = sessionID(h, chat)
	if x.named && s.injectJournal(x.session, chat) {
		x.spoil(SpoilJournal)
	}
	return x
}

// chooseModel follows aliases and profiles, and takes streaming off the request:
// the gateway is never asked to stream.
func (s *Sim) chooseModel(x *exchange) {
	if x.stream && s.spoils(SpoilBurst) {
		x.chat.top.set("stream", false)
	}
	model := loadCatalog().resolve(x.asked)
	line := fmt.Sprintf("[ClawRouter] Received model: %q -> normalized: %q", x.asked, strings.ToLower(strings.TrimSpace(x.asked)))
	if isProfile(model) {
		d, spoiled := s.routeProfile(model, x.session, x.chat)
		x.route, x.spoiled = &d, append(x.spoiled, spoiled...)
		line += ", profile: " + model
		model = d.model
	} else {
		s.pinExplicit(x.session, model)
	}
	x.model = model
	x.chat.top.set("model", model)
	s.logf("%s", line)
}

// overfull tells of a profile's request that no model of the profile can hold;
// explicit models are left to the gateway to refuse.
func (x *exchange) overfull() bool {
	if x.route == nil {
		return false
	}
	largest := 0
	for _, id := range chains[x.route.profile] {
		p, _ := loadCatalog().price(id)
		largest = max(largest, p.Context)
	}
	return x.size/4+x.chat.maxTokens() > largest
}

// answerFromMemory answers with what was answered before, or with what a twin
// under way will be answered. When it does not, the exchange is a flight that
// others may join.
func (s *Sim) answerFromMemory(w http.ResponseWriter, r *http.Request, x *exchange) bool {
	x.key = x.chat.key()
	x.cacheID = x.key
	if x.chat.top.has("user") || x.chat.top.has("request_id") {
		x.cacheID = x.chat.key("user", "request_id")
	}
	x.canCache = !strings.Contains(r.Header.Get("Cache-Control"), "no-cache") &&
		string(x.chat.top.vals["cache"]) != "false" && !x.chat.top.truth("no_cache")

	s.mu.Lock()
	a, from, f := s.recall(x)
	s.mu.Unlock()
	if f != nil {
		select {
		case <-f.done:
			a, from = f.answer, "joined"
		case <-r.Context().Done():
			return true
		}
	}
	if from == "" {
		return false
	}
	s.countAnswer(x.id, from, a.status)
	s.logf("[ClawRouter] Answered from %s", from)
	for _, k := range []string{"X-Context-Used-Kb", "X-Context-Limit-Kb"} {
		w.Header().Del(k)
	}
	s.writeAnswer(w, r, a)
	return true
}

// recall wants s.mu.
func (s *Sim) recall(x *exchange) (a answer, from string, join *flight) {
	now := s.clock.Now()
	if x.canCache && !s.off[SpoilCache] {
		if a, ok := s.cache.find(x.cacheID, now); ok {
			return a, "cache", nil
		}
	}
	if s.off[SpoilReplay] {
		return answer{}, "", nil
	}
	if a, ok := s.replays.find(x.key, now); ok {
		return a, "replay", nil
	}
	if f := s.replays.waiting[x.key]; f != nil {
		return answer{}, "", f
	}
	s.replays.waiting[x.key] = &flight{done: make(chan struct{})}
	return answer{}, "", nil
}

// preflight swaps the model for a free one where the wallet looks too small.
func (s *Sim) preflight(x *exchange) {
	p, known := loadCatalog().price(x.model)
	if !known || p.free() || s.apiKeyMode() {
		return
	}
	x.budget = estimate(p, x.size, x.chat.maxTokens())
	have, ok := s.believed()
	if !ok || (have >= emptyBalance && have >= x.budget*3/2) || !s.spoils(SpoilFreeSwap) {
		return
	}
	x.notice = fmt.Sprintf("> **⚠️ Wallet empty** — using free model. Send USDC to `%s`.\n\n", s.fundingAddress())
	if have >= emptyBalance {
		x.notice = fmt.Sprintf("> **⚠️ Insufficient balance** ($%.2f) — using free model instead of %s. Send USDC to `%s`.\n\n",
			have.USD(), x.model, s.fundingAddress())
	}
	s.logf("[ClawRouter] Wallet too small, falling back to free model: %s (requested: %s)", freeModel, x.model)
	x.model, x.budget = freeModel, 0
	if x.route != nil {
		x.route.model = freeModel
	}
	x.spoil(SpoilFreeSwap)
}

func (s *Sim) fundingAddress() string {
	if s.wallet.chain == "solana" {
		return s.wallet.solana
	}
	return s.wallet.address
}

// run makes the attempts and keeps what they came to. It does not know whether
// the client is still there.
func (s *Sim) run(ctx context.Context, x *exchange) answer {
	r, used := s.attempt(ctx, x)
	if r.cancelled {
		s.mu.Lock()
		s.replays.abandon(x.key)
		s.mu.Unlock()
		return answer{}
	}
	a := s.compose(x, r, used)
	now := s.clock.Now()
	keep := a
	keep.wire, keep.pace = "", 0
	if r.good == nil && r.status != http.StatusOK || x.stream {
		keep.header = http.Header{"Content-Type": a.header["Content-Type"]}
	}
	s.mu.Lock()
	if !s.off[SpoilReplay] {
		s.replays.finish(x.key, keep, now)
	}
	if !x.stream && x.canCache && r.good != nil && !s.off[SpoilCache] {
		s.cache.keep(x.cacheID, keep, now)
	}
	s.mu.Unlock()
	if r.status == http.StatusOK && x.budget > 0 {
		s.deductEstimate(x.budget)
	}
	s.logUsage(x, used)
	if x.named && r.good != nil {
		if c := r.good.Choices[0].Message.Content; c != nil {
			s.noteDeeds(x.session, *c)
		}
	}
	return a
}

// attempt asks the gateway, again and for other models as ClawRouter does.
func (s *Sim) attempt(ctx context.Context, x *exchange) (reply, string) {
	models := []string{x.model}
	if x.route != nil {
		models = s.warmFirst(x.route.fallbacks(len(x.chat.toolNames()) > 0))
		if x.notice != "" {
			models = []string{freeModel}
		}
	}
	var r reply
	for i, model := range models {
		r = s.attemptModel(ctx, x, model)
		if r.cancelled || !worthAnother(r) {
			return r, model
		}
		if i < len(models)-1 {
			s.noteProviderError(model, r)
		}
	}
	return r, models[len(models)-1]
}

// attemptModel asks for one model, and once more where that may help: an
// explicit one 500 ms after a 5xx, a routed one 200 ms after a 429.
func (s *Sim) attemptModel(ctx context.Context, x *exchange, model string) reply {
	s.logf("[ClawRouter] Trying model: %s", model)
	r := judge(s.ask(ctx, x, model))
	var wait time.Duration
	switch {
	case x.route == nil && r.status >= 500 && !r.dropped && !isDegraded(r):
		wait = 500 * time.Millisecond
	case x.route != nil && r.status == http.StatusTooManyRequests:
		wait = 200 * time.Millisecond
	default:
		return r
	}
	select {
	case <-s.clock.After(wait):
	case <-ctx.Done():
		r.cancelled = true
		return r
	}
	r = judge(s.ask(ctx, x, model))
	if x.route != nil && r.status == http.StatusTooManyRequests {
		s.mu.Lock()
		s.cooling[model] = s.clock.Now().Add(time.Minute)
		s.mu.Unlock()
	}
	return r
}

// worthAnother tells whether another model might do better: not for requests
// that are wrong in themselves.
func worthAnother(r reply) bool {
	switch {
	case r.dropped:
		return true
	case r.status == http.StatusBadRequest, r.status == http.StatusNotFound, r.status == http.StatusRequestEntityTooLarge:
		return false
	}
	return r.status >= 400
}

// warmFirst puts models that were rate-limited within the last minute last.
func (s *Sim) warmFirst(models []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	slices.SortStableFunc(models, func(a, b string) int {
		hotA, hotB := now.Before(s.cooling[a]), now.Before(s.cooling[b])
		switch {
		case hotA == hotB:
			return 0
		case hotA:
			return 1
		}
		return -1
	})
	return models
}
