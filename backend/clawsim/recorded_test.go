package clawsim

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/shlex"
)

// recording is one exchange with the real ClawRouter, as curl -i printed it.
type recording struct {
	method, path, contentType, request string
	status                             int
	header                             http.Header
	body                               string
}

var timeLine = regexp.MustCompile(`\n\[time [0-9.]+s\]\n?$`)

func readRecording(t *testing.T, file string) recording {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	command, rest, _ := strings.Cut(string(data), "\n")
	rec := recording{method: http.MethodGet}
	words, err := shlex.Split(strings.TrimPrefix(command, "$ curl "))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "-X":
			rec.method, i = words[i+1], i+1
		case "-H":
			rec.contentType, i = strings.TrimPrefix(words[i+1], "content-type: "), i+1
		case "-d":
			rec.request, i = words[i+1], i+1
		default:
			rec.path = strings.TrimPrefix(words[i], "http://127.0.0.1:8404")
		}
	}
	head, body, ok := strings.Cut(rest, "\r\n\r\n")
	if !ok {
		t.Fatalf("%s: no end of the head", file)
	}
	statusLine, fields, _ := strings.Cut(head, "\r\n")
	if rec.status, err = strconv.Atoi(strings.Fields(statusLine)[1]); err != nil {
		t.Fatal(err)
	}
	mime, err := textproto.NewReader(bufio.NewReader(strings.NewReader(fields + "\r\n\r\n"))).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	rec.header = http.Header(mime)
	// curl prints no newline of its own; what follows the body is the recorder's.
	rec.body = strings.TrimRight(timeLine.ReplaceAllString(body, ""), "\n")
	return rec
}

// recordedSetup is what the recorded proxy was like, where it differs from the
// default wallet of $12.34, and what had been asked of it before.
var recordedSetup = map[string]struct {
	balance string
	before  []string
}{
	"health_full_empty":            {balance: "0"},
	"health_full_low":              {balance: "0.004"},
	"health_full_rpcfail":          {balance: "fail"},
	"empty_explicit_nostream":      {balance: "0"},
	"empty_explicit_stream":        {balance: "0"},
	"empty_explicit_tool_nostream": {balance: "0"},
	"stats": {before: []string{
		"/v1/chat/completions", `{"model":"openai/gpt-5.6-terra","messages":[{"role":"user","content":"hi"}]}`,
		"/v1/chat/completions", `{"model":"auto","messages":[{"role":"user","content":"hi"}]}`,
		"/v1/chat/completions", `{"model":"auto","messages":[{"role":"user","content":"hi [[drop]]"}]}`,
		"/v1/exa/search", `{"query":"x"}`,
		"/v1/images/generations", `{"prompt":"x"}`,
	}},
}

// TestRecorded holds the stand-in against the real proxy: the recording is the
// judge, and only what differs from run to run is taken out of both sides.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/recorded/*.txt")
	if err != nil || len(files) != 34 {
		t.Fatalf("%d recordings, %v; want 34", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := readRecording(t, file)
			setup := recordedSetup[name]
			sim := New(Options{Balance: setup.balance, Reply: "Hello from the fake gateway ({model})."})
			server := httptest.NewServer(sim.Handler())
			defer server.Close()
			defer sim.Close()
			for i := 0; i < len(setup.before); i += 2 {
				post(t, server.URL+setup.before[i], setup.before[i+1])
			}
			got := replayRequest(t, server.URL, want)
			if got.status != want.status {
				t.Errorf("status %d, recorded %d", got.status, want.status)
			}
			if diff := cmp.Diff(headerShape(t, want), headerShape(t, got)); diff != "" {
				t.Errorf("headers (-recorded +ours):\n%s", diff)
			}
			compareBodies(t, name, want, got)
		})
	}
}

