package body

import (
	"math/rand/v2"
	"strings"
)

// prose writes filler in the mix that a coding session has: sentences, code
// with tabs, quotes and angle brackets, and now and then a character outside
// ASCII. The mix matters, because escapes are what makes JSON strings dear.
type prose struct{ rnd *rand.Rand }

func newProse(seed uint64) *prose { return &prose{rand.New(rand.NewPCG(seed, 7))} }

var words = strings.Fields(`the a this each one next last file line test build parser
stream buffer window reader writer value field name index limit error retry cache
checks reads writes opens closes keeps drops finds moves splits joins returns
before after while unless because small empty broken stale fresh local remote`)

var codeLines = []string{
	"func (r *reader) next(limit int) ([]byte, error) {",
	"\tif len(r.buf) < limit && !r.done {",
	"\t\treturn nil, fmt.Errorf(\"read %q: %w\", r.name, err)",
	"\t}",
	"\tfor i, line := range strings.Split(text, \"\\n\") {",
	"\t\tout[i] = line[:max(0, len(line)-1)] + \"</td>\"",
	"\t// größer als das Fenster → warten",
	"}",
	"",
	"-rw-r--r--  1 dev  staff   4096 Nov 22 09:14 internal/window/split_test.go",
	"ok  \texample.test/window\t0.482s",
	"{\"level\":\"info\",\"path\":\"C:\\\\work\\\\a.txt\",\"bytes\":1024}",
}

// sentences returns at least n bytes of plain sentences without any character
// that JSON escapes.
func (p *prose) sentences(n int) string {
	var b strings.Builder
	for b.Len() < n {
		for i, count := 0, 6+p.rnd.IntN(9); i < count; i++ {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(words[p.rnd.IntN(len(words))])
		}
		b.WriteString(". ")
	}
	return b.String()
}

// lines returns at least n bytes of what a command prints: code, listings, logs.
func (p *prose) lines(n int) string {
	var b strings.Builder
	for b.Len() < n {
		if p.rnd.IntN(3) == 0 {
			b.WriteString(p.sentences(40))
		} else {
			b.WriteString(codeLines[p.rnd.IntN(len(codeLines))])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// opaque returns n characters that look like base64, as encrypted_content does.
func (p *prose) opaque(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[p.rnd.IntN(len(alphabet))]
	}
	return string(b)
}
