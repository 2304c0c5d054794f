package daemon

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// answering is a server that gives the same answer to GET path and 404 else.
func answering(t *testing.T, path, body string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const (
	foreignModels = `{"object":"list","data":[{"id":"qwen3-coder:30b"},{"id":"llama4"}]}`
	publicModels  = `{"data":[{"id":"anthropic/claude-opus-5","name":"Opus of tomorrow","context_window":7000000,"pricing":{"input":1,"output":2},"categories":["chat"]}]}`
)

// The ledger counts with the prices that setup read last, also in a process that
// runs meanwhile; a list that is broken changes nothing.
func TestTheLedgerTakesThePricesOfTheDay(t *testing.T) {
	s := load(t, map[string]string{
		"CLAWROUTER_PROXY_URL": clawRouter(t), "BLOCKRUN_MODEL_CATALOG_URL": answering(t, "/prices", publicModels) + "/prices",
	})
	running := run(t, Options{Settings: s, Command: "start"}).waitReady()
	cost := func() spend.Micros {
		t.Helper()
		turn(t, running.Bridge, "anthropic/claude-opus-5")
		spending, err := running.Local.Spending(t.Context(), 1, 1)
		if err != nil || len(spending.Recent) != 1 {
			t.Fatalf("%+v %v", spending, err)
		}
		return spending.Recent[0].Cost
	}
	builtIn := cost()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := Setup(ctx, SetupOptions{Settings: s, Version: "1.2.3", Port: running.Port, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for today := cost(); today >= builtIn/5; today = cost() {
		if ctx.Err() != nil {
			t.Fatalf("a turn still costs %s, at first %s", today, builtIn)
		}
	}
	if err := os.WriteFile(s.Paths.Prices(), []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, _ := knownPrices(s.Paths).Lookup("anthropic/claude-opus-5"); m.Name != "Claude Opus 5" {
		t.Errorf("a broken list makes it %+v", m)
	}
}

func TestListModels(t *testing.T) {
	prices := answering(t, "/prices", publicModels) + "/prices"
	tests := []struct {
		name   string
		env    map[string]string
		source []string // words in it
		first  string
		opus   string // name of anthropic/claude-opus-5; "" where it is not listed
	}{
		{
			"from ClawRouter, with the prices of the day",
			map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t), "BLOCKRUN_MODEL_CATALOG_URL": prices},
			[]string{"models from http://127.0.0.1:", "prices from " + prices}, "blockrun/auto", "Opus of tomorrow",
		},
		{
			"with the built-in prices where the public ones cannot be read",
			map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t), "BLOCKRUN_MODEL_CATALOG_URL": prices + "/gone"},
			[]string{"prices from the built-in list of 2026-"}, "blockrun/auto", "Claude Opus 5",
		},
		{
			"from the program where nobody answers",
			map[string]string{"CLAWROUTER_PROXY_URL": "http://127.0.0.1:1"},
			[]string{"the built-in list of 2026-", "because http://127.0.0.1:1 does not tell its models: " + refused(t)}, "blockrun/auto", "Claude Opus 5",
		},
		{
			"a server that is not ClawRouter keeps its own names",
			map[string]string{"CLAWROUTER_PROXY_URL": answering(t, "/v1/models", foreignModels)},
			[]string{"http://127.0.0.1:"}, "qwen3-coder:30b", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := ListModels(t.Context(), load(t, tt.env), "1", models.Selection{})
			if err != nil {
				t.Fatal(err)
			}
			for _, words := range tt.source {
				if !strings.Contains(list.Source, words) {
					t.Errorf("source %q, want %q in it", list.Source, words)
				}
			}
			opus := ""
			for _, m := range list.Models {
				if m.ID == "anthropic/claude-opus-5" {
					opus = m.Name
				}
			}
			if list.Models[0].ID != tt.first || opus != tt.opus {
				t.Errorf("first %s, Opus %q", list.Models[0].ID, opus)
			}
		})
	}
}

// Of a server of the user's own only names can be left out, and that is told.
func TestSelectionOfAForeignList(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": answering(t, "/v1/models", foreignModels)})
	list, err := ListModels(t.Context(), s, "1", models.Selection{PerFamily: 1, DropModels: []string{"llama4"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Models) != 1 || list.Models[0].ID != "qwen3-coder:30b" || len(list.Notes) != 1 {
		t.Errorf("%+v, notes %q", list.Models, list.Notes)
	}
}

func TestSetupForAServerThatIsNotClawRouter(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": answering(t, "/v1/models", foreignModels)})
	result, err := Setup(t.Context(), SetupOptions{Settings: s, Version: "1", Port: 8403, Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.ReadFile(result.Profile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(profile), "model = \"qwen3-coder:30b\"\n") {
		t.Errorf("the profile starts with a model that this server does not have:\n%s", profile)
	}
}

func TestSetupKeepsTheSelectionOfGenCatalog(t *testing.T) {
	s := load(t, map[string]string{"CLAWROUTER_PROXY_URL": clawRouter(t)})
	o := SetupOptions{Settings: s, Version: "1", Port: 8403, Now: time.Unix(0, 0)}
	want := models.Selection{PerFamily: 1, DropFamilies: []string{"free"}}
	chosen, err := GenCatalog(t.Context(), o, want, "")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Setup(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	home := codex.Home{Dir: s.CodexHome.V}
	if again.Catalog.Models != chosen.Models || again.Catalog.Path != home.Catalog() {
		t.Errorf("gen-catalog wrote %d models, setup %d to %s", chosen.Models, again.Catalog.Models, again.Catalog.Path)
	}
	if _, err := GenCatalog(t.Context(), o, models.Selection{DropModels: []string{"auto"}, PerFamily: 1}, ""); err != nil {
		t.Fatal(err)
	}
}

// ClawRouter sends what it is given on to the gateway behind it.
func TestTheUpstreamKeyGoesToTheUsersOwnUpstreamOnly(t *testing.T) {
	keys := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/models" {
			keys <- r.Header.Get("Authorization")
		}
		_, _ = w.Write([]byte(foreignModels))
	}))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":")+1:]
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"an upstream of the user's own": {map[string]string{"CLAWROUTER_PROXY_URL": server.URL}, "Bearer sk-1"},
		"ClawRouter on PROXY_PORT":      {map[string]string{"PROXY_PORT": port}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.env["UPSTREAM_API_KEY"] = "sk-1"
			if _, err := ListModels(t.Context(), load(t, tt.env), "1", models.Selection{}); err != nil {
				t.Fatal(err)
			}
			if got := <-keys; got != tt.want {
				t.Errorf("Authorization %q, want %q", got, tt.want)
			}
		})
	}
}
