package codex

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/console"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// Program is an installed Codex, asked about itself in a home of its own, so
// that it neither reads nor touches the user's.
type Program struct {
	Path    string   // executable
	Env     []string // as os.Environ; CODEX_HOME in it is replaced
	Node    string   // of Node.js, for a codex that is a script of its; "" means that PATH has it
	Scratch string   // an existing folder for throw-away homes
}

// programTimeout bounds one question; a cold start takes about a second.
const programTimeout = 30 * time.Second

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+\S*`)

// Version is what `codex --version` says: "0.169.0".
func (p *Program) Version(ctx context.Context) (string, error) {
	out, err := p.ask(ctx, "--version")
	if err != nil {
		return "", err
	}
	v := versionNumber.FindString(string(out))
	if v == "" {
		return "", fmt.Errorf("%s --version says %q, which is no version", p.Path, out)
	}
	return v, nil
}

// Instructions are the base instructions that this Codex gives to its newest
// general model, fit for other models; "" where it has none.
func (p *Program) Instructions(ctx context.Context) (string, error) {
	out, err := p.ask(ctx, "debug", "models", "--bundled")
	if err != nil {
		return "", err
	}
	return bundledInstructions(out), nil
}

// Validate has Codex load the catalog at path. The error is Codex's own.
func (p *Program) Validate(ctx context.Context, path string) error {
	out, err := p.ask(ctx, "debug", "models", "-c", "model_catalog_json="+plainQuote(path))
	if err != nil {
		return err
	}
	if !bytes.Contains(out, []byte(`"models"`)) {
		return errors.New("codex debug models printed no models")
	}
	return nil
}

// plainQuote is a TOML string without double quotes where that can be: on Windows npm
// installs codex as a batch file, whose shell takes what stands between two of them,
// such as the & of a folder's name, for its own.
func plainQuote(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r == '\'' || r < ' ' || r == 0x7f }) {
		return tomledit.Quote(text)
	}
	return "'" + text + "'"
}

func (p *Program) ask(ctx context.Context, args ...string) ([]byte, error) {
	home, err := os.MkdirTemp(p.Scratch, "codex-check-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(home) }()
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Env = append(p.environment(), "CODEX_HOME="+home)
	cmd.Dir = home
	// A grandchild that keeps the pipe open must not keep us.
	cmd.WaitDelay = 2 * time.Second
	console.None(cmd)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if said := lastLines(stderr.String(), 5); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return nil, fmt.Errorf("codex %s: %w", strings.Join(args, " "), err)
	}
	return stdout.Bytes(), nil
}

// environment is Env without the user's home of Codex's, and with Node.js at the
// end of PATH: npm installs codex as a script for "env node", and a program that
// was started at login has no PATH of the user's.
func (p *Program) environment() []string {
	env := withoutVariable(p.Env, "CODEX_HOME")
	if p.Node == "" {
		return env
	}
	const name = "PATH="
	for i, e := range env {
		// Windows writes it Path.
		if len(e) >= len(name) && strings.EqualFold(e[:len(name)], name) {
			env[i] = e + string(os.PathListSeparator) + filepath.Dir(p.Node)
			return env
		}
	}
	return append(env, name+filepath.Dir(p.Node))
}

// withoutVariable returns env without the named variable.
func withoutVariable(env []string, name string) []string {
	kept := make([]string, 0, len(env)+1)
	for _, e := range env {
		if !strings.HasPrefix(e, name+"=") {
			kept = append(kept, e)
		}
	}
	return kept
}

// lastLines are the last n lines of text that say something.
func lastLines(text string, n int) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "WARNING: proceeding") {
			lines = append(lines, line)
		}
	}
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
