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
	"testing/synctest"
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

// begun is a turn whose answer has begun, and who reads it.
func begun(t *testing.T) (*turn, *recorder) {
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
	turn.begin()
	return turn, w
}

// The events that open an answer go out with its first words where these are there,
// and without them where upstream is slow.
func TestTheBeginningWaitsForWordsAndNotForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn, w := begun(t)
		var dec translate.SSEDecoder
		if err := turn.feed(&dec, []byte("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"), false); err != nil {
			t.Fatal(err)
		}
		if got := w.Body.String(); w.writes != 1 || !strings.Contains(got, "response.created") || !strings.Contains(got, `"Hi"`) {
			t.Errorf("%d writes: %s", w.writes, got)
		}
		time.Sleep(time.Minute)
		if w.writes != 1 {
			t.Errorf("%d writes a minute later", w.writes)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		_, w := begun(t)
		time.Sleep(moreWithin)
		synctest.Wait()
		if got := w.Body.String(); w.writes != 1 || !strings.Contains(got, "response.created") {
			t.Errorf("%d writes: %s", w.writes, got)
		}
	})
}

// inPieces gives one piece to a read, or what fits of it.
type inPieces struct {
	pieces []string
	before func() // a piece is asked for
	sizes  []int  // of the buffers
}

func (r *inPieces) Read(p []byte) (int, error) {
	r.sizes = append(r.sizes, len(p))
	if len(r.pieces) == 0 {
		return 0, io.EOF
	}
	r.before()
	n := copy(p, r.pieces[0])
	if r.pieces[0] = r.pieces[0][n:]; r.pieces[0] == "" {
		r.pieces = r.pieces[1:]
	}
	return n, nil
}

// A stream waits with a small buffer. What fills it goes to the client with what is
// read after it, in one write, and soon without it where there is no more.
func TestWhatFillsTheSmallBuffer(t *testing.T) {
	chunk := `data: {"choices":[{"delta":{"content":"Hi"}}]}` + "\n\n"
	burst := strings.Repeat(chunk, 4*waitBuffer/len(chunk))
	exact := ":" + strings.Repeat(" ", waitBuffer-len(chunk)-2) + "\n" + chunk
	synctest.Test(t, func(t *testing.T) {
		turn, w := begun(t)
		var writes []int
		note := func() {
			turn.mu.Lock()
			defer turn.mu.Unlock()
			writes = append(writes, w.writes)
		}
		r := &inPieces{pieces: []string{chunk, burst, chunk, chunk, exact, chunk}, before: func() {
			if note(); len(writes) == 7 {
				time.Sleep(moreWithin) // upstream pauses
				synctest.Wait()
				note()
			}
		}}
		if err := turn.readEvents(r); err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 1, 1, 2, 3, 4, 4, 5}; !slices.Equal(writes, want) {
			t.Errorf("%v writes before the reads, want %v", writes, want)
		}
		const s, l = waitBuffer, readBuffer
		if want := []int{s, s, l, l, s, s, l, s}; !slices.Equal(r.sizes, want) {
			t.Errorf("reads of %v bytes, want %v", r.sizes, want)
		}
		turn.mu.Lock()
		defer turn.mu.Unlock()
		if n := strings.Count(w.Body.String(), `"delta":"Hi"`); n != 5+4*waitBuffer/len(chunk) {
			t.Errorf("%d deltas", n)
		}
	})
}
