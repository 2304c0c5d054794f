package proxy

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

const redacted = "[secret removed]"

// secretShapes are what no log should hold, whoever's it is. A bare 64-digit hex
// number is not among them: every transaction of the user's has one.
var secretShapes = []secretShape{
	{[]string{"brk_"}, regexp.MustCompile(`brk_[A-Za-z0-9_-]{8,}`)},
	{[]string{"bearer", "basic"}, regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)},
	{[]string{"private", "wallet", "secret"}, regexp.MustCompile(`(?i)\b(?:private|wallet|secret)[ _-]?key["']?\s*[:=]\s*["']?(?:0x)?[0-9a-f]{16,}`)},
	{[]string{"mnemonic", "phrase", "words"}, regexp.MustCompile(`(?i)\b(?:mnemonic|seed phrase|recovery (?:words|phrase))["']?\s*[:=]\s*["']?(?:[a-z]+[ ,]+){11,23}[a-z]+`)},
	// A Solana key in its file's form.
	{[]string{"["}, regexp.MustCompile(`\[(?:\s*\d{1,3}\s*,){31,}\s*\d{1,3}\s*\]`)},
	{[]string{"sk-", "sk_", "ghp", "gho", "xox"}, regexp.MustCompile(`\b(?:sk|ghp|gho|xox[bp])[-_][A-Za-z0-9_-]{16,}`)},
}

// secretShape is a shape and the texts, in small letters, of which it always holds
// one. To look for these first takes 0.1 × the time for the line of a turn: a pattern
// in any case is tried at every letter, and few texts have anything of a secret's.
type secretShape struct {
	holds []string
	re    *regexp.Regexp
}

// mayBeIn takes a text in small letters.
func (s secretShape) mayBeIn(small string) bool {
	for _, part := range s.holds {
		if strings.Contains(small, part) {
			return true
		}
	}
	return false
}

// inSmall is a text in the small letters that a pattern in any case takes for its own:
// ſ is an s to it, and the sign of Kelvin a k.
func inSmall(s string) string { return strings.ToLower(strings.ReplaceAll(s, "ſ", "s")) }

// shortestSecret is the length of the shortest text that has one of the shapes.
const shortestSecret = len("brk_") + 8

// Redactor takes secrets out of text: the given ones in every spelling, and
// whatever has the shape of a key.
type Redactor struct {
	exact   []secretShape
	spelled []*regexp.Regexp // other spellings of the same
	listed  []*regexp.Regexp // the same byte by byte
}

const (
	keyBytes = 32 // of a wallet's key
	// shortestSpelling is that in base64; most texts of a log are shorter, and are not
	// looked through for any.
	shortestSpelling = 43
)

// NewRedactor returns a Redactor that knows these secrets. A key of hex digits is
// found with and without 0x, in any case, and in the spellings in which programs
// print its bytes.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{}
	for _, s := range secrets {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "0x"), "0X")
		// Shorter texts are no keys, and would take words out of the log.
		if len(s) < 8 {
			continue
		}
		r.exact = append(r.exact, exactly(s, `(?i)(?:0x)?`))
		if raw, err := hex.DecodeString(s); err == nil && len(raw) >= keyBytes {
			r.spelled, r.listed = append(r.spelled, spellings(raw)...), append(r.listed, listed(raw), apart(raw))
		}
		if quoted, err := json.Marshal(s); err == nil && string(quoted) != `"`+s+`"` {
			r.exact = append(r.exact, exactly(strings.Trim(string(quoted), `"`), ``))
		}
	}
	return r
}

// exactly is the shape of that text alone, behind a pattern.
func exactly(secret, before string) secretShape {
	return secretShape{[]string{inSmall(secret)}, regexp.MustCompile(before + regexp.QuoteMeta(secret))}
}

// shortestList is how many numbers of a key's are taken for a part of it.
const shortestList = 8

// listed finds a key's bytes as decimal numbers, also those that stand on one line of
// several: Node shows a Uint8Array with twelve to the line.
func listed(raw []byte) *regexp.Regexp {
	const between = `[\s,]+`
	var all []string
	for i := 0; i+shortestList <= len(raw); i++ {
		tail := ""
		for j := len(raw) - 1; j >= i+shortestList; j-- {
			tail = fmt.Sprintf(`(?:%s%d\b%s)?`, between, raw[j], tail)
		}
		var head []string
		for _, b := range raw[i : i+shortestList] {
			head = append(head, strconv.Itoa(int(b)))
		}
		all = append(all, strings.Join(head, between)+`\b`+tail)
	}
	return regexp.MustCompile(`\b(?:` + strings.Join(all, "|") + `)`)
}

