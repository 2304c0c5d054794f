//go:build darwin || linux

package loopback

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// made is an answer, and what HTTP says of it.
type made struct {
	text  string
	ends  bool // with its connection
	again bool // the connection may take the next request (RFC 9112, 9.3)
}

// anAnswer makes answers of all the forms that HTTP/1 has.
var anAnswer = rapid.Custom(func(t *rapid.T) made {
	var b strings.Builder
	for range rapid.IntRange(0, 2).Draw(t, "1xx") {
		b.WriteString("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
	}
	minor := rapid.SampledFrom([]int{1, 1, 1, 0}).Draw(t, "minor")
	status := rapid.SampledFrom([]int{200, 200, 204, 304, 402, 500}).Draw(t, "status")
	fmt.Fprintf(&b, "HTTP/1.%d %d %s\r\n", minor, status, http.StatusText(status))
	stays := minor == 1
	switch rapid.SampledFrom([]string{"", "", "close", "keep-alive"}).Draw(t, "Connection") {
	case "close":
		b.WriteString("Connection: close\r\n")
		stays = false
	case "keep-alive":
		b.WriteString("connection: Keep-Alive\r\n")
		stays = true
	}
	for i, size := range rapid.SliceOfN(rapid.IntRange(0, 5000), 0, 4).Draw(t, "headers") {
		fmt.Fprintf(&b, "X-%d: %s\r\n", i%2, strings.Repeat("x", size))
	}
	if status == 204 || status == 304 {
		b.WriteString("\r\n")
		return made{b.String(), false, stays}
	}
	body := events(rapid.IntRange(0, 4000).Draw(t, "events"))
	framings := []string{"length", "end"}
	if minor == 1 { // HTTP/1.0 has no chunks
		framings = append(framings, "chunks", "chunks")
	}
	switch rapid.SampledFrom(framings).Draw(t, "framing") {
	case "chunks":
		chunked(t, &b, body)
		return made{b.String(), false, stays}
	case "length":
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
		return made{b.String(), false, stays}
	}
	b.WriteString("\r\n" + body)
	return made{b.String(), true, false}
})

func events(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "data: %d\n\n", i)
	}
	return b.String()
}

func chunked(t *rapid.T, b *strings.Builder, body string) {
	b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	for len(body) > 0 {
		n := rapid.IntRange(1, len(body)).Draw(t, "chunk")
		extension := rapid.SampledFrom([]string{"", "", ";x=y"}).Draw(t, "extension")
		fmt.Fprintf(b, "%x%s\r\n%s\r\n", n, extension, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n")
	if rapid.Bool().Draw(t, "trailer") {
		b.WriteString("X-Trailer: y\r\n")
	}
	b.WriteString("\r\n")
}

// However an answer is cut into writes, and whatever pauses are between them, it is what
// net/http reads of it at once, and its connection is used again exactly when HTTP says
// that it may be.
func TestAnswersInPieces(t *testing.T) {
	s := listen(t, "unix")
	rapid.Check(t, func(rt *rapid.T) {
		m := anAnswer.Draw(rt, "answer")
		after := ""
		if !m.ends {
			after = rapid.SampledFrom([]string{"", "", "", "\n", ok}).Draw(rt, "after it")
		}
		var cuts []piece
		for rest := m.text; rest != ""; {
			n := rapid.OneOf(rapid.Just(len(rest)), rapid.IntRange(1, len(rest))).Draw(rt, "bytes")
			cuts = append(cuts, piece{rest[:n], rapid.Bool().Draw(rt, "pause")})
			rest = rest[n:]
		}
		last := &cuts[len(cuts)-1]
		last.text, last.pause = last.text+after, false
		c, n := newClient(t, s)
		defer c.CloseIdle()
		wrote, again := make(chan struct{}), make(chan bool, 1)
		s.scripts <- func(p *peer) {
			p.asked()
			for _, cut := range cuts {
				p.say(cut.text)
				if cut.pause {
					p.untilRead()
				}
			}
			close(wrote)
			used := !m.ends && p.asked() != ""
			if again <- used; used {
				p.say(ok)
			}
		}
		whole, err := http.ReadResponse(bufio.NewReader(strings.NewReader(m.text[lastHead(m.text):])), nil)
		if err != nil {
			rt.Fatal(err)
		}
		want, _ := read(whole)
		got, err := ask(t, c, http.MethodPost, "{}")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			rt.Fatalf("%v; (-net/http +here)\n%s", err, diff)
		}
		<-wrote
		if !m.again || after != "" {
			s.scripts <- func(p *peer) { p.asked(); p.say(ok) }
		}
		mustAsk(t, c, http.MethodPost, "{}")
		if used := <-again; used != (m.again && after == "") {
			rt.Fatalf("used again: %v, HTTP says %v, after it came %q", used, m.again, after)
		}
		if n.broken.Load() > 1 {
			rt.Fatalf("%d connections count as broken", n.broken.Load())
		}
	})
}

// piece is what is written at once, and whether it is read before the next.
type piece struct {
	text  string
	pause bool
}

// lastHead is where the answer begins that is none of 1xx.
func lastHead(text string) int {
	const hint = "HTTP/1.1 103"
	at := 0
	for strings.HasPrefix(text[at:], hint) {
		at += strings.Index(text[at:], "\r\n\r\n") + 4
	}
	return at
}

// untilRead waits until the client has read what was written, or has ended the connection.
func (p *peer) untilRead() {
	raw, err := p.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return
	}
	for left := 1; left > 0; runtime.Gosched() {
		_ = raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
		if err != nil {
			return
		}
	}
}
