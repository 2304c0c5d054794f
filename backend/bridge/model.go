package bridge

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// DefaultModel is asked where the user has chosen none.
const DefaultModel = "blockrun/auto"

// modelChoice decides which model a turn really asks for.
type modelChoice struct {
	upstream Upstream
	selected func() string // the user's choice, "" for none

	mu      sync.Mutex // protects the rest
	threads map[string]string
	listed  map[string]bool
	asked   time.Time // when listed was read

	told toldOnce // names that were swapped
}

const (
	maxThreads = 256             // threads whose model is remembered
	listAge    = 5 * time.Minute // how long upstream's list is believed
)

func newModelChoice(u Upstream, selected func() string) *modelChoice {
	if selected == nil {
		selected = func() string { return "" }
	}
	return &modelChoice{upstream: u, selected: selected, threads: map[string]string{}}
}

// nativeName recognises the names of OpenAI's own models, as Codex uses them for
// work in the background whatever model the user has chosen.
var nativeName = regexp.MustCompile(`^(codex-|gpt-|o[1-9])`)

// choose returns the model to ask. swapped is set, once for each name, where
// Codex asked in the background for a model of OpenAI's that upstream does not
// have; a name that exists is never swapped.
func (c *modelChoice) choose(ctx context.Context, asked string, h http.Header) (model string, swapped bool) {
	thread, parent := h.Get("Thread-Id"), h.Get("X-Codex-Parent-Thread-Id")
	if strings.EqualFold(asked, models.Selected) {
		return c.chosen(), false
	}
	if !nativeName.MatchString(asked) || c.exists(ctx, asked) {
		c.remember(thread, asked)
		return asked, false
	}
	return c.inPlaceOf(thread, parent), c.told.first(asked)
}

// inPlaceOf is the model for work in the background: the thread's own, its
// parent's, or the user's choice.
func (c *modelChoice) inPlaceOf(thread, parent string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.threads[thread]; m != "" {
		return m
	}
	if m := c.threads[parent]; m != "" {
		return m
	}
	return c.chosen()
}

func (c *modelChoice) chosen() string {
	if m := c.selected(); m != "" {
		return m
	}
	return DefaultModel
}

func (c *modelChoice) remember(thread, model string) {
	if thread == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.threads) >= maxThreads {
		clear(c.threads) // rare, and a forgotten thread only falls back to the choice
	}
	c.threads[thread] = model
}

// exists reports whether upstream has that model, by its list or by an alias.
// Where the list cannot be read the name is believed.
func (c *modelChoice) exists(ctx context.Context, name string) bool {
	if models.Snapshot().Alias(name) {
		return true
	}
	c.mu.Lock()
	listed, fresh := c.listed, time.Since(c.asked) < listAge
	c.mu.Unlock()
	if !fresh {
		if body, err := c.upstream.Models(ctx); err == nil {
			listed = listedModels(body)
			c.mu.Lock()
			c.listed, c.asked = listed, time.Now()
			c.mu.Unlock()
		}
	}
	return listed == nil || listed[strings.ToLower(name)]
}

// listedModels is nil where the list cannot be read.
func listedModels(body []byte) map[string]bool {
	ids, err := models.ParseIDs(body)
	if err != nil {
		return nil
	}
	listed := make(map[string]bool, len(ids))
	for _, id := range ids {
		listed[strings.ToLower(id)] = true
	}
	return listed
}

// newLimitName recognises OpenAI's reasoning models, which refuse max_tokens.
// ClawRouter's gateway takes max_tokens for all, and quotes its price by it.
var newLimitName = regexp.MustCompile(`(^|/)(o[1-9]|gpt-[5-9])`)

// target tells translate what the model can take. Of a model that no list knows
// everything is believed.
func target(model string, clawRouter bool) translate.Target {
	t := translate.Target{Model: model, ClawRouter: clawRouter, Stream: !clawRouter}
	if !clawRouter && newLimitName.MatchString(model) {
		t.MaxTokensField = "max_completion_tokens"
	}
	if m, known := models.Snapshot().Lookup(model); known && models.RoutingProfile(model) == "" {
		t.NoVision, t.NoReasoning = !m.Vision, !m.Reasoning
	}
	return t
}

// target is target as the user's switches have it.
func (s *Server) target(model string, clawRouter bool) translate.Target {
	t := target(model, clawRouter)
	t.Exposed = s.cfg.Unshielded
	if s.cfg.Stream != nil {
		t.Stream = *s.cfg.Stream
	}
	return t
}

// refusePaid is the error of a turn that must not be paid; nil where it may be,
// or costs nothing.
func (s *Server) refusePaid(model string) error {
	if s.cfg.RefusePaid == nil || models.Free(model) {
		return nil
	}
	if why := s.cfg.RefusePaid(); why != "" {
		return &translate.RequestError{Code: translate.CodeTell, Message: why + " Models whose name begins with free/ go on answering."}
	}
	return nil
}
