package clawsim

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// squeezeByRule is the rewriting as a list of replacements, one after the other.
func squeezeByRule(s string) string {
	for _, r := range []struct{ re, to string }{
		{`\r\n`, "\n"}, {`\r`, "\n"}, {`\n{3,}`, "\n\n"}, {`(?m)[ \t]+$`, ""},
		{`([^\n]) {2,}`, "${1} "}, {`\t`, "  "},
	} {
		s = regexp.MustCompile(r.re).ReplaceAllString(s, r.to)
	}
	return strings.TrimSpace(s)
}

func TestSqueezeFollowsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \t\r\n  \n\té{")), 0, 60, -1).Draw(t, "text")
		if got, want := squeeze(text), squeezeByRule(text); got != want {
			t.Errorf("%q becomes %q, by the rules %q", text, got, want)
		}
	})
}

func BenchmarkChat1MB(b *testing.B) {
	sim := New(Options{Balance: "1000000", KeepBytes: 1})
	defer sim.Close()
	line := "\tif err := run(ctx, name); err != nil {\n\t\treturn fmt.Errorf(\"run %s: %w\", name, err)\n\t}\n"
	body := chatBody(strings.Repeat(line, 1<<20/len(line)), m{"stream": false})
	b.SetBytes(int64(len(body)))
	handler := sim.Handler()
	for b.Loop() {
		serveOnce(handler, body)
		sim.Apply(Control{Forget: true})
	}
}

func serveOnce(h http.Handler, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(body)))
	return w
}
