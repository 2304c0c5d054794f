package proxy

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRedact(t *testing.T) {
	digits := digitsOf(aliceKey)
	r := redactorFor(mustKey(t, aliceKey, FromEnv, ""))
	tx := "0x" + strings.Repeat("ab", 32)
	for in, want := range map[string]string{
		"key " + aliceKey + ".":                     "key [secret removed].",
		"key " + digits:                             "key [secret removed]",
		strings.ToUpper(digits):                     "[secret removed]",
		"0X" + strings.ToUpper(digits):              "[secret removed]",
		`{"k":"` + digits + `"}`:                    `{"k":"[secret removed]"}`,
		"using " + brkKey + " now":                  "using [secret removed] now",
		"Authorization: Bearer sk-abcdefgh12345":    "Authorization: [secret removed]",
		"authorization: bearer abc.def.ghi~jkl/==":  "authorization: [secret removed]",
		`"privateKey": "` + digitsOf(bobKey) + `"`:  `"[secret removed]"`,
		"WALLET_KEY=0x" + digitsOf(bobKey)[:40]:     "[secret removed]",
		"bytes " + solanaKey:                        "bytes [secret removed]",
		"Mnemonic: " + strings.Repeat("word ", 12):  "[secret removed] ",
		"Wallet " + aliceAddress + " paid in " + tx: "Wallet " + aliceAddress + " paid in " + tx,
		"[ClawRouter] v0.12.246 | Proxy listening":  "[ClawRouter] v0.12.246 | Proxy listening",
		"bearer of news":                            "bearer of news",
		"served [1, 2, 3]":                          "served [1, 2, 3]",
	} {
		if got := r.Redact(in); got != want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", in, got, want)
		}
	}
	var none *Redactor
	if got := none.Redact(brkKey); got != redacted {
		t.Errorf("a Redactor without secrets lets %q through", got)
	}
	if got := NewRedactor("", " ", "short").Redact("a short word"); got != "a short word" {
		t.Errorf("words are taken for secrets: %q", got)
	}
}

// A program that shows a key's bytes in a form of its own shows the key all the same.
func TestRedactSpellings(t *testing.T) {
	raw, err := hex.DecodeString(digitsOf(aliceKey))
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Trim(fmt.Sprint(raw), "[]")
	for name, text := range map[string]string{
		"Node's Buffer":       fmt.Sprintf("<Buffer % x>", raw),
		"Node's Uint8Array":   "Uint8Array(32) [ " + strings.ReplaceAll(list, " ", ", ") + " ]",
		"over several lines":  "[\n  " + strings.ReplaceAll(list, " ", ",\n  ") + "\n]",
		"aligned":             strings.ReplaceAll(fmt.Sprintf("%3d", raw), " ", "  "),
		"Go's bytes":          fmt.Sprint(raw),
		"Go's syntax":         fmt.Sprintf("%#v", raw),
		"with colons":         strings.ReplaceAll(fmt.Sprintf("% X", raw), " ", ":"),
		"a BigInt":            new(big.Int).SetBytes(raw).String() + "n",
		"base64":              base64.StdEncoding.EncodeToString(raw),
		"base64 of addresses": base64.RawURLEncoding.EncodeToString(raw),
		"base58":              base58(raw),
	} {
		got := redactorFor(mustKey(t, aliceKey, FromEnv, "")).Redact("it is " + text + ".")
		if !strings.Contains(got, redacted) || len(got) > 80 {
			t.Errorf("%s: %s", name, got)
		}
	}
	// Line by line, twelve to the line.
	numbers := strings.Fields(list)
	var out strings.Builder
	w := NewLineWriter(redactorFor(mustKey(t, aliceKey, FromEnv, "")), func(line string) { out.WriteString(line + "\n") })
	for _, row := range [][]string{numbers[:12], numbers[12:24], numbers[24:]} {
		fmt.Fprintf(w, "  %s,\n", strings.Join(row, ",  "))
	}
	if want := strings.Repeat("  "+redacted+",\n", 3); out.String() != want {
		t.Errorf("line by line: %s", out.String())
	}
	odd := `own"token<&>\x`
	quoted, err := json.Marshal(odd)
	if err != nil {
		t.Fatal(err)
	}
	if got := NewRedactor(odd).Redact(odd + " " + string(quoted)); got != redacted+` "`+redacted+`"` {
		t.Errorf("a token as JSON: %s", got)
	}
}

