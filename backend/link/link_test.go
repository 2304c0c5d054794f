package link

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// user is somebody with an empty home folder and a ClawRouter that answers.
type user struct {
	t        *testing.T
	home     string
	env      map[string]string
	settings *settings.Settings
	client   *proxy.Client
	withBook *spend.Book    // the ledger of the links that run
	more     func(*Options) // what else a link is given
}

func newUser(t *testing.T) *user {
	t.Helper()
	u := &user{t: t, home: t.TempDir()}
	u.load()
	var err error
	sim := clawsim.New(clawsim.Options{})
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() { server.Close(); sim.Close() })
	u.client, err = proxy.NewClient(server.URL, proxy.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.client.Close)
	return u
}

// load reads the settings, in the user's environment.
func (u *user) load() {
	u.t.Helper()
	var err error
	u.settings, err = settings.Load(settings.Machine{
		LookupEnv: func(name string) (string, bool) { v, ok := u.env[name]; return v, ok },
		ReadFile:  os.ReadFile, Home: u.home, Dir: u.home, GOOS: "linux",
	}, nil)
	if err != nil {
		u.t.Fatal(err)
	}
}

// local is a link that runs on port, or with 0 one of a command.
func (u *user) local(port int) *Local {
	o := Options{
		Settings: u.settings, Version: "1.2.3", Client: u.client, Bridge: Bridge{Port: port},
		Edit: func(_ context.Context, change func() error) error { return change() },
		Now:  func() time.Time { return noon },
	}
	if port != 0 {
		o.Book = u.withBook
	}
	if u.more != nil {
		u.more(&o)
	}
	return NewLocal(o)
}

// setUp writes Codex's files for a short list of models.
func (u *user) setUp() codex.Home {
	u.t.Helper()
	home := codex.Home{Dir: u.settings.CodexHome.V}
	_, err := codex.Setup(u.t.Context(), codex.SetupOptions{
		Home: home, Port: 8403, Backup: u.settings.Paths.Backup(), Now: noon,
		Models: []models.Model{
			{ID: "blockrun/auto", Name: "Auto", Window: 400_000},
			{ID: "anthropic/claude-opus-5", Name: "Claude Opus 5", Window: 1_000_000},
			{ID: "zai/glm-5.2", Name: "GLM 5.2", Window: 300_000},
		},
	})
	if err != nil {
		u.t.Fatal(err)
	}
	return home
}

func (u *user) stored() string {
	u.t.Helper()
	data, err := os.ReadFile(u.settings.Paths.SettingsFile())
	if err != nil && !os.IsNotExist(err) {
		u.t.Fatal(err)
	}
	return string(data)
}

func TestUseModel(t *testing.T) {
	tests := []struct {
		name, asks string
		pin        bool
		model      string
		profile    string // what Codex then starts with
		stored     string
		wrong      Kind
	}{
		{"an id", "zai/glm-5.2", false, "zai/glm-5.2", models.Selected, "model = \"zai/glm-5.2\"\n", ""},
		{"an id in other letters", "ZAI/GLM-5.2", false, "zai/glm-5.2", models.Selected, "model = \"zai/glm-5.2\"\n", ""},
		{"the picker's name", "claude opus 5", false, "anthropic/claude-opus-5", models.Selected, "model = \"anthropic/claude-opus-5\"\n", ""},
		{"a routing profile", "auto", false, "blockrun/auto", models.Selected, "model = \"blockrun/auto\"\n", ""},
		{"one that the list lacks, with room enough", "anthropic/claude-sonnet-5", false, "anthropic/claude-sonnet-5", models.Selected, "model = \"anthropic/claude-sonnet-5\"\n", ""},
		{"a pin", "zai/glm-5.2", true, "zai/glm-5.2", "zai/glm-5.2", "", ""},
		{"one that the list lacks, too small", "openai/gpt-5-nano", false, "", "blockrun/auto", "", TooSmall},
		{"too small, but pinned", "openai/gpt-5-nano", true, "openai/gpt-5-nano", "openai/gpt-5-nano", "", ""},
		{"nobody's name", "zai/glm-9000", false, "", "blockrun/auto", "", UnknownModel},
		{"the entry itself", models.Selected, false, "", "blockrun/auto", "", UnknownModel},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := newUser(t)
			home := u.setUp()
			l := u.local(8403)
			use, err := l.UseModel(t.Context(), tt.asks, tt.pin)
			if kind := kindOf(err); kind != tt.wrong {
				t.Fatalf("error %v of kind %q, want %q", err, kind, tt.wrong)
			}
			if use.Model != tt.model {
				t.Errorf("uses %q, want %q", use.Model, tt.model)
			}
			if got := home.ProfileModel(); got != tt.profile {
				t.Errorf("Codex starts with %q, want %q", got, tt.profile)
			}
			if diff := cmp.Diff(tt.stored, u.stored()); diff != "" {
				t.Error(diff)
			}
			want := "blockrun/auto"
			if tt.stored != "" {
				want = tt.model
			}
			if got := l.Selected(); got != want {
				t.Errorf("the bridge resolves the entry to %q, want %q", got, want)
			}
		})
	}
}

