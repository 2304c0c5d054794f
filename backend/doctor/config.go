package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

func checkConfig(_ context.Context, l *look) Result {
	c := l.config()
	switch {
	case c.missing():
		return Result{Status: OK, Text: "none, and Codex needs none"}
	case c.err != nil:
		r := c.broken("Codex does not start")
		if copies := l.copies("config.toml"); len(copies) > 0 {
			r.Mend += "; the last copy that was kept is " + copies[len(copies)-1]
		}
		return r
	}
	return Result{Status: OK, Text: c.path}
}

// checkLegacy looks for the profiles of older Codex releases, which newer ones
// refuse.
func checkLegacy(_ context.Context, l *look) Result {
	c := l.config()
	if c.missing() {
		return Result{Status: OK, Text: "none"}
	}
	if c.doc == nil {
		return Result{Status: Skip, Text: "the base config cannot be read"}
	}
	switch selected := c.text("profile"); {
	case c.doc.Has("profiles", codex.ProfileName):
		return Result{
			Status: Fail, Text: fmt.Sprintf("%s holds [profiles.%s]: Codex refuses to start with --profile %[2]s", c.path, codex.ProfileName),
			Mend: setupCommand + " --migrate",
		}
	case selected == codex.ProfileName:
		return Result{
			Status: Fail, Text: fmt.Sprintf("%s holds profile = %q: Codex refuses to start", c.path, selected),
			Mend: setupCommand + " --migrate",
		}
	case selected != "":
		return Result{
			Status: Fail, Text: fmt.Sprintf("%s holds profile = %q: Codex refuses to start", c.path, selected),
			Mend: "delete that line and start Codex with --profile " + selected,
		}
	}
	return Result{Status: OK, Text: "none"}
}

// checkProvider looks where a Codex without a profile, an editor extension and
// the Desktop app go.
func checkProvider(ctx context.Context, l *look) Result {
	c := l.config()
	switch {
	case c.missing():
		return Result{Status: OK, Text: "runs on your subscription"}
	case c.doc == nil:
		return Result{Status: Skip, Text: "the base config cannot be read"}
	}
	provider := c.text("model_provider")
	if list := c.text("model_catalog_json"); list != "" {
		// Codex takes a relative path from the folder of the file.
		if !filepath.IsAbs(list) {
			list = filepath.Join(filepath.Dir(c.path), list)
		}
		if _, err := os.Stat(list); err != nil {
			return l.deadList(c.path, list, provider)
		}
	}
	base := c.text("model_providers", provider, "base_url")
	host, port := codex.Address(base)
	if provider == "" || provider != codex.ProviderID && (!codex.Loopback(host) || port != l.port) {
		return Result{Status: OK, Text: "runs on " + orSubscription(provider)}
	}
	alive := l.bridge().ours
	if port != l.port {
		alive = l.askHealth(ctx, "127.0.0.1", port).ours
	}
	if alive {
		return Result{Status: OK, Text: "runs on ClawRouter through " + base}
	}
	if provider != codex.ProviderID {
		return l.otherName(ctx, provider, base)
	}
	where := base + ", where no bridge runs"
	if base == "" {
		where = "a provider without an address"
	}
	r := Result{
		Status: Fail, Text: fmt.Sprintf("%s points at %s: Codex without a profile does not work", c.path, where),
		Mend: "clawrouter-codex up, or back to your subscription: clawrouter-codex doctor --fix",
	}
	// A running link sets the address right itself, when it has its port.
	if !l.running {
		r.Fix = l.subscriptionFix()
	}
	return r
}

// otherName is for a provider that has our bridge's address and is called
// otherwise: another program's, whose lines are not taken away.
func (l *look) otherName(ctx context.Context, provider, base string) Result {
	if !l.env.Free(ctx, socket.V4(l.port)) {
		return Result{Status: OK, Text: fmt.Sprintf("runs on the provider %s, which another program answers on %s", provider, base)}
	}
	return Result{
		Status: Fail, Text: fmt.Sprintf("%s points at %s, where no bridge runs: Codex without a profile does not work", l.config().path, base),
		Mend: "clawrouter-codex up, or name another model_provider in that file",
	}
}

// deadList is a base config that names a list which is not there: no Codex starts,
// whatever its provider.
func (l *look) deadList(config, list, provider string) Result {
	r := Result{Status: Fail, Text: fmt.Sprintf("%s names the model list %s, which is missing: Codex does not start", config, list)}
	switch {
	case list == l.home.Catalog():
		r.Mend, r.Fix = setupCommand, l.setupFix()
	case provider == codex.ProviderID:
		r.Mend = "clawrouter-codex desktop on, which names ours"
	default:
		r.Mend = "delete that line"
	}
	return r
}

func (l *look) subscriptionFix() *Fix {
	return &Fix{ID: "subscription", Did: "the base config is back on your own provider", Do: l.env.Subscription}
}

func orSubscription(provider string) string {
	if provider == "" {
		return "your subscription"
	}
	return "the provider " + provider
}

// checkWebSearch looks whether Codex offers the tool that our switch is about.
func checkWebSearch(_ context.Context, l *look) Result {
	on := l.env.Settings.WebSearch.V
	for _, f := range []tomlFile{l.profile(), l.config()} {
		value := f.text("web_search")
		if value == "" {
			continue
		}
		if on && value == "disabled" {
			return Result{
				Status: Warn, Text: fmt.Sprintf("on, but %s holds web_search = \"disabled\": Codex offers no search to a model", f.path),
				Mend: "delete that line",
			}
		}
		break // the profile wins over the base config
	}
	if on {
		return Result{Status: OK, Text: "on"}
	}
	return Result{Status: OK, Text: "off; on with: clawrouter-codex websearch on"}
}
