package bridge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/translate"
)

// sink is a connection that keeps what it is given.
type sink struct {
	net.Conn
	bytes.Buffer
	writes int
	err    error
}

func (s *sink) Write(p []byte) (int, error) {
	s.writes++
	if s.err != nil {
		return 0, s.err
	}
	return s.Buffer.Write(p)
}

func (s *sink) Read([]byte) (int, error) { return 0, io.EOF }

// Whatever is held and released, every byte goes out, in its order, and nothing is
// held once a write has come after a release.
func TestGatheredBytesAreThoseWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := &sink{}
		c := &gatherConn{Conn: to}
		var want bytes.Buffer
		for i := range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"write", "hold", "release"}).Draw(t, "step") {
			case "hold":
				c.hold()
			case "release":
				c.release()
			default:
				p := bytes.Repeat([]byte{byte('a' + i)}, rapid.SampledFrom([]int{0, 1, 4096, maxGathered, maxGathered + 1}).Draw(t, "size"))
				want.Write(p)
				if n, err := c.Write(p); n != len(p) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
				if c.held != nil && len(*c.held) > maxGathered {
					t.Fatalf("%d bytes are held", len(*c.held))
				}
			}
		}
		c.release()
		if _, err := c.Write([]byte(".")); err != nil {
			t.Fatal(err)
		}
		want.WriteByte('.')
		if !bytes.Equal(to.Bytes(), want.Bytes()) {
			t.Fatalf("%d bytes came out of %d", to.Len(), want.Len())
		}
	})
}

// net/http ends a request's context when it cannot write: it must hear of that.
func TestGatheredWritesTellTheirError(t *testing.T) {
	gone := errors.New("gone")
	c := &gatherConn{Conn: &sink{err: gone}}
	c.hold()
	if _, err := c.Write([]byte("held")); err != nil {
		t.Fatal(err)
	}
	c.release()
	if _, err := c.Write([]byte("last")); !errors.Is(err, gone) {
		t.Errorf("the write that takes all along: %v", err)
	}
}

type countingListener struct {
	net.Listener
	writes *atomic.Int32
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return countingConn{conn, l.writes}, err
}

