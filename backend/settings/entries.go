package settings

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// entry ties a setting to its key in settings.toml and its environment
// variable. A secret has no key: it is never stored.
type entry struct {
	key, env string
	about    string
	set      func(m Machine, s *Settings, text string, from Origin) error
	show     func(s *Settings) (string, Origin)
}

// entries is the one list of all settings; its order is the one users see.
var entries = []entry{
	number("port", "PORT", "port of the bridge on loopback", func(s *Settings) *Value[int] { return &s.Port }),
	number("proxy_port", "PROXY_PORT", "port of ClawRouter on loopback", func(s *Settings) *Value[int] { return &s.ProxyPort }),
	address("proxy_url", "CLAWROUTER_PROXY_URL", "an upstream that already runs; nothing is started then", func(s *Settings) *Value[string] { return &s.ProxyURL }),
	text("clawrouter_cmd", "CLAWROUTER_CMD", "the command that starts ClawRouter", func(s *Settings) *Value[string] { return &s.Command }),
	path("wallet_key_file", "WALLET_KEY_FILE", "file that holds the wallet's private key", func(s *Settings) *Value[string] { return &s.WalletKeyFile }),
	choice("isolate_home", "ISOLATE_HOME", "give ClawRouter a home folder of its own", func(s *Settings) *Value[Choice] { return &s.IsolateHome }),
	toggle("web_search", "WEB_SEARCH", "let the model search the web through ClawRouter", func(s *Settings) *Value[bool] { return &s.WebSearch }),
	text("model", "", "the model behind Codex's entry \"Menu bar choice\"", func(s *Settings) *Value[string] { return &s.Model }),
	toggle("notifications", "", "tell on the desktop what needs a person", func(s *Settings) *Value[bool] { return &s.Notifications }),
	menuBarText(),
	streaming(),
	unshielded(),
	path("codex_home", "CODEX_HOME", "Codex's folder", func(s *Settings) *Value[string] { return &s.CodexHome }),
	offOr(address("model_list", "BLOCKRUN_MODEL_CATALOG_URL", "where prices and windows of models are read; off: nowhere", func(s *Settings) *Value[string] { return &s.ModelList })),
	path("node", "", "absolute path of node, remembered by setup", func(s *Settings) *Value[string] { return &s.Node }),
	path("npx", "", "absolute path of npx, remembered by setup", func(s *Settings) *Value[string] { return &s.Npx }),
	path("codex", "", "absolute path of codex, remembered by setup", func(s *Settings) *Value[string] { return &s.Codex }),
	onOffOr(address("update_check", "", "may update --check ask for newer releases: off, on, or the address of a feed of your own", func(s *Settings) *Value[string] { return &s.UpdateCheck })),
	secret("BLOCKRUN_WALLET_KEY", "private key of the wallet", func(s *Settings) *Value[Secret] { return &s.WalletKey }),
	secret("UPSTREAM_API_KEY", "bearer token for an upstream of your own", func(s *Settings) *Value[Secret] { return &s.UpstreamAPIKey }),
}

// apply finds the strongest source that names the setting, and takes it.
func (e entry) apply(m Machine, s *Settings, stored map[string]any, over Overrides) *Problem {
	text, from := "", Default
	if raw, ok := stored[e.key]; ok && e.key != "" {
		text, from = fmt.Sprint(raw), File
		switch raw.(type) {
		case string, int64, bool:
		default:
			return e.problem(m, s, text, from, fmt.Errorf("not a text, a number or true/false"))
		}
	}
	// An empty variable is one that is not set: `PORT= make run` means the default.
	if v, ok := e.lookupEnv(m); ok {
		text, from = v, Environment
	}
	if v, ok := over[e.key]; ok && e.key != "" {
		text, from = v, Flag
	}
	if from == Default {
		return nil
	}
	if err := e.set(m, s, text, from); err != nil {
		return e.problem(m, s, text, from, err)
	}
	return nil
}

func (e entry) lookupEnv(m Machine) (string, bool) {
	if e.env == "" {
		return "", false
	}
	v, ok := m.LookupEnv(e.env)
	return v, ok && v != ""
}

// unset is the line that takes a variable away, for the shell of goos: POSIX, or
// PowerShell on Windows.
func unset(goos, name string) string {
	if goos == "windows" {
		return "Remove-Item Env:" + name
	}
	return "unset " + name
}

// userinfo is a password in an address; a message about it must not repeat it.
var userinfo = regexp.MustCompile(`//[^/@]*@`)

func (e entry) problem(m Machine, s *Settings, text string, from Origin, err error) *Problem {
	text = userinfo.ReplaceAllString(text, "//…@")
	switch from {
	case Environment:
		return &Problem{
			What: fmt.Sprintf("%s=%s: %v", e.env, strconv.Quote(text), err),
			Mend: "correct the variable, or leave it out: " + unset(m.GOOS, e.env),
		}
	case Flag:
		flag := "--" + strings.ReplaceAll(e.key, "_", "-")
		return &Problem{
			What: fmt.Sprintf("%s %s: %v", flag, strconv.Quote(text), err),
			Mend: "give " + flag + " another value, or leave it out",
		}
	}
	return &Problem{
		What: fmt.Sprintf("%s in %s is %s: %v", e.key, s.Paths.SettingsFile(), strconv.Quote(text), err),
		Mend: "correct that line, or delete it",
	}
}

