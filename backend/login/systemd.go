package login

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const unitName = "clawrouter-codex.service"

// unit is the item of a Linux without a desktop: a unit of the user's systemd,
// for the link alone. It is enabled as systemctl would, by a link in the folder of
// what the session wants, which needs no systemd that runs.
type unit struct{ o Options }

func (unit) kind() string { return Systemd }

func (u unit) path() string { return filepath.Join(u.dir(), unitName) }

func (u unit) dir() string { return filepath.Join(u.o.configHome(), "systemd", "user") }

func (u unit) wanted() string { return filepath.Join(u.dir(), "default.target.wants", unitName) }

func (u unit) look() (found, error) {
	text, there, err := readItem(u.path())
	if !there {
		return found{}, err
	}
	f := found{there: true}
	if _, err := os.Lstat(u.wanted()); errors.Is(err, fs.ErrNotExist) {
		f.off = true
	}
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="); ok {
			f.program = firstUnitWord(command)
		}
	}
	return f, nil
}

func (u unit) write(ctx context.Context) error {
	if strings.ContainsAny(u.o.Program, `"'\`) {
		return errors.New("systemd starts no program whose path holds a quote or a backslash: " + u.o.Program)
	}
	if err := writeItem(u.path(), unitText(u.o)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(u.wanted()), 0o755); err != nil {
		return err
	}
	if err := removeItem(u.wanted()); err != nil {
		return err
	}
	if err := os.Symlink(u.path(), u.wanted()); err != nil {
		return err
	}
	u.reload(ctx)
	return nil
}

func (u unit) remove(ctx context.Context) error {
	_, err := os.Lstat(u.path())
	_, wanted := os.Lstat(u.wanted())
	if errors.Is(err, fs.ErrNotExist) && errors.Is(wanted, fs.ErrNotExist) {
		return nil
	}
	if err := errors.Join(removeItem(u.wanted()), removeItem(u.path())); err != nil {
		return err
	}
	u.reload(ctx)
	return nil
}

// reload tells a systemd that runs; where none does, the next one reads the files.
func (u unit) reload(ctx context.Context) { _ = u.o.Run(ctx, "systemctl", "--user", "daemon-reload") }

// unitText is the unit. On-abnormal starts it again after a signal only: an exit
// code of ours says what the user must mend. ClawRouter gets no signal from
// systemd, because the bridge lets the turns in flight end first.
func unitText(o Options) []byte {
	var env strings.Builder
	for _, v := range o.variables(true) {
		env.WriteString("Environment=" + unitWord(v) + "\n")
	}
	return []byte(`# Written by clawrouter-codex login on, taken away by: clawrouter-codex login off
[Unit]
Description=clawrouter-codex: OpenAI Codex on any model of ClawRouter
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart=` + unitWord(o.Program) + ` --headless
` + env.String() + `Restart=on-abnormal
RestartSec=10
KillMode=mixed
TimeoutStopSec=30
LimitCORE=0
StandardOutput=append:` + strings.ReplaceAll(o.logFile(), "%", "%%") + `

[Install]
WantedBy=default.target
`)
}

// unitWord quotes a word for systemd: C escapes inside double quotes, and %% for a
// specifier. A dollar sign in the program's path stands for itself.
func unitWord(word string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(word) + `"`
}

// firstUnitWord undoes unitWord on the first word of a command.
func firstUnitWord(command string) string {
	rest, ok := strings.CutPrefix(command, `"`)
	if !ok {
		word, _, _ := strings.Cut(command, " ")
		return word
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			return b.String()
		case (c == '\\' || c == '%') && i+1 < len(rest):
			i++
			b.WriteByte(rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return ""
}
