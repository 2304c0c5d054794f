package doctor

import (
	"context"
	"fmt"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
)

// checkProfile looks at the keys without which Codex ends up elsewhere: it says
// nothing when the profile is missing, and runs on OpenAI.
func checkProfile(_ context.Context, l *look) Result {
	p := l.profile()
	switch {
	case l.fresh():
		return notYet("none")
	case p.missing():
		return Result{
			Status: Fail, Text: p.path + " is missing: codex --profile " + codex.ProfileName + " would run on OpenAI, and say nothing",
			Mend: setupCommand, Fix: l.setupFix(),
		}
	case p.err != nil:
		return p.broken("Codex does not start with it")
	}
	if wrong := l.profileWrong(p); wrong != "" {
		return Result{Status: Fail, Text: p.path + ": " + wrong, Mend: setupCommand, Fix: l.setupFix()}
	}
	return Result{Status: OK, Text: fmt.Sprintf("%s, model %s", p.path, orNone(p.text("model")))}
}

// profileWrong is the first key that setup would set anew, in words.
func (l *look) profileWrong(p tomlFile) string {
	provider := p.text("model_provider")
	if provider != codex.ProviderID {
		return fmt.Sprintf("model_provider is %s, not %s", orNone(provider), codex.ProviderID)
	}
	base := p.text("model_providers", codex.ProviderID, "base_url")
	if host, port := codex.Address(base); !codex.Loopback(host) || port != l.port {
		return fmt.Sprintf("base_url is %s, and the bridge's port %d", orNone(base), l.port)
	}
	if wire := p.text("model_providers", codex.ProviderID, "wire_api"); wire != "responses" {
		return fmt.Sprintf("wire_api is %s, not responses: Codex does not start", orNone(wire))
	}
	if auth, _ := p.doc.Value("model_providers", codex.ProviderID, "requires_openai_auth"); auth == true {
		return "requires_openai_auth is true: Codex would send its ChatGPT token to the bridge"
	}
	if catalog := p.text("model_catalog_json"); catalog != l.home.Catalog() {
		return fmt.Sprintf("model_catalog_json is %s, not %s", orNone(catalog), l.home.Catalog())
	}
	return ""
}

func orNone(text string) string {
	if text == "" {
		return "not set"
	}
	return text
}