func replayRequest(t *testing.T, base string, want recording) recording {
	t.Helper()
	req, err := http.NewRequest(want.method, base+want.path, strings.NewReader(want.request))
	if err != nil {
		t.Fatal(err)
	}
	if want.contentType != "" {
		req.Header.Set("Content-Type", want.contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := recording{status: resp.StatusCode, header: resp.Header.Clone(), body: string(body)}
	got.body = strings.TrimRight(got.body, "\n")
	if len(resp.TransferEncoding) > 0 {
		got.header.Set("Transfer-Encoding", strings.Join(resp.TransferEncoding, ","))
	}
	if n := resp.Header.Get("Content-Length"); n != "" && n != strconv.Itoa(len(body)) {
		t.Errorf("content-length %s, %d bytes came", n, len(body))
	}
	return got
}

// headerShape is the headers but for the date, the gateway's own two (they say
// nothing of ClawRouter), and the values that no two runs share.
func headerShape(t *testing.T, r recording) map[string]string {
	t.Helper()
	out := map[string]string{}
	for k, v := range r.header {
		key, value := strings.ToLower(k), strings.Join(v, ",")
		switch key {
		case "date", "x-fake-gateway", "x-cost-usd":
			continue
		case "content-length":
			value = "present"
		case "payment-response":
			raw, err := base64.StdEncoding.DecodeString(value)
			var receipt map[string]any
			if err != nil || json.Unmarshal(raw, &receipt) != nil {
				t.Errorf("payment-response %q is no JSON in base64", value)
			}
			keys := make([]string, 0, len(receipt))
			for k := range receipt {
				keys = append(keys, k)
			}
			sort.Strings(keys)
			value = fmt.Sprint(keys, receipt["success"], receipt["network"])
		}
		out[key] = value
	}
	return out
}

var volatile = []struct {
	re *regexp.Regexp
	to string
}{
	// The last chunk has an id of its own, without the gateway's prefix.
	{regexp.MustCompile(`"chatcmpl-(fake|sim)\d+"`), `"chatcmpl-GATEWAY"`},
	{regexp.MustCompile(`"chatcmpl-\d+"`), `"chatcmpl-PROXY"`},
	{regexp.MustCompile(`"created":\d+`), `"created":0`},
	{regexp.MustCompile(`"id":"call_[^"]+"`), `"id":"call"`},
	{regexp.MustCompile(`0x[0-9a-fA-F]{40}`), `0xWALLET`},
	{regexp.MustCompile(`0x[0-9a-fA-F]{4}\.\.\.[0-9a-fA-F]{4}`), `0xWA...LLET`},
	{regexp.MustCompile(`"requestId":"req_\w+"`), `"requestId":"req"`},
}

func compareBodies(t *testing.T, name string, want, got recording) {
	t.Helper()
	if strings.HasPrefix(name, "health") {
		// The recordings were made with the wallet that is the default here.
		if diff := cmp.Diff(want.body, got.body); diff != "" {
			t.Errorf("body (-recorded +ours):\n%s", diff)
		}
		return
	}
	a, b := want.body, got.body
	if name == "stats" {
		a, b = jsonShape(t, a), jsonShape(t, b)
	}
	for _, v := range volatile {
		a, b = v.re.ReplaceAllString(a, v.to), v.re.ReplaceAllString(b, v.to)
	}
	if diff := cmp.Diff(strings.Split(a, "\n"), strings.Split(b, "\n")); diff != "" {
		t.Errorf("body (-recorded +ours):\n%s", diff)
	}
}

// jsonShape is the keys of a JSON text in their order with the kinds of their
// values; names of models and tiers, which depend on the traffic, become *.
func jsonShape(t *testing.T, body string) string {
	t.Helper()
	var lines []string
	seen := map[string]bool{}
	var walk func(path string, raw json.RawMessage)
	walk = func(path string, raw json.RawMessage) {
		kind := "value"
		switch raw[0] {
		case '{':
			kind = "object"
		case '[':
			kind = "list"
		case '"':
			kind = "string"
		}
		if line := path + " " + kind; !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
		if kind == "list" {
			var items []json.RawMessage
			json.Unmarshal(raw, &items)
			for _, i := range items {
				walk(path+"[]", i)
			}
		}
		if kind != "object" {
			return
		}
		var o object
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		for _, k := range o.keys {
			name := k
			if strings.HasSuffix(path, "byTier") || strings.HasSuffix(path, "byModel") || strings.HasSuffix(path, "providerErrors") {
				name = "*"
			}
			walk(path+"."+name, o.vals[k])
		}
	}
	walk("$", json.RawMessage(body))
	return strings.Join(lines, "\n")
}

// post sends JSON and gives back status, headers and body.
func post(t *testing.T, url, body string, headers ...string) recording {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return recording{status: resp.StatusCode, header: resp.Header, body: string(data)}
}