// apart finds a key's bytes as hex digits with something between them, as Node shows a
// Buffer.
func apart(raw []byte) *regexp.Regexp {
	digits := make([]string, len(raw))
	for i, b := range raw {
		digits[i] = fmt.Sprintf("(?:0x)?0?%x", b)
	}
	return regexp.MustCompile(`(?i)` + strings.Join(digits, `[\s,:]*`))
}

// lists reports whether a text could hold the bytes of a key one by one. It takes a
// nanosecond a byte, and most lines are then not looked through for them.
func lists(s string) bool {
	run := 0
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c == 'x', c == ',' || c == ':', s[i] >= '\t' && s[i] <= '\r', s[i] == ' ':
			if run++; run >= 2*shortestList-1 {
				return true
			}
		default:
			run = 0
		}
	}
	return false
}

// spellings are those of a key's bytes beside hex digits and lists: as one number,
// in base64 and base58.
func spellings(raw []byte) []*regexp.Regexp {
	base64s := strings.NewReplacer("+", "[+-]", "/", "[/_]").Replace(base64.RawStdEncoding.EncodeToString(raw))
	return []*regexp.Regexp{
		regexp.MustCompile(new(big.Int).SetBytes(raw).String() + `n?`),
		regexp.MustCompile(base64s + `=*`),
		regexp.MustCompile(regexp.QuoteMeta(base58(raw))),
	}
}

// redactorFor knows w's key in the forms it may be printed in.
func redactorFor(w Wallet) *Redactor {
	return NewRedactor(w.secret())
}

// Redact returns s without secrets. A nil Redactor knows the shapes only.
func (r *Redactor) Redact(s string) string {
	small := inSmall(s)
	if r != nil {
		for _, shape := range r.exact {
			if shape.mayBeIn(small) {
				s = shape.re.ReplaceAllLiteralString(s, redacted)
			}
		}
		for _, re := range r.spelled {
			if len(s) >= shortestSpelling {
				s = re.ReplaceAllLiteralString(s, redacted)
			}
		}
	}
	if r != nil && len(r.listed) > 0 && lists(s) {
		for _, re := range r.listed {
			s = re.ReplaceAllLiteralString(s, redacted)
		}
	}
	for _, shape := range secretShapes {
		if len(s) >= shortestSecret && shape.mayBeIn(small) {
			s = shape.re.ReplaceAllLiteralString(s, redacted)
		}
	}
	return s
}

// maxLine bounds what is kept of a line; the rest of it is dropped.
const maxLine = 16 << 10

// LineWriter cuts a stream into lines, takes the secrets out of each and hands
// it on. A secret split over two writes is whole again when its line is.
type LineWriter struct {
	redactor *Redactor
	emit     func(line string)

	mu       sync.Mutex // stdout and stderr of a child may share one writer
	pending  []byte
	dropping bool // the line was too long, and has been emitted cut
}

// NewLineWriter calls emit once a line, without its newline, from one
// goroutine at a time.
func NewLineWriter(r *Redactor, emit func(line string)) *LineWriter {
	return &LineWriter{redactor: r, emit: emit}
}

var _ io.WriteCloser = (*LineWriter)(nil)

// Write never fails.
func (w *LineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		line, rest, whole := bytes.Cut(p, []byte{'\n'})
		p = rest
		if !w.dropping {
			room := maxLine + 1 - len(w.pending)
			w.pending = append(w.pending, line[:min(len(line), room)]...)
		}
		if len(w.pending) > maxLine && !w.dropping {
			w.flushCut()
		}
		if whole {
			if !w.dropping {
				w.flush()
			}
			w.dropping = false
		}
	}
	return n, nil
}

// Close emits a last line that has no newline.
func (w *LineWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pending) > 0 {
		w.flush()
	}
	return nil
}

func (w *LineWriter) flush() {
	line := strings.TrimRight(string(w.pending), "\r")
	w.pending = w.pending[:0]
	w.emit(w.redactor.Redact(strings.ToValidUTF8(line, "�")))
}

// flushCut emits the start of a line that is too long. A secret that the end
// of the buffer cuts in two is not recognised, so after redaction the last
// stretch, longer than any key, is dropped.
func (w *LineWriter) flushCut() {
	const longest = 512
	line := w.redactor.Redact(strings.ToValidUTF8(string(w.pending), "�"))
	w.pending, w.dropping = nil, true
	line = strings.ToValidUTF8(line[:max(len(line)-longest, 0)], "")
	w.emit(line + " […]")
}
