package translate

import (
	"strings"
	"testing"
)

// passBytes is what passBlocks does, a byte at a time and to the end.
func passBytes(s []byte, i int) int {
	for i < len(s) {
		switch {
		case s[i] >= ' ' && s[i] < 0x80 && s[i] != '"' && s[i] != '\\':
			i++
		case s[i] == '\\' && i+1 < len(s) && simpleEscapes[s[i+1]]:
			i += 2
		default:
			return i
		}
	}
	return i
}

func checkBlocks(t *testing.T, s []byte, from int) {
	t.Helper()
	got, want := passBlocks(s, from), passBytes(s, from)
	if got != want && (got < from || len(s)-got > 64 || passBytes(s, got) != want) {
		t.Fatalf("passBlocks(%q, %d) = %d, want %d", s, from, got, want)
	}
}

// TestPassBlocks has each kind of byte at each place of a block and across its edges.
func TestPassBlocks(t *testing.T) {
	for _, odd := range []string{`"`, `\n`, `\\`, `\"`, `\\\"`, `\u00e9`, `\x`, "\x00", "\x1f", "\x7f", "é", "\x80", "\xff"} {
		for at := range 200 {
			for _, more := range []int{0, 1, 63, 64, 65, 200} {
				s := []byte(strings.Repeat("a", at) + odd + strings.Repeat("b", more))
				checkBlocks(t, s, 0)
				checkBlocks(t, append(s, s...), min(3, at))
			}
		}
	}
	checkBlocks(t, []byte(strings.Repeat(`\\`, 200)+`"`), 0)
	checkBlocks(t, []byte(strings.Repeat(`\\`, 200)+`"`), 1)
}

func FuzzPassBlocks(f *testing.F) {
	f.Add([]byte(strings.Repeat("some text", 20)+`"`), 1)
	f.Add([]byte(strings.Repeat(`{\"a\":\"b\\\\c\"}\n`, 9)+"\u00fc"), 5)
	f.Fuzz(func(t *testing.T, s []byte, from int) {
		if from < 0 || from > len(s) {
			return
		}
		checkBlocks(t, s, from)
	})
}
