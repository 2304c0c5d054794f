package login

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// autostart is the item of a Linux desktop: an entry that every desktop reads at
// login, for the menu bar.
type autostart struct{ o Options }

func (autostart) kind() string { return Autostart }

func (a autostart) path() string {
	return filepath.Join(a.o.configHome(), "autostart", "clawrouter-codex.desktop")
}

func (a autostart) look() (found, error) {
	text, there, err := readItem(a.path())
	if !there {
		return found{}, err
	}
	f := found{there: true}
	for key, value := range entryKeys(string(text)) {
		switch {
		case key == "Hidden" && value == "true", key == "X-GNOME-Autostart-enabled" && value == "false":
			f.off = true
		case key == "Exec":
			f.program = programOf(splitExec(value))
		}
	}
	return f, nil
}

func (a autostart) write(context.Context) error { return writeItem(a.path(), autostartText(a.o)) }

func (a autostart) remove(context.Context) error { return removeItem(a.path()) }

// autostartText is the entry.
func autostartText(o Options) []byte {
	words := []string{o.Program}
	if own := o.variables(false); len(own) > 0 {
		words = slices.Concat([]string{"env"}, own, words)
	}
	for i, w := range words {
		words[i] = execWord(w)
	}
	return []byte(`# Written by clawrouter-codex login on, taken away by: clawrouter-codex login off
[Desktop Entry]
Type=Application
Name=clawrouter-codex
Comment=Lets OpenAI Codex run on any model of ClawRouter
Exec=` + strings.Join(words, " ") + `
Icon=clawrouter-codex
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
`)
}

// execWord quotes one word of Exec, by the Desktop Entry Specification: inside
// quotes four characters need a backslash, a value doubles each backslash, and a
// percent sign is a field code.
func execWord(word string) string {
	word = strings.ReplaceAll(word, "%", "%%")
	if word != "" && !strings.ContainsAny(word, " \t\"'\\><~|&;$*?#()`") {
		return word
	}
	var b strings.Builder
	for _, r := range word {
		if strings.ContainsRune("\"`$\\", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return `"` + strings.ReplaceAll(b.String(), `\`, `\\`) + `"`
}

// splitExec undoes execWord on a whole line.
func splitExec(value string) (words []string) {
	value = strings.NewReplacer(`\\`, `\`, `\s`, " ", `\t`, "\t").Replace(value)
	var word strings.Builder
	begun, quoted := false, false
	end := func() {
		if begun {
			words = append(words, strings.ReplaceAll(word.String(), "%%", "%"))
		}
		word.Reset()
		begun = false
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			quoted, begun = !quoted, true
		case c == '\\' && quoted && i+1 < len(value):
			i++
			word.WriteByte(value[i])
		case c == ' ' && !quoted:
			end()
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	end()
	return words
}

// programOf is the program in a command line that may begin with env and
// variables.
func programOf(words []string) string {
	if len(words) > 0 && filepath.Base(words[0]) == "env" {
		words = words[1:]
		for len(words) > 0 && strings.Contains(words[0], "=") && !strings.HasPrefix(words[0], "/") {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// entryKeys are the keys of the group [Desktop Entry].
func entryKeys(text string) map[string]string {
	keys := map[string]string{}
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inside = line == "[Desktop Entry]"
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && inside && !strings.HasPrefix(line, "#") {
			keys[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return keys
}
