package proxy

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/shlex"
)

// DefaultCommand is how ClawRouter is started unless CLAWROUTER_CMD says
// otherwise.
const DefaultCommand = "npx -y @blockrun/clawrouter@latest"

// parseCommand splits a command as the platform's shell quotes it: POSIX words,
// or the rules of CommandLineToArgvW on Windows, where a backslash separates
// folders. Nothing is expanded.
func parseCommand(s, goos string) ([]string, error) {
	if strings.TrimSpace(s) == "" {
		s = DefaultCommand
	}
	var words []string
	var err error
	if goos == "windows" {
		words, err = splitWindows(s)
	} else {
		words, err = shlex.Split(s)
	}
	if err == nil && (len(words) == 0 || words[0] == "") {
		err = errors.New("it names no program")
	}
	if err != nil {
		return nil, &StartError{
			Kind: CommandInvalid, Err: err,
			Message: fmt.Sprintf("CLAWROUTER_CMD cannot be read as a command: %v.", err),
			Mend:    "Check its quotes; without CLAWROUTER_CMD the command is: " + DefaultCommand,
		}
	}
	return words, nil
}

// splitWindows follows CommandLineToArgvW: 2n backslashes before a quote are n
// backslashes and the quote acts, 2n+1 are n and a literal quote; elsewhere a
// backslash is a backslash; two quotes inside quotes are one. In the program's
// name, first, backslashes are never special. Single quotes are not quotes.
func splitWindows(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, begun, slashes := false, false, 0
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && len(words) > 0 {
			slashes++
			begun = true
			continue
		}
		if c == '"' {
			word.WriteString(strings.Repeat(`\`, slashes/2))
			literal := slashes%2 == 1
			slashes, begun = 0, true
			switch {
			case literal:
				word.WriteByte('"')
			case quoted && len(words) > 0 && i+1 < len(s) && s[i+1] == '"':
				word.WriteByte('"')
				i++
			default:
				quoted = !quoted
			}
			continue
		}
		word.WriteString(strings.Repeat(`\`, slashes))
		slashes = 0
		if (c == ' ' || c == '\t') && !quoted {
			end()
			continue
		}
		word.WriteByte(c)
		begun = true
	}
	word.WriteString(strings.Repeat(`\`, slashes))
	end()
	if quoted {
		return nil, errors.New("a quote is not closed")
	}
	return words, nil
}

// withPort adds what every start needs. Unknown flags are ignored by every
// ClawRouter, so --no-reuse (newer: do not attach to another one) is safe.
func withPort(words []string, port int) []string {
	return append(words[:len(words):len(words)], "--port", strconv.Itoa(port), "--no-reuse")
}

// programName is the first word without folder and Windows' extension.
func programName(words []string) string {
	name := words[0]
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".exe", ".cmd", ".bat", ".ps1":
		name = name[:len(name)-len(ext)]
	}
	return strings.ToLower(name)
}

// needsNode reports whether a program is part of Node.js or is nothing without
// it. Others may need it too, and then say so themselves.
func needsNode(name string) bool {
	return name == "npx" || name == "npm" || name == "node"
}

// AbsoluteCommand is command with its program's whole path, for a start that has
// no PATH of the shell's. The names npx and node stay: where those are is
// remembered for themselves, and may change with a new Node.js. A command that
// holds what looks like a secret is refused, because it is to be stored.
func AbsoluteCommand(command, goos string, lookPath func(string) (string, error)) (string, error) {
	words, err := parseCommand(command, goos)
	if err != nil {
		return "", err
	}
	if holdsSecret(words) {
		return "", &StartError{
			Kind: CommandInvalid, Message: "CLAWROUTER_CMD holds what looks like a key, and keys are not stored.",
			Mend: "Put the key into a file, and name that with WALLET_KEY_FILE.",
		}
	}
	if name := programName(words); filepath.Base(words[0]) != words[0] || needsNode(name) {
		return command, nil
	}
	path, err := lookPath(words[0])
	if err != nil {
		// The start will say so, in words that name what to install.
		return command, nil
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	words[0] = path
	for i, word := range words {
		words[i] = quoteWord(word, goos)
	}
	return strings.Join(words, " "), nil
}

var longHex = regexp.MustCompile(`(?i)(?:^|[^0-9a-z])(?:0x)?[0-9a-f]{64}(?:$|[^0-9a-z])`)

func holdsSecret(words []string) bool {
	all := strings.Join(words, " ")
	return (*Redactor)(nil).Redact(all) != all || longHex.MatchString(all)
}

// quoteWord is the inverse of parseCommand for one word.
func quoteWord(word, goos string) string {
	if word != "" && !strings.ContainsAny(word, " \t\r\n\v\f\"'\\#$`&|;<>()*?[]{}~!") {
		return word
	}
	if goos != "windows" {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	slashes := 0
	for _, r := range word {
		switch r {
		case '\\':
			slashes++
			continue
		case '"':
			b.WriteString(strings.Repeat(`\`, 2*slashes+1))
		default:
			b.WriteString(strings.Repeat(`\`, slashes))
		}
		slashes = 0
		b.WriteRune(r)
	}
	return `"` + b.String() + strings.Repeat(`\`, 2*slashes) + `"`
}
