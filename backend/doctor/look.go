package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// askPatience bounds one question to a server on this machine; both answer
// /health in a millisecond, except while they parse megabytes.
const askPatience = 3 * time.Second

// look is one round of checks: what several of them want to know is asked once.
type look struct {
	env  Env
	home codex.Home

	port     int  // of the bridge
	running  bool // a process holds the state folder
	bridge   func() bridgeState
	upstream func() (proxy.Health, error)
	expected func() (proxy.Expected, error)
	version  func() (string, error) // of the installed Codex
	config   func() tomlFile
	profile  func() tomlFile
	fresh    func() bool // the first start is still to come
}

func newLook(ctx context.Context, env Env) *look {
	l := &look{env: env}
	s := env.Settings
	if s == nil {
		return l
	}
	l.home = codex.Home{Dir: s.CodexHome.V}
	port, running := env.Running()
	l.port, l.running = s.Port.V, running
	if port != 0 {
		l.port = port
	}
	l.bridge = sync.OnceValue(func() bridgeState { return l.askBridge(ctx) })
	l.upstream = sync.OnceValues(func() (proxy.Health, error) { return l.askUpstream(ctx, false, askPatience) })
	l.expected = sync.OnceValues(func() (proxy.Expected, error) {
		return proxy.ExpectWallet(s.Paths.Root, proxy.WalletSearch{Env: env.Environ, KeyFile: s.WalletKeyFile.V, Home: env.Home})
	})
	l.version = sync.OnceValues(func() (string, error) {
		ctx, cancel := context.WithTimeout(ctx, defaultPatience)
		defer cancel()
		return env.Codex.Version(ctx)
	})
	l.config = sync.OnceValue(func() tomlFile { return readTOML(l.home.Config()) })
	l.profile = sync.OnceValue(func() tomlFile { return readTOML(l.home.Profile()) })
	l.fresh = sync.OnceValue(l.isFresh)
	return l
}

// unusable is what every check but the first says while there are no settings:
// with the defaults in their place it would look at the wrong port and folder.
func (l *look) unusable(id string) *Result {
	if l.env.Settings != nil || id == "settings" {
		return nil
	}
	return &Result{Status: Skip, Text: "not looked at before the settings are mended"}
}

// tomlFile is a file of Codex's as it was read.
type tomlFile struct {
	path string
	doc  *tomledit.Doc // nil where the file is missing or broken
	err  error         // of reading or parsing; wraps fs.ErrNotExist where it is missing
}

func readTOML(path string) tomlFile {
	f := tomlFile{path: path}
	var text []byte
	if text, f.err = os.ReadFile(path); f.err == nil {
		f.doc, f.err = tomledit.Parse(text)
	}
	return f
}

// missing reports that there is no such file.
func (f tomlFile) missing() bool { return errors.Is(f.err, os.ErrNotExist) }

// broken is the failure of a file that cannot be used.
func (f tomlFile) broken(effect string) Result {
	var syntax *tomledit.SyntaxError
	if errors.As(f.err, &syntax) {
		return Result{
			Status: Fail,
			Text: fmt.Sprintf("%s, line %d, column %d: not TOML, %s: %s",
				f.path, syntax.Line, syntax.Column, effect, strings.TrimPrefix(syntax.Err.Error(), "toml: ")),
			Mend: fmt.Sprintf("correct line %d of %s", syntax.Line, f.path),
		}
	}
	return Result{Status: Fail, Text: fmt.Sprintf("cannot be read, %s: %v", effect, f.err), Mend: "mend the permissions of " + f.path}
}

// text is the string at path, "" where there is none or no file.
func (f tomlFile) text(path ...string) string {
	if f.doc == nil {
		return ""
	}
	return f.doc.String(path...)
}

// setupFix writes profile and model list anew.
func (l *look) setupFix() *Fix {
	return &Fix{ID: "setup", Did: "profile and model list written anew", Do: func(ctx context.Context) error {
		return l.env.Setup(ctx, l.port)
	}}
}

const setupCommand = "clawrouter-codex setup"
