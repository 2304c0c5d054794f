package proxy

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseCommand(t *testing.T) {
	for _, c := range []struct {
		goos, in string
		want     []string
	}{
		{"linux", "", []string{"npx", "-y", "@blockrun/clawrouter@latest"}},
		{"windows", "  ", []string{"npx", "-y", "@blockrun/clawrouter@latest"}},
		{"darwin", `"/Applications/My Tools/claw" --a 'b "c" d' e\ f`, []string{"/Applications/My Tools/claw", "--a", `b "c" d`, "e f"}},
		{"linux", `claw --empty '' "$HOME"`, []string{"claw", "--empty", "", "$HOME"}},
		{"windows", `"C:\Program Files\nodejs\npx.cmd" -y @blockrun/clawrouter`, []string{`C:\Program Files\nodejs\npx.cmd`, "-y", "@blockrun/clawrouter"}},
		{"windows", `C:\claw\claw.exe C:\dir\ "C:\my dir\\"`, []string{`C:\claw\claw.exe`, `C:\dir\`, `C:\my dir\`}},
		{"windows", `claw 'single quotes'`, []string{"claw", "'single", "quotes'"}},
		// The examples of CommandLineToArgvW's documentation.
		{"windows", `claw "abc" d e`, []string{"claw", "abc", "d", "e"}},
		{"windows", `claw a\\\b d"e f"g h`, []string{"claw", `a\\\b`, "de fg", "h"}},
		{"windows", `claw a\\\"b c d`, []string{"claw", `a\"b`, "c", "d"}},
		{"windows", `claw a\\\\"b c" d e`, []string{"claw", `a\\b c`, "d", "e"}},
		{"windows", `claw "a""b" ""`, []string{"claw", `a"b`, ""}},
	} {
		got, err := parseCommand(c.in, c.goos)
		if err != nil {
			t.Errorf("%s: %q: %v", c.goos, c.in, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", c.goos, c.in, diff)
		}
	}
}

// What Windows' own rules quote is split into the same words again.
func TestSplitWindowsUndoesItsQuoting(t *testing.T) {
	quote := func(s string) string { // as CommandLineToArgvW's documentation says
		var b strings.Builder
		b.WriteByte('"')
		slashes := 0
		for _, c := range s {
			switch c {
			case '\\':
				slashes++
				continue
			case '"':
				b.WriteString(strings.Repeat(`\`, 2*slashes+1))
			default:
				b.WriteString(strings.Repeat(`\`, slashes))
			}
			slashes = 0
			b.WriteRune(c)
		}
		b.WriteString(strings.Repeat(`\`, 2*slashes) + `"`)
		return b.String()
	}
	rapid.Check(t, func(t *rapid.T) {
		args := rapid.SliceOf(rapid.StringMatching(`[a ä"\\\t']{0,8}`)).Draw(t, "args")
		line := "claw"
		for _, a := range args {
			line += " " + quote(a)
		}
		got, err := splitWindows(line)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]string{"claw"}, args...), got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", line, diff)
		}
	})
}

func TestParseCommandRefuses(t *testing.T) {
	for _, c := range []struct{ goos, in string }{
		{"linux", `npx "unclosed`}, {"linux", `npx it's`}, {"linux", `''`}, {"linux", `# only a remark`},
		{"windows", `npx "unclosed`}, {"windows", `""`},
	} {
		got, err := parseCommand(c.in, c.goos)
		var se *StartError
		if !errors.As(err, &se) || se.Kind != CommandInvalid || !strings.Contains(se.Mend, DefaultCommand) {
			t.Errorf("%s: %q gave %q, %v", c.goos, c.in, got, err)
		}
	}
}

func TestWithPort(t *testing.T) {
	words := make([]string, 1, 10)
	words[0] = "claw"
	want := []string{"claw", "--port", "8404", "--no-reuse"}
	if diff := cmp.Diff(want, withPort(words, 8404)); diff != "" {
		t.Error(diff)
	}
}

func TestProgramName(t *testing.T) {
	for in, want := range map[string]string{
		"npx": "npx", "/usr/bin/npx": "npx", `C:\node\NPX.CMD`: "npx", "node.exe": "node", "./clawrouter": "clawrouter", "my.tool": "my.tool",
	} {
		if got := programName([]string{in}); got != want {
			t.Errorf("programName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestVersionAhead(t *testing.T) {
	for _, c := range []struct{ word, last, want string }{
		{"@blockrun/clawrouter@latest", "", ""},
		{"@blockrun/clawrouter@latest", "0.12.270", "0.12.270"},
		{"@blockrun/clawrouter@0.12.246", "0.12.270", "0.12.246"},
		{"@blockrun/clawrouter@^0.12", "0.12.250", "0.12.250"},
		{"someone/clawrouter@0.1.2", "", ""},
	} {
		if got := versionAhead([]string{"npx", c.word}, c.last); got != c.want {
			t.Errorf("%s after %q: %q, want %q", c.word, c.last, got, c.want)
		}
	}
}

func TestAbsoluteCommand(t *testing.T) {
	tool, err := filepath.Abs("/opt/my tools/claw")
	if err != nil {
		t.Fatal(err)
	}
	look := func(name string) (string, error) {
		if name == "claw" {
			return tool, nil
		}
		return "", errors.New("not found")
	}
	tests := []struct{ name, in, want string }{
		{"the default", DefaultCommand, DefaultCommand},
		{"a program of PATH", `claw --a 'b c'`, `'` + tool + `' --a 'b c'`},
		{"a path stays as it was written", `/usr/bin/claw --a  "b"`, `/usr/bin/claw --a  "b"`},
		{"one that is not there", "gone --x", "gone --x"},
		{"node is remembered for itself", "node server.mjs", "node server.mjs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AbsoluteCommand(tt.in, "linux", look)
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
	for _, secret := range []string{
		"env WALLET=0x" + strings.Repeat("ab", 32) + " claw", "claw --key " + strings.Repeat("0f", 32), "claw --token brk_abcdefgh12345678",
	} {
		if got, err := AbsoluteCommand(secret, "linux", look); err == nil || strings.Contains(err.Error(), "abab") {
			t.Errorf("%s is to be stored as %q, %v", secret, got, err)
		}
	}
}

// What is quoted is read as the same words, on each system.
func TestQuotedWordsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		goos := rapid.SampledFrom([]string{"linux", "windows"}).Draw(t, "goos")
		// A program's name holds no quotes on Windows, and nobody's holds a NUL.
		word := rapid.StringMatching(`[ -~]{0,12}`)
		words := append([]string{"claw"}, rapid.SliceOfN(word, 0, 4).Draw(t, "words")...)
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = quoteWord(w, goos)
		}
		got, err := parseCommand(strings.Join(quoted, " "), goos)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(words, got); diff != "" {
			t.Fatalf("%q: %s", quoted, diff)
		}
	})
}
