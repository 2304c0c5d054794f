package clawsim

import (
	"context"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// noAnswer tells whether a URL stays unanswered, or hangs up, within a moment.
func noAnswer(url string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return err != nil
}

func misbehaving(t *testing.T, how string) *child {
	t.Helper()
	return startChild(t, map[string]string{"BLOCKRUN_WALLET_KEY": otherKey, "CLAWSIM_MISBEHAVE": how}, "--port", "0")
}

func TestChildThatEnds(t *testing.T) {
	t.Run("crash", func(t *testing.T) { misbehaving(t, "crash").wantExit(t, 1) })
	t.Run("exit0", func(t *testing.T) { misbehaving(t, "exit0").wantExit(t, 0) })
	t.Run("die-after", func(t *testing.T) { misbehaving(t, "die-after=1ms").wantExit(t, 1) })
	t.Run("crash-after", func(t *testing.T) {
		c := misbehaving(t, "crash-after=2")
		c.up(t)
		for range 2 {
			if status, _ := get(t, c.url+"/health"); status != 200 {
				t.Errorf("status %d", status)
			}
		}
		if !noAnswer(c.url + "/health") {
			t.Error("the third request is answered")
		}
		c.wantExit(t, 1)
	})
}

func TestChildThatHangs(t *testing.T) {
	t.Run("hang-health, yet the models answer", func(t *testing.T) {
		c := misbehaving(t, "hang-health")
		c.up(t)
		if !noAnswer(c.url + "/health") {
			t.Error("health answers")
		}
		if status, _ := get(t, c.url+"/v1/models"); status != 200 {
			t.Errorf("models: %d", status)
		}
	})
	t.Run("hang-after", func(t *testing.T) {
		c := misbehaving(t, "hang-after=1")
		c.up(t)
		get(t, c.url+"/health")
		if !noAnswer(c.url + "/v1/models") {
			t.Error("the second request is answered")
		}
	})
	t.Run("hold-port accepts and says nothing", func(t *testing.T) {
		c := misbehaving(t, "hold-port")
		c.up(t)
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if !noAnswer(c.url + "/health") {
			t.Error("it answers")
		}
	})
	t.Run("slow-start is ended while it starts", func(t *testing.T) {
		c := misbehaving(t, "slow-start=1h")
		c.signals <- syscall.SIGTERM
		c.wantExit(t, 0)
	})
	t.Run("ignore-term, but not SIGHUP", func(t *testing.T) {
		c := misbehaving(t, "ignore-term")
		c.up(t)
		c.signals <- syscall.SIGTERM
		c.signals <- syscall.SIGINT
		if status, _ := get(t, c.url+"/health"); status != 200 {
			t.Errorf("status %d", status)
		}
		c.signals <- syscall.SIGHUP
		c.wantExit(t, 129)
	})
}

func TestChildThatIsNoProxy(t *testing.T) {
	t.Run("fail-health", func(t *testing.T) {
		c := misbehaving(t, "fail-health")
		c.up(t)
		if status, _ := get(t, c.url+"/health"); status != 500 {
			t.Errorf("status %d", status)
		}
	})
	t.Run("foreign", func(t *testing.T) {
		c := misbehaving(t, "foreign")
		c.up(t)
		if _, body := get(t, c.url+"/health"); strings.Contains(body, "wallet") {
			t.Error(body)
		}
	})
}

func TestChildThatLeaks(t *testing.T) {
	t.Run("leak prints the key on both streams", func(t *testing.T) {
		c := misbehaving(t, "leak")
		c.up(t)
		if !strings.Contains(c.out.String(), otherKey) || !strings.Contains(c.err.String(), otherKey) {
			t.Error("the key is not there")
		}
	})
	t.Run("a well-behaved child prints no key", func(t *testing.T) {
		c := misbehaving(t, "")
		c.up(t)
		post(t, c.url+"/v1/chat/completions", chatBody("hi"))
		if all := c.out.String() + c.err.String(); strings.Contains(all, otherKey[2:]) {
			t.Error(all)
		}
	})
	t.Run("no-wallet", func(t *testing.T) {
		c := startChild(t, map[string]string{"CLAWSIM_MISBEHAVE": "no-wallet"}, "--port", "0")
		c.up(t)
		if _, body := get(t, c.url+"/health"); strings.Contains(body, TestWalletAddress) {
			t.Error(body)
		}
	})
}

func TestSignalDropsConnections(t *testing.T) {
	c := startChild(t, nil, "--port", "0")
	c.up(t)
	_, done := begin(t, c.url, chatBody("[[hang]]"))
	for {
		if _, body := get(t, c.url+"/__sim/record"); strings.Contains(body, `"call_count":1`) {
			break
		}
	}
	c.signals <- syscall.SIGTERM
	c.wantExit(t, 0)
	if err := <-done; err == nil {
		t.Error("the open request was answered")
	}
}

func TestWireFaults(t *testing.T) {
	for _, tc := range []struct {
		marker string
		ok     func(err error, body string) bool
	}{
		{"[[cut]]", func(err error, body string) bool { return err != nil && strings.Contains(body, "chatcmpl") }},
		{"[[garbage]]", func(err error, body string) bool { return err != nil }},
		{"[[half]]", func(err error, body string) bool { return err == nil && strings.Contains(body, "caf\xc3") }},
	} {
		for _, stream := range []bool{false, true} {
			sim, url := serve(t, Options{})
			resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(chatBody(tc.marker, m{"stream": stream})))
			var body strings.Builder
			if err == nil {
				buf := make([]byte, 64<<10)
				for err == nil {
					var n int
					n, err = resp.Body.Read(buf)
					body.Write(buf[:n])
				}
				resp.Body.Close()
				if err.Error() == "EOF" {
					err = nil
				}
			}
			if !tc.ok(err, body.String()) || sim.Record().PaidCalls != 1 {
				t.Errorf("%s stream=%v: %v, %d paid, %q", tc.marker, stream, err, sim.Record().PaidCalls, body.String())
			}
		}
	}
}
