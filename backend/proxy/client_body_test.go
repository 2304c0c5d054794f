package proxy

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// A megabyte late in a session is not held while its answer is read, which can
// take many minutes.
func TestBodyIsLetGoOf(t *testing.T) { eachCarrier(t, testBodyIsLetGoOf) }

func testBodyIsLetGoOf(t *testing.T, newClient clientMaker) {
	const size = 8 << 20
	more := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if n != size || err != nil {
			t.Errorf("%d bytes came, %v", n, err)
		}
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "end")
	}))
	defer upstream.Close()
	c := newClient(t, upstream.URL, ClientOptions{})
	collected := make(chan struct{})
	body := bytes.Repeat([]byte{' '}, size)
	runtime.AddCleanup(&body[0], func(gone chan struct{}) { close(gone) }, collected)
	resp, err := c.Chat(t.Context(), body, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body = nil
	for held := true; held; { // a test that hangs here holds it
		runtime.GC()
		select {
		case <-collected:
			held = false
		default:
			runtime.Gosched()
		}
	}
	close(more)
	if rest, err := io.ReadAll(resp.Body); string(rest) != "end" || err != nil {
		t.Errorf("the answer: %q, %v", rest, err)
	}
}

// Where the answer comes before the body was read, the body stays whole, and says so.
func TestBodyOfAnEarlyAnswer(t *testing.T) { eachCarrier(t, testBodyOfAnEarlyAnswer) }

func testBodyOfAnEarlyAnswer(t *testing.T, newClient clientMaker) {
	const size = 16 << 20
	read, got := make(chan struct{}), make(chan int64, 1)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-read
		n, _ := io.Copy(io.Discard, r.Body)
		got <- n
	}))
	defer upstream.Close()
	c := newClient(t, upstream.URL, ClientOptions{})
	resp, err := c.Chat(t.Context(), make([]byte, size), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if requestRead(t, resp) {
		t.Error("a body that was not yet read may be written over")
	}
	close(read)
	if n := <-got; n != size {
		t.Errorf("%d of %d bytes came", n, size)
	}
	for !requestRead(t, resp) { // a test that hangs here never lets go of it
		runtime.Gosched()
	}
}

func requestRead(t *testing.T, resp *http.Response) bool {
	t.Helper()
	body, ok := resp.Body.(interface{ RequestRead() bool })
	if !ok {
		t.Fatalf("an answer whose body is a %T", resp.Body)
	}
	return body.RequestRead()
}
