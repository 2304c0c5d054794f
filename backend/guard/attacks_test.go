package guard_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
)

func TestOurOwnClientsPass(t *testing.T) {
	x := everywhere(t)
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
		x.passes(host, get("Host: "+host+":PORT"))
		x.passes(host, post("Host: "+host+":PORT", json))
	}
	x.passes("a charset", post("Content-Type: application/json; charset=utf-8"))
	x.passes("our own page", post(json, "Origin: http://localhost:PORT", "Referer: http://localhost:PORT/dashboard", "Sec-Fetch-Site: same-origin"))
	x.passes("typed by hand", get("Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"))
	x.passes("HTTP/1.0", "GET /v1/models HTTP/1.0\nHost: localhost:PORT\n\n")
	x.passes("chunked", "POST /v1/responses HTTP/1.1\nHost: localhost:PORT\n"+json+"\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n")
}

// hosts holds that each is refused, on an IPv4 and an IPv6 socket: with 403, or
// with net/http's own 400 where it is no host at all.
func hosts(t *testing.T, all ...string) {
	t.Helper()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		x := listen(t, at, guard.Everywhere(refuse, nil)...)
		for _, host := range all {
			for _, request := range []string{get("Host: " + host), post("Host: "+host, json)} {
				status := http.StatusForbidden
				if strings.ContainsAny(host, "@/ ⓛ") {
					status = http.StatusBadRequest
				}
				x.stopped(at+" "+host, request, status)
			}
		}
	}
}

func TestRebinding(t *testing.T) {
	hosts(t, "evil.example", "evil.example:PORT", "evil.example.:PORT", "127.0.0.1.nip.io:PORT", "localhost.evil.example:PORT",
		"localhost:PORT.evil.example", "evil-localhost:PORT", "xlocalhost:PORT", "localhost.localdomain:PORT", "ip6-localhost:PORT")
}

// A page that was rebound is of our origin in its browser's eyes, and says so.
func TestRebindingWithMatchingOrigin(t *testing.T) {
	x := everywhere(t)
	for _, site := range []string{"same-origin", "none"} {
		x.stopped(site, post("Host: evil.example:PORT", json, "Origin: http://evil.example:PORT", "Sec-Fetch-Site: "+site), http.StatusForbidden)
	}
}

func TestEmptyHost(t *testing.T) {
	x := everywhere(t)
	x.stopped("empty", "GET /v1/models HTTP/1.1\nHost:\n\n", http.StatusForbidden)
	x.stopped("blank", "GET /v1/models HTTP/1.1\nHost: \n\n", http.StatusForbidden)
	x.stopped("none", "GET /v1/models HTTP/1.1\n\n", http.StatusBadRequest) // Go's own
	hosts(t, ":PORT", ":")
}

func TestHTTP10WithoutHost(t *testing.T) {
	x := everywhere(t)
	x.stopped("GET", "GET /v1/models HTTP/1.0\n\n", http.StatusForbidden)
	x.stopped("POST", "POST /v1/responses HTTP/1.0\n"+json+"\nContent-Length: 2\n\n{}", http.StatusForbidden)
	x.stopped("keep-alive", "GET /v1/models HTTP/1.0\nConnection: keep-alive\n\n", http.StatusForbidden)
	x.stopped("HTTP/0.9", "GET /v1/models\n\n", http.StatusBadRequest)
}

// Two Hosts are refused by net/http, whichever of them is ours.
func TestTwoHosts(t *testing.T) {
	x := everywhere(t)
	x.stopped("ours first", get("Host: localhost:PORT", "Host: evil.example"), http.StatusBadRequest)
	x.stopped("ours last", get("Host: evil.example", "Host: localhost:PORT"), http.StatusBadRequest)
	hosts(t, "localhost:PORT,evil.example", "evil.example@localhost:PORT", "localhost:PORT@evil.example")
}

// 0.0.0.0 reaches loopback on Linux and macOS, and browsers took it for a public
// address for 18 years.
func TestZeroAddress(t *testing.T) {
	hosts(t, "0.0.0.0:PORT", "0.0.0.0", "0:PORT", "[::]:PORT", "[::0]:PORT")
}

func TestLocalhostWithADot(t *testing.T) {
	hosts(t, "localhost.:PORT", "localhost.", "127.0.0.1.:PORT", ".localhost:PORT", "a.localhost:PORT")
}

func TestUpperCaseHost(t *testing.T) {
	hosts(t, "LOCALHOST:PORT", "Localhost:PORT", "localHost:PORT", "ⓛocalhost:PORT")
}