type countingConn struct {
	net.Conn
	writes *atomic.Int32
}

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// Each piece of an answer is one write, also one far larger than net/http's own buffers,
// and so is its end.
func TestAPieceOfAnAnswerIsOneWrite(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			_, _ = io.WriteString(w, `data: {"choices":[{"delta":{"content":"`+strings.Repeat("word ", 400)+`"}}]}`+"\n\n")
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.WriteString(w, `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}`+"\n\n")
	}))
	defer upstream.Close()
	client, err := proxy.NewClient(upstream.URL, proxy.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var writes atomic.Int32
	url := serveOn(t, Config{Upstream: client}, func(l net.Listener) net.Listener { return countingListener{l, &writes} })
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"model":"m","stream":true,"input":"hi","instructions":"` + strings.Repeat("Be brief. ", 1000) + `"}`
	r := httptest.NewRequest(http.MethodPost, url+"/v1/responses", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Connection", "close")
	r.RequestURI = ""
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, chunks, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	text, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(chunks)))
	if err != nil || !bytes.Contains(text, []byte("response.completed")) || len(text) < 40_000 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	// Every chunk holds whole events, and a blank line ends each chunk with them.
	pieces := int32(bytes.Count(chunks, []byte("\n\n\r\n")))
	if n := writes.Load(); n > pieces+1 {
		t.Errorf("%d writes for %d pieces and the end", n, pieces)
	}
}

// serveOn is a bridge on listeners of the test's making.
func serveOn(t *testing.T, cfg Config, wrap func(net.Listener) net.Listener) (url string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	cfg.Key = func(string) bool { return false }
	go func() { done <- New(cfg).Serve(ctx, []net.Listener{wrap(l)}, time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

// recorder counts the writes of a turn.
type recorder struct {
	*httptest.ResponseRecorder
	writes int
}

func (r *recorder) Write(p []byte) (int, error) {
	r.writes++
	return r.ResponseRecorder.Write(p)
}

// streaming is a turn that is to be answered, and who reads it.
func streaming(t *testing.T) (*turn, *recorder) {
	t.Helper()
	req, err := translate.DecodeRequest([]byte(`{"model":"m","stream":true,"input":"hi"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, tr, err := req.Chat(translate.Target{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	w := &recorder{ResponseRecorder: httptest.NewRecorder()}
	turn := &turn{
		server: New(Config{}), request: req, translated: tr, stream: tr.Stream(translate.StreamOptions{}),
		w: w, control: http.NewResponseController(w), lastWrite: time.Now(),
	}
	t.Cleanup(turn.keepAlive(time.Hour))
	return turn, w
}

// inPieces gives one piece to a read, or what fits of it. It waits before it gives a
// "pause", of which nobody gets to see anything.
type inPieces struct {
	pieces []string
	onWait func()
	waited func()
}

func (r *inPieces) OnWait(f func()) { r.onWait = f }

func (r *inPieces) Read(p []byte) (int, error) {
	for len(r.pieces) > 0 && r.pieces[0] == "pause" {
		r.pieces = r.pieces[1:]
		r.onWait()
		r.waited()
	}
	if len(r.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.pieces[0])
	if r.pieces[0] = r.pieces[0][n:]; r.pieces[0] == "" {
		r.pieces = r.pieces[1:]
	}
	return n, nil
}

// What came together goes to the client in one write, and nothing waits for what is
// not there: the events that open an answer go out with its first words where these
// have come, and without them where they have not.
func TestWhatIsMadeGoesOutWhenUpstreamPauses(t *testing.T) {
	const hi, pause = `data: {"choices":[{"delta":{"content":"Hi"}}]}` + "\n\n", "pause"
	burst := strings.Repeat(hi, 2*maxUnsent/len(hi))
	for name, tc := range map[string]struct {
		pieces []string
		deltas []int // that the client has at each pause
		writes int
	}{
		"words at once":           {[]string{hi, hi, pause, hi, pause}, []int{2, 3}, 2},
		"words later":             {[]string{pause, hi, pause}, []int{0, 1}, 2},
		"two pauses in a row":     {[]string{hi, pause, pause, hi}, []int{1, 1}, 1},
		"half a chunk":            {[]string{hi, hi[:20], pause, hi[20:], pause}, []int{1, 2}, 2},
		"no pause":                {[]string{hi, hi}, nil, 0},
		"more than waits at most": {[]string{burst, pause}, []int{2 * maxUnsent / len(hi)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			turn, w := streaming(t)
			var deltas []int
			r := &inPieces{pieces: slices.Clone(tc.pieces), waited: func() { deltas = append(deltas, strings.Count(w.Body.String(), `"delta":"Hi"`)) }}
			if err := turn.readEvents(r); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(deltas, tc.deltas) || w.writes != tc.writes {
				t.Errorf("%v deltas at the pauses in %d writes, want %v in %d", deltas, w.writes, tc.deltas, tc.writes)
			}
			turn.finish()
			if got := w.Body.String(); strings.Count(got, `"delta":"Hi"`) != strings.Count(strings.Join(tc.pieces, ""), "Hi") || !strings.HasPrefix(got, "event: response.created") {
				t.Errorf("the client has %.300s", got)
			}
		})
	}
}

// A body that does not tell when it waits has each of its pieces sent at once.
func TestABodyThatDoesNotTellWhenItWaits(t *testing.T) {
	turn, w := streaming(t)
	pieces, feed := io.Pipe()
	arrived := make(chan int)
	go func() {
		for range 3 {
			_, _ = io.WriteString(feed, `data: {"choices":[{"delta":{"content":"Hi"}}]}`+"\n\n")
			_, _ = feed.Write(nil) // is taken when all before it was dealt with
			turn.mu.Lock()
			arrived <- strings.Count(w.Body.String(), `"delta":"Hi"`)
			turn.mu.Unlock()
		}
		_ = feed.Close()
	}()
	read := make(chan error)
	go func() { read <- turn.readEvents(pieces) }()
	for want := 1; want <= 3; want++ {
		if got := <-arrived; got != want {
			t.Errorf("the client has %d deltas, want %d", got, want)
		}
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
}