// However the child's output is cut into writes, the lines are the same, and
// no piece of a key is in them.
func TestLineWriterAtEveryCut(t *testing.T) {
	r := redactorFor(mustKey(t, aliceKey, FromEnv, ""))
	text := "one\r\ntwo " + strings.ToUpper(digitsOf(aliceKey)) + " end\n\nhalf ä\nlast " + brkKey
	want := []string{"one", "two [secret removed] end", "", "half ä", "last [secret removed]"}
	rapid.Check(t, func(t *rapid.T) {
		var got []string
		w := NewLineWriter(r, func(line string) { got = append(got, line) })
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "bytes")
			if m, err := w.Write([]byte(rest[:n])); m != n || err != nil {
				t.Fatalf("Write = %d, %v", m, err)
			}
			rest = rest[n:]
		}
		w.Close()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("lines (-want +got):\n%s", diff)
		}
	})
}

func TestLineWriterCutsLongLines(t *testing.T) {
	r := redactorFor(mustKey(t, aliceKey, FromEnv, ""))
	for _, at := range []int{0, maxLine - 600, maxLine - 540, maxLine - 30, maxLine - 1, maxLine, maxLine + 5} {
		var got []string
		w := NewLineWriter(r, func(line string) { got = append(got, line) })
		w.Write([]byte(strings.Repeat("x", at) + " " + aliceKey + strings.Repeat("y", maxLine)))
		w.Write([]byte(strings.Repeat("z", 3*maxLine) + "\nnext\n"))
		if len(got) != 2 || got[1] != "next" || len(got[0]) > maxLine {
			t.Fatalf("key at %d: %d lines", at, len(got))
		}
		if piece := digitsOf(aliceKey)[:8]; strings.Contains(got[0], piece) {
			t.Errorf("key at %d: the cut line shows a piece of it", at)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("key "+aliceKey, 9)
	f.Add("Bearer "+brkKey, 3)
	f.Fuzz(func(t *testing.T, around string, cut int) {
		w, err := parseKey(aliceKey)
		if err != nil {
			t.Fatal(err)
		}
		text := around + aliceKey + "\n" + around
		cut = min(max(cut, 0), len(text))
		var out strings.Builder
		lw := NewLineWriter(redactorFor(w), func(line string) { out.WriteString(line + "\n") })
		lw.Write([]byte(text[:cut]))
		lw.Write([]byte(text[cut:]))
		lw.Close()
		if strings.Contains(strings.ToLower(out.String()), digitsOf(aliceKey)) {
			t.Errorf("the key shows in %q", out.String())
		}
	})
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{aliceKey, digitsOf(bobKey), brkKey, solanaKey, `"` + aliceKey + "\"\n", "0x", "[", "brk_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := parseKey(s)
		if err != nil {
			return
		}
		again, err := parseKey(w.secret())
		if w.Kind() == WalletSolana {
			return // base58, which is not read back
		}
		if err != nil || again.Address() != w.Address() || again.secret() != w.secret() {
			t.Errorf("%q is accepted, but its own normal form is not", s)
		}
		if w.Kind() == WalletEVM && len(w.secret()) != 66 {
			t.Errorf("ClawRouter would ignore %q", w.secret())
		}
	})
}

// The look that spares a text the search for a shape never spares one that has it.
func TestNoSecretIsSparedTheSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.StringMatching(`[A-Za-z0-9_/+-]{12,70}`).Draw(t, "known")
		for _, shape := range append(NewRedactor(known).exact, secretShapes...) {
			secret := rapid.StringMatching(shape.re.String()).Draw(t, "secret")
			if !shape.re.MatchString(secret) {
				continue // \b is not generated
			}
			if len(secret) < shortestSecret || !shape.mayBeIn(inSmall(secret)) {
				t.Fatalf("%q has the shape %v and is not looked at", secret, shape.re)
			}
		}
	})
}
