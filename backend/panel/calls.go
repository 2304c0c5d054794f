package panel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// call is one call of the API. openapi.json describes each, and a test holds the
// two together.
type call struct {
	method, name string
	handle       http.HandlerFunc
}

func (s *server) calls() []call {
	return []call{
		{"GET", "state", read(func(ctx context.Context, _ url.Values) (link.State, error) { return s.Link.State(ctx) })},
		{"GET", "events", s.events},
		{"GET", "models", read(s.models)},
		{"GET", "fund", read(s.fund)},
		{"GET", "spending", read(s.spending)},
		{"GET", "doctor", read(s.doctor)},
		{"GET", "log", read(s.log)},
		{"POST", "provider", command(s, func(ctx context.Context, c providerCommand) ([]string, error) {
			_, err := s.Link.SetProvider(ctx, c.Provider)
			return nil, err
		})},
		{"POST", "model", command(s, func(ctx context.Context, c modelCommand) ([]string, error) {
			use, err := s.Link.UseModel(ctx, c.Name, c.Pin)
			return use.Notes, err
		})},
		{"POST", "models", command(s, func(ctx context.Context, _ nothing) ([]string, error) {
			update, err := s.Link.UpdateModels(ctx)
			return update.Notes, err
		})},
		{"POST", "websearch", command(s, func(ctx context.Context, c switchCommand) ([]string, error) {
			_, err := s.Link.SetWebSearch(ctx, *c.On)
			return nil, err
		})},
		{"POST", "cap", command(s, func(ctx context.Context, c capCommand) ([]string, error) {
			limit, err := c.limit()
			if err != nil {
				return nil, err
			}
			_, err = s.Link.SetCap(ctx, limit)
			return nil, err
		})},
		{"POST", "pause", command(s, func(ctx context.Context, c switchCommand) ([]string, error) {
			_, err := s.Link.SetPaused(ctx, *c.On)
			return nil, err
		})},
		{"POST", "login", command(s, func(ctx context.Context, c switchCommand) ([]string, error) {
			_, err := s.Link.SetLogin(ctx, *c.On)
			return nil, err
		})},
		{"POST", "menubar", command(s, func(ctx context.Context, c link.MenuBarChange) ([]string, error) {
			_, err := s.Link.SetMenuBar(ctx, c)
			return nil, err
		})},
		{"POST", "codex", command(s, func(ctx context.Context, _ nothing) ([]string, error) {
			return nil, s.Link.RestartCodex(ctx)
		})},
		{"POST", "wallet", command(s, func(ctx context.Context, _ nothing) ([]string, error) {
			_, err := s.Link.Wallet(ctx)
			return nil, err
		})},
		{"POST", "restart", command(s, func(ctx context.Context, _ nothing) ([]string, error) {
			return nil, s.Link.RestartProxy(ctx)
		})},
	}
}

type (
	nothing         struct{}
	providerCommand struct {
		Provider link.Provider `json:"provider"`
	}
	modelCommand struct {
		Name string `json:"name"`
		Pin  bool   `json:"pin"`
	}
	// A member that was forgotten must not lift a pause or a cap.
	switchCommand struct {
		On *bool `json:"on"`
	}
	capCommand struct {
		Cap json.RawMessage `json:"cap_usd"` // dollars; null is no cap
	}
)

func (c switchCommand) incomplete() bool { return c.On == nil }
func (c capCommand) incomplete() bool    { return len(c.Cap) == 0 }

func (c capCommand) limit() (limit *spend.Micros, err error) {
	if err := json.Unmarshal(c.Cap, &limit); err != nil || limit != nil && *limit < 0 {
		return nil, &badRequest{"a cap is an amount in dollars, or null for none"}
	}
	return limit, nil
}

// outcome answers every command: with the state that it brought about, so that a
// page which drew it already has the truth in the same moment, and with what else
// there is to say.
type outcome struct {
	State link.State `json:"state"`
	Notes []string   `json:"notes,omitempty"`
}

const (
	mostDays   = 31
	mostRecent = 300
)

func (s *server) spending(ctx context.Context, q url.Values) (link.Spending, error) {
	days, err := number(q, "days", mostDays)
	if err != nil {
		return link.Spending{}, err
	}
	recent, err := number(q, "recent", mostRecent)
	if err != nil {
		return link.Spending{}, err
	}
	return s.Link.Spending(ctx, days, recent)
}

func (s *server) log(ctx context.Context, q url.Values) ([]link.LogLine, error) {
	lines, err := number(q, "lines", link.MaxLogLines)
	if err != nil {
		return nil, err
	}
	return s.Link.Log(ctx, lines)
}

func (s *server) doctor(ctx context.Context, _ url.Values) (doctor.Report, error) {
	if s.Doctor == nil {
		return doctor.Report{}, &link.Error{Kind: link.Failed, Message: "the checks cannot be made from here", Fix: "clawrouter-codex doctor"}
	}
	return s.Doctor(ctx), ctx.Err()
}

// number reads a whole number between 1 and most.
func number(q url.Values, name string, most int) (int, error) {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 || n > most {
		return 0, &badRequest{fmt.Sprintf("%s is a number from 1 to %d", name, most)}
	}
	return n, nil
}