func kindOf(err error) Kind {
	if err == nil {
		return ""
	}
	return asError(err).Kind
}

func TestNamesThatAreNear(t *testing.T) {
	s := shelf{table: models.Snapshot(), picker: []codex.PickerModel{{ID: "zai/glm-5.2"}, {ID: "anthropic/claude-opus-5"}},
		live: []string{"opus", "anthropic/claude-opus-4.8", "zai/glm-5.1", "anthropic/claude-opus-5"}}
	tests := []struct {
		name string
		want []string
	}{
		{"claude-opsu-5", []string{"anthropic/claude-opus-5"}},
		{"claude opus", []string{"anthropic/claude-opus-5", "anthropic/claude-opus-4.8"}},
		{"glm 5", []string{"zai/glm-5.2", "zai/glm-5.1"}},
		{"zai/glm-52", []string{"zai/glm-5.2", "zai/glm-5.1"}},
		{"something-else-entirely", []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, s.near(tt.name)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAChoiceReachesTheBaseConfigWhileItIsOn(t *testing.T) {
	u := newUser(t)
	home := u.setUp()
	mine := "model = \"gpt-5.5\" # mine\n"
	if err := os.WriteFile(home.Config(), []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	l := u.local(8403)
	if _, err := l.SetProvider(t.Context(), ClawRouter); err != nil {
		t.Fatal(err)
	}
	if _, err := l.UseModel(t.Context(), "zai/glm-5.2", false); err != nil {
		t.Fatal(err)
	}
	s, _ := l.State(t.Context())
	if text := read(t, home.Config()); !strings.Contains(text, `model = "clawrouter/selected"`) || s.Provider != ClawRouter {
		t.Errorf("provider %s, base config\n%s", s.Provider, text)
	}
	if _, err := l.SetProvider(t.Context(), Subscription); err != nil {
		t.Fatal(err)
	}
	s, _ = l.State(t.Context())
	if text := read(t, home.Config()); !strings.HasPrefix(text, mine) || s.Provider != Subscription {
		t.Errorf("provider %s, base config\n%s", s.Provider, text)
	}
}

func TestCodexIsNeverPointedAtABridgeThatIsNotThere(t *testing.T) {
	u := newUser(t)
	home := u.setUp()
	_, err := u.local(0).SetProvider(t.Context(), ClawRouter)
	if kindOf(err) != NotRunning {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(home.Config()); !os.IsNotExist(err) {
		t.Errorf("the base config was made: %v", err)
	}
}

func TestWebSearchIsStoredAndInForce(t *testing.T) {
	u := newUser(t)
	l := u.local(8403)
	got, err := l.SetWebSearch(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(WebSearch{On: true, Origin: settings.File}, got); diff != "" || !l.Searches() {
		t.Errorf("in force: %v\n%s", l.Searches(), diff)
	}
	if u.stored() != "web_search = true\n" {
		t.Errorf("stored %q", u.stored())
	}
}

func TestWalletOfARunningClawRouter(t *testing.T) {
	u := newUser(t)
	w, err := u.local(8403).Wallet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if w.Balance == nil || *w.Balance != 12.34 || w.Chain != "base" || !strings.HasPrefix(w.QR, "ethereum:") || !w.Asked.Equal(noon) {
		t.Errorf("%+v", w)
	}
}

func TestAServerThatIsNoClawRouterHasNoWallet(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			asked++
		}
		_, _ = w.Write([]byte(`{"healthy_count":1}`))
	}))
	t.Cleanup(server.Close)
	u := newUser(t)
	var err error
	if u.client, err = proxy.NewClient(server.URL, proxy.ClientOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.client.Close)
	_, err = u.local(8403).Wallet(t.Context())
	if kindOf(err) != NoWallet || asked != 0 {
		t.Errorf("error %v, asked %d times for a balance", err, asked)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func portOf(t *testing.T, url string) int {
	t.Helper()
	port, err := strconv.Atoi(url[strings.LastIndex(url, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	return port
}