func number(key, env, about string, field func(*Settings) *Value[int]) entry {
	return entry{key, env, about,
		func(_ Machine, s *Settings, text string, from Origin) error {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || n < 1 || n > 65535 {
				return fmt.Errorf("not a port between 1 and 65535")
			}
			*field(s) = Value[int]{n, from}
			return nil
		},
		func(s *Settings) (string, Origin) { return strconv.Itoa(field(s).V), field(s).Origin },
	}
}

func text(key, env, about string, field func(*Settings) *Value[string]) entry {
	return entry{key, env, about,
		func(_ Machine, s *Settings, text string, from Origin) error {
			if strings.TrimSpace(text) == "" {
				return fmt.Errorf("empty")
			}
			*field(s) = Value[string]{text, from}
			return nil
		},
		func(s *Settings) (string, Origin) { return field(s).V, field(s).Origin },
	}
}

func path(key, env, about string, field func(*Settings) *Value[string]) entry {
	e := text(key, env, about, field)
	e.set = func(m Machine, s *Settings, text string, from Origin) error {
		if text == "" {
			return fmt.Errorf("empty")
		}
		*field(s) = Value[string]{absolute(m, text), from}
		return nil
	}
	return e
}

func address(key, env, about string, field func(*Settings) *Value[string]) entry {
	e := text(key, env, about, field)
	e.set = func(_ Machine, s *Settings, text string, from Origin) error {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return fmt.Errorf("not an http:// or https:// address")
		}
		// A password in an address would be printed with it.
		if u.User != nil {
			return fmt.Errorf("holds a user name or password; put the key into UPSTREAM_API_KEY instead")
		}
		*field(s) = Value[string]{strings.TrimRight(u.String(), "/"), from}
		return nil
	}
	return e
}

// offOr lets an address be NoModelList as well.
func offOr(e entry) entry {
	set := e.set
	e.set = func(m Machine, s *Settings, text string, from Origin) error {
		if strings.EqualFold(strings.TrimSpace(text), NoModelList) {
			s.ModelList = Value[string]{NoModelList, from}
			return nil
		}
		return set(m, s, text, from)
	}
	return e
}

// onOffOr lets an address be UpdatesOn or UpdatesOff as well.
func onOffOr(e entry) entry {
	set := e.set
	e.set = func(m Machine, s *Settings, text string, from Origin) error {
		switch c, err := parseChoice(text); {
		case err == nil && c == On:
			s.UpdateCheck = Value[string]{UpdatesOn, from}
			return nil
		case err == nil && c == Off:
			s.UpdateCheck = Value[string]{UpdatesOff, from}
			return nil
		}
		if err := set(m, s, text, from); err != nil {
			return fmt.Errorf("neither on nor off nor the address of a feed: %w", err)
		}
		return nil
	}
	return e
}

func toggle(key, env, about string, field func(*Settings) *Value[bool]) entry {
	return entry{key, env, about,
		func(_ Machine, s *Settings, text string, from Origin) error {
			c, err := parseChoice(text)
			if err != nil || c == Auto {
				return fmt.Errorf("neither on nor off (1, 0, true, false, on, off)")
			}
			*field(s) = Value[bool]{c == On, from}
			return nil
		},
		func(s *Settings) (string, Origin) { return strconv.FormatBool(field(s).V), field(s).Origin },
	}
}

func menuBarText() entry {
	return oneOf("menu_bar_text", "", "text beside the icon in the menu bar: off, balance or today",
		func(s *Settings) *Value[MenuBarText] { return &s.MenuBarText }, TextOff, TextBalance, TextToday)
}

// oneOf is a setting that is one of a few words.
func oneOf[T ~string](key, env, about string, field func(*Settings) *Value[T], first, second, third T) entry {
	return entry{key, env, about,
		func(_ Machine, s *Settings, text string, from Origin) error {
			switch word := T(strings.ToLower(strings.TrimSpace(text))); word {
			case first, second, third:
				*field(s) = Value[T]{word, from}
				return nil
			}
			return fmt.Errorf("neither %s, %s nor %s", first, second, third)
		},
		func(s *Settings) (string, Origin) { return string(field(s).V), field(s).Origin },
	}
}

func choice(key, env, about string, field func(*Settings) *Value[Choice]) entry {
	return entry{key, env, about,
		func(_ Machine, s *Settings, text string, from Origin) error {
			c, err := parseChoice(text)
			if err != nil {
				return err
			}
			*field(s) = Value[Choice]{c, from}
			return nil
		},
		func(s *Settings) (string, Origin) { return string(field(s).V), field(s).Origin },
	}
}

func parseChoice(text string) (Choice, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "true", "on", "yes":
		return On, nil
	case "0", "false", "off", "no":
		return Off, nil
	case "auto":
		return Auto, nil
	}
	return "", fmt.Errorf("neither on, off nor auto")
}

func secret(env, about string, field func(*Settings) *Value[Secret]) entry {
	return entry{"", env, about,
		func(_ Machine, s *Settings, text string, from Origin) error {
			*field(s) = Value[Secret]{NewSecret(text), from}
			return nil
		},
		func(s *Settings) (string, Origin) { return field(s).V.String(), field(s).Origin },
	}
}
