package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Machine is where the program runs. It is passed in, so that a test or a
// program started at login sees exactly the environment that it was given.
type Machine struct {
	LookupEnv func(name string) (string, bool)
	ReadFile  func(path string) ([]byte, error)
	Home      string // the user's home folder, absolute
	Dir       string // the working folder, absolute; relative paths of the environment start here
	GOOS      string // as runtime.GOOS
}

// Origin tells which source an effective value comes from.
type Origin string

// The four sources, the weakest first.
const (
	Default     Origin = "default"
	File        Origin = "settings"
	Environment Origin = "environment"
	Flag        Origin = "flag"
)

// Value is an effective value and its origin.
type Value[T any] struct {
	V      T
	Origin Origin
}

// Set reports whether somebody chose the value.
func (v Value[T]) Set() bool { return v.Origin != Default && v.Origin != "" }

// Secret is a key that must never be printed. Only Reveal gives it away.
type Secret struct{ text string }

// NewSecret wraps a key.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the key itself, for the one place that needs it.
func (s Secret) Reveal() string { return s.text }

// String stands in for the key in every log, error and %v.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return "(set, not shown)"
}

// GoString keeps %#v from printing the key.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps the key out of JSON and TOML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Settings are the effective values: flag over environment over settings.toml
// over default.
type Settings struct {
	Paths Paths

	Port          Value[int]    // bridge, loopback
	ProxyPort     Value[int]    // ClawRouter, loopback
	ProxyURL      Value[string] // an upstream that is already there; nothing is supervised then
	Command       Value[string] // starts ClawRouter, quoted as the system's shell quotes
	WalletKeyFile Value[string] // absolute path
	IsolateHome   Value[Choice] // gives ClawRouter a home of its own
	WebSearch     Value[bool]
	Model         Value[string]      // id of the user's choice, "" for none
	Stream        Value[Stream]      // how answers are asked of the upstream
	Unshielded    Value[[]string]    // names of Shields that are off
	CodexHome     Value[string]      // absolute path
	Notifications Value[bool]        // on the desktop, of what needs a person
	MenuBarText   Value[MenuBarText] // beside the icon
	ModelList     Value[string]      // address of the gateway's public model list, or NoModelList

	UpdateCheck Value[string] // UpdatesOff, UpdatesOn, or the address of a release feed

	// Remembered by setup for a start without the shell's PATH.
	Node  Value[string]
	Npx   Value[string]
	Codex Value[string]

	// From the environment only; never stored.
	WalletKey      Value[Secret]
	UpstreamAPIKey Value[Secret]

	// Unknown lists the keys of settings.toml that this version does not know.
	Unknown []string

	machine Machine
}

// MenuBarText is what stands beside the icon in the menu bar, where the system
// shows a text there.
type MenuBarText string

// The texts.
const (
	TextOff     MenuBarText = "off"
	TextBalance MenuBarText = "balance" // of the wallet
	TextToday   MenuBarText = "today"   // what was spent today
)

// Choice is a switch that may also be left to the program.
type Choice string

// The three positions of a Choice.
const (
	Auto Choice = "auto"
	On   Choice = "on"
	Off  Choice = "off"
)

// Overrides are values from the command line, by key of settings.toml.
type Overrides map[string]string

// Load finds the folder, reads settings.toml if there is one, and lays the
// environment and the overrides on top. An error is always an *InvalidError,
// or the read error of settings.toml.
func Load(m Machine, over Overrides) (*Settings, error) {
	paths, err := findPaths(m)
	if err != nil {
		return nil, err
	}
	s := defaults(m, paths)
	stored, err := readFile(m, paths.SettingsFile())
	if err != nil {
		return nil, err
	}
	var bad InvalidError
	known := map[string]bool{}
	for _, e := range entries {
		known[e.key] = e.key != ""
		bad.add(e.apply(m, s, stored, over))
	}
	for key := range stored {
		if !known[key] {
			s.Unknown = append(s.Unknown, key)
		}
	}
	sort.Strings(s.Unknown)
	bad.add(s.checkPorts())
	if len(bad.Problems) > 0 {
		return nil, &bad
	}
	return s, nil
}

// Stored are the settings as settings.toml has them now, without the environment
// and the command line. The error is Load's.
func (s *Settings) Stored() (*Settings, error) {
	m := s.machine
	m.LookupEnv = func(name string) (string, bool) {
		if name == HomeVariable {
			return s.Paths.Root, true
		}
		return "", false
	}
	return Load(m, nil)
}

func defaults(m Machine, paths Paths) *Settings {
	return &Settings{
		Paths: paths, machine: m,
		Port:          Value[int]{8403, Default},
		ProxyPort:     Value[int]{8404, Default},
		Command:       Value[string]{DefaultCommand, Default},
		IsolateHome:   Value[Choice]{Auto, Default},
		WebSearch:     Value[bool]{false, Default},
		Notifications: Value[bool]{true, Default},
		MenuBarText:   Value[MenuBarText]{TextOff, Default},
		Model:         Value[string]{"", Default},
		Stream:        Value[Stream]{StreamAuto, Default},
		Unshielded:    Value[[]string]{nil, Default},
		CodexHome:     Value[string]{filepath.Join(m.Home, ".codex"), Default},
		ModelList:     Value[string]{"https://blockrun.ai/api/v1/models", Default},

		UpdateCheck: Value[string]{UpdatesOff, Default},

		ProxyURL:       Value[string]{"", Default},
		WalletKeyFile:  Value[string]{"", Default},
		Node:           Value[string]{"", Default},
		Npx:            Value[string]{"", Default},
		Codex:          Value[string]{"", Default},
		WalletKey:      Value[Secret]{Secret{}, Default},
		UpstreamAPIKey: Value[Secret]{Secret{}, Default},
	}
}

// NoModelList keeps the program from asking the gateway for prices.
const NoModelList = "off"

// UpdatesOff and UpdatesOn are the two words of UpdateCheck.
const (
	UpdatesOff = "off"
	UpdatesOn  = "on"
)

// ReleaseFeed is the address that may be asked for newer releases: project's
// feed or the user's own, and "" while nobody may be asked.
func (s *Settings) ReleaseFeed(project string) string {
	switch s.UpdateCheck.V {
	case UpdatesOff:
		return ""
	case UpdatesOn:
		return project
	}
	return s.UpdateCheck.V
}

// DefaultCommand starts ClawRouter where the user names no other command.
const DefaultCommand = "npx -y @blockrun/clawrouter@latest"

// checkPorts refuses one port for both, which would make the bridge ask itself.
func (s *Settings) checkPorts() *Problem {
	if s.ProxyURL.V != "" || s.Port.V != s.ProxyPort.V {
		return nil
	}
	return &Problem{
		What: fmt.Sprintf("the bridge and ClawRouter are both told to use port %d", s.Port.V),
		Mend: "give one of them another port: clawrouter-codex up --proxy-port " + fmt.Sprint(s.Port.V+1),
	}
}

// readFile returns the top level of settings.toml; no file is an empty one.
func readFile(m Machine, path string) (map[string]any, error) {
	data, err := m.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	stored := map[string]any{}
	err = toml.Unmarshal(data, &stored)
	if err == nil {
		return stored, nil
	}
	where := path
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		line, column := syntax.Position()
		where = fmt.Sprintf("%s, line %d, column %d", path, line, column)
	}
	return nil, &InvalidError{Problems: []Problem{{
		What: fmt.Sprintf("%s: not TOML: %s", where, strings.TrimPrefix(err.Error(), "toml: ")),
		Mend: "correct that line, or move the file away to start from the defaults",
	}}}
}