func TestIPv6Forms(t *testing.T) {
	hosts(t, "::1:PORT", "[::1]", "[0:0:0:0:0:0:0:1]:PORT", "[0000:0000:0000:0000:0000:0000:0000:0001]:PORT", "[::0001]:PORT",
		"[::ffff:127.0.0.1]:PORT", "[::127.0.0.1]:PORT", "[::1%lo]:PORT", "[::1%25lo]:PORT", "[::1]:PORT:PORT")
}

func TestIPv4Forms(t *testing.T) {
	hosts(t, "127.1:PORT", "127.0.1:PORT", "2130706433:PORT", "0x7f000001:PORT", "0177.0.0.1:PORT", "127.0.0.2:PORT", "127.000.000.001:PORT", "127.0.0.1")
}

func TestPortForms(t *testing.T) {
	hosts(t, "localhost", "localhost:", "localhost:80", "localhost:1", "localhost:0PORT", "localhost:+PORT", "localhost:PORT0", "localhost:PORT/", "localhost:PORT ,x")
}

func TestCrossSitePost(t *testing.T) {
	x := everywhere(t)
	for _, origin := range []string{
		"https://evil.example", "http://evil.example:PORT", "http://localhost.evil.example:PORT", "http://localhost:PORT.evil.example",
		"https://localhost:PORT", "http://LOCALHOST:PORT", "http://localhost:PORT/", "http://localhost", "localhost:PORT", "file://", "",
		// The origins of our own other names: a page of ours has the one that it is at.
		"http://127.0.0.1:PORT", "http://[::1]:PORT",
	} {
		x.stopped("Origin "+origin, post(json, "Origin: "+origin), http.StatusForbidden)
	}
	x.stopped("two origins", post(json, "Origin: http://localhost:PORT", "Origin: https://evil.example"), http.StatusForbidden)
	for _, site := range []string{"cross-site", "same-site", "SAME-ORIGIN", "anything", ""} {
		x.stopped("Sec-Fetch-Site "+site, post(json, "Sec-Fetch-Site: "+site), http.StatusForbidden)
		x.stopped("Sec-Fetch-Site "+site, get("Sec-Fetch-Site: "+site), http.StatusForbidden)
	}
	x.stopped("two sites", post(json, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"), http.StatusForbidden)
}

// Another program's page on another port is same-site, and foreign.
func TestCrossPortPost(t *testing.T) {
	x := everywhere(t)
	x.stopped("another port", post(json, "Origin: http://localhost:3000", "Sec-Fetch-Site: same-site"), http.StatusForbidden)
	x.stopped("its referrer alone", post(json, "Referer: http://localhost:3000/x"), http.StatusForbidden)
}

func TestForeignReferer(t *testing.T) {
	x := everywhere(t)
	for _, referer := range []string{
		"https://evil.example/", "https://localhost:PORT/", "http://localhost:PORT@evil.example/", "http://user@localhost:PORT/",
		"http://evil.example/?http://localhost:PORT/", "//localhost:PORT/", "about:blank", "http://%zz", "",
	} {
		x.stopped(referer, get("Referer: "+referer), http.StatusForbidden)
	}
	x.stopped("the second one", get("Referer: http://localhost:PORT/", "Referer: https://evil.example/"), http.StatusForbidden)
}

func TestSandboxedFrame(t *testing.T) {
	x := everywhere(t)
	x.stopped("null", post(json, "Origin: null"), http.StatusForbidden)
	x.stopped("null, same-origin", post(json, "Origin: null", "Sec-Fetch-Site: same-origin"), http.StatusForbidden)
}

func TestFormPost(t *testing.T) {
	x := everywhere(t)
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"} {
		x.stopped(kind, post("Content-Type: "+kind), http.StatusUnsupportedMediaType)
	}
}

func TestTextPlain(t *testing.T) {
	x := everywhere(t)
	x.stopped("text/plain", post("Content-Type: text/plain"), http.StatusUnsupportedMediaType)
	x.stopped("with JSON in it", post("Content-Type: text/plain; application/json"), http.StatusUnsupportedMediaType)
	x.stopped("with a charset", post("Content-Type: text/plain;charset=UTF-8"), http.StatusUnsupportedMediaType)
}

// What fetch with no-cors, sendBeacon and old plugins could put into the type of a
// request that is never preceded by a question.
func TestSimpleRequestTricks(t *testing.T) {
	x := everywhere(t)
	x.stopped("none", post(), http.StatusUnsupportedMediaType)
	for _, kind := range []string{
		"", "application/json, text/plain", "text/plain, application/json", "text/plain; charset=application/json", "application/json-seq",
		"application/jsonp", "application/json/x", "application/json; boundary=x", "application/json;text/plain", "*/*", "json", "application/csp-report",
	} {
		x.stopped(kind, post("Content-Type: "+kind), http.StatusUnsupportedMediaType)
	}
	x.stopped("two types", post(json, "Content-Type: text/plain"), http.StatusUnsupportedMediaType)
	x.stopped("an overridden method", "POST /v1/responses?_method=GET HTTP/1.1\nHost: localhost:PORT\nX-HTTP-Method-Override: GET\nContent-Length: 0\n\n", http.StatusUnsupportedMediaType)
}

func TestPreflight(t *testing.T) {
	x := everywhere(t)
	ask := "OPTIONS /v1/responses HTTP/1.1\nHost: localhost:PORT\n"
	x.stopped("as browsers send it", ask+"Origin: https://evil.example\nAccess-Control-Request-Method: POST\nAccess-Control-Request-Headers: content-type\n\n", http.StatusForbidden)
	x.stopped("without an origin", ask+"Access-Control-Request-Method: POST\n\n", http.StatusForbidden)
	x.stopped("of a private network", ask+"Access-Control-Request-Private-Network: true\n\n", http.StatusForbidden)
	x.stopped("of our own page", ask+"Origin: http://localhost:PORT\nAccess-Control-Request-Method: POST\n\n", http.StatusForbidden)
}

func TestAbsoluteForm(t *testing.T) {
	x := everywhere(t)
	for _, line := range []string{
		"GET http://evil.example/v1/models", "GET http://localhost:PORT/v1/models", "GET http://localhost:PORT", "GET https://localhost:PORT/v1/models",
		"GET file:///etc/passwd", "CONNECT evil.example:443", "CONNECT localhost:PORT", "OPTIONS *",
	} {
		x.stopped(line, line+" HTTP/1.1\nHost: localhost:PORT\n\n", http.StatusBadRequest)
	}
	x.stopped("h2c", "PRI * HTTP/2.0\n\nSM\n\n", http.StatusBadRequest)
}

// hidden is a request that would cost money, were it taken for one.
const hidden = "POST /v1/responses HTTP/1.1\nHost: localhost:PORT\n" + json + "\nContent-Length: 6\n\nhidden"

func TestSmugglingPairs(t *testing.T) {
	x := everywhere(t)
	begin := "POST /v1/responses HTTP/1.1\nHost: localhost:PORT\n" + json + "\n"
	for name, request := range map[string]string{
		"TE and CL":       begin + "Transfer-Encoding: chunked\nContent-Length: 4\n\n0\n\n" + hidden,
		"CL and TE":       begin + "Content-Length: 4\nTransfer-Encoding: chunked\n\n0\n\n" + hidden,
		"TE of HTTP/1.0":  "POST /v1/responses HTTP/1.0\nHost: localhost:PORT\n" + json + "\nConnection: keep-alive\nTransfer-Encoding: chunked\n\n0\n\n" + hidden,
		"chunked":         begin + "Transfer-Encoding: chunked\n\n0\n\n" + hidden,
		"GET with a body": "GET /v1/models HTTP/1.1\nHost: localhost:PORT\nContent-Length: 4\n\nabcd" + hidden,
		"a guard refuses": begin + "Origin: https://evil.example\nContent-Length: 4\n\nabcd" + hidden,
	} {
		x.send(request)
		for _, r := range x.reached {
			if strings.Contains(r, "hidden") {
				t.Errorf("%s: the hidden request came through", name)
			}
		}
	}
	for name, request := range map[string]string{
		"two lengths":             begin + "Content-Length: 2\nContent-Length: 3\n\n{}" + hidden,
		"a list of lengths":       begin + "Content-Length: 2, 3\n\n{}" + hidden,
		"a signed length":         begin + "Content-Length: +2\n\n{}" + hidden,
		"a blank before a colon":  begin + "Content-Length : 2\n\n{}" + hidden,
		"a blank in the name":     begin + "Transfer Encoding: chunked\n\n0\n\n" + hidden,
		"a tab in the name":       begin + "Transfer-Encoding\t: chunked\n\n0\n\n" + hidden,
		"chunked twice":           begin + "Transfer-Encoding: chunked, chunked\n\n0\n\n" + hidden,
		"chunked in two lines":    begin + "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n0\n\n" + hidden,
		"an unknown encoding":     begin + "Transfer-Encoding: identity\n\n{}" + hidden,
		"chunked behind a folded": begin + "Transfer-Encoding: x\n chunked\n\n0\n\n" + hidden,
	} {
		got := x.send(request)
		if len(got) != 1 || got[0] != http.StatusBadRequest && got[0] != http.StatusNotImplemented {
			t.Errorf("%s: answered %v", name, got)
		}
		if len(x.reached) > 0 {
			t.Errorf("%s: came through: %q", name, x.reached)
		}
	}
}

// A link on another site may lead to the panel's page, and to nothing else; a
// frame, an image or a call of that site may not even do that.
func TestCrossSiteNavigation(t *testing.T) {
	page := func(r *http.Request) bool { return r.URL.Path == "/v1/models" }
	x := listen(t, "127.0.0.1:0", guard.Everywhere(refuse, page)...)
	foreign := []string{"Sec-Fetch-Site: cross-site", "Referer: https://evil.example/"}
	tab := append(foreign, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
	x.passes("a link", get(tab...))
	x.stopped("a link to elsewhere", strings.Replace(get(tab...), "/v1/models", "/link/state", 1), http.StatusForbidden)
	x.stopped("a form", post(append(tab, json)...), http.StatusForbidden)
	x.stopped("a frame", get(append(foreign, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")...), http.StatusForbidden)
	x.stopped("an image", get(append(foreign, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")...), http.StatusForbidden)
	x.stopped("a call", get(append(foreign, "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Origin: https://evil.example")...), http.StatusForbidden)
	x.stopped("an old browser's", get(foreign...), http.StatusForbidden)
	x.stopped("a rebound name's", get(append(tab, "Host: evil.example:PORT")...), http.StatusForbidden)
}

// Without a connection there is no port that could be ours.
func TestNoConnectionIsNotOurs(t *testing.T) {
	w := httptest.NewRecorder()
	guard.Chain(http.NotFoundHandler(), guard.Rebinding(refuse)).ServeHTTP(w, inContext(t.Context()))
	if w.Code != http.StatusForbidden {
		t.Errorf("answered %d", w.Code)
	}
	if r := inContext(t.Context()); guard.SameUser(r) || guard.OtherUser(r) {
		t.Error("a request without a connection is somebody's")
	}
}

func FuzzHost(f *testing.F) {
	for _, host := range []string{"localhost:8403", "127.0.0.1:8403", "[::1]:8403", "localhost", "LOCALHOST:8403", "localhost.:8403", "evil.example", "[::1%25lo]:8403", ""} {
		f.Add(host, 8403)
		f.Add(host, 80)
	}
	f.Fuzz(func(t *testing.T, host string, port int) {
		ours := map[string]bool{}
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			ours[net.JoinHostPort(name, itoa(port))] = true
		}
		if port == 80 {
			ours["localhost"], ours["127.0.0.1"], ours["[::1]"] = true, true, true
		}
		if got := guard.OwnHost(host, port); got != ours[host] {
			t.Errorf("%q on port %d: %v", host, port, got)
		}
	})
}

// FuzzReferer: what a browser would take for another origin never passes, however
// it is written.
func FuzzReferer(f *testing.F) {
	for _, referer := range []string{"http://localhost:8403/", "http://localhost:8403@evil.example/", "//localhost:8403", "http://localhost:8403\\@evil.example/", "http:localhost:8403", "HTTP://localhost:8403/", "http://localhost:8403#", "\x00"} {
		f.Add(referer)
	}
	f.Fuzz(func(t *testing.T, referer string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = "localhost:8403"
		r.Header.Set("Referer", referer)
		if !guard.SameOrigin(r) {
			return
		}
		rest, ok := cutFold(referer, "http://localhost:8403")
		if !ok || rest != "" && !strings.ContainsAny(rest[:1], "/?#") {
			t.Errorf("%q is taken for our own page", referer)
		}
	})
}

// FuzzContentType: only JSON is JSON.
func FuzzContentType(f *testing.F) {
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "text/plain; application/json", "application/json, text/plain", "application/json;", "application/json; charset*0=a"} {
		f.Add(kind)
	}
	f.Fuzz(func(t *testing.T, kind string) {
		if !guard.IsJSON(kind) {
			return
		}
		name, _, _ := strings.Cut(kind, ";")
		if !strings.EqualFold(strings.Trim(name, " \t\r\n\v\f\u0085\u00a0"), "application/json") {
			t.Errorf("%q is taken for JSON", kind)
		}
	})
}
