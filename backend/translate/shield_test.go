package translate

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// lastUserContent returns the content of the last user message that goes upstream.
func lastUserContent(t *testing.T, chat []byte) string {
	t.Helper()
	var req chatRequest
	if err := json.Unmarshal(chat, &req); err != nil {
		t.Fatal(err)
	}
	for i := len(req.Messages) - 1; i >= 0; i-- {
		if req.Messages[i].Role == "user" {
			return string(req.Messages[i].Content)
		}
	}
	t.Fatalf("no user message in %s", chat)
	return ""
}

// TestProxyCommandsAreDisarmed: ClawRouter obeys these words itself where a user's
// message begins with them, and one of them reads any file of the user.
func TestProxyCommandsAreDisarmed(t *testing.T) {
	for _, c := range []struct {
		name, content string
		disarmed      bool
	}{
		{"debug", `"/debug"`, true},
		{"a longer word", `"/debugger fails"`, true},
		{"upper case", `"/DEBUG x"`, true},
		{"an image command that reads a file", `"/img2img --image /etc/passwd"`, true},
		{"imagegen", `"/imagegen a cat"`, true},
		{"cr-imagegen", `"/cr-imagegen a cat"`, true},
		{"an escaped slash", `"\/debug"`, true},
		{"every character escaped", `"\u002f\u0063\u0072\u002d\u0069\u006d\u0061\u0067\u0065\u0067\u0065\u006e"`, true},
		{"a slash as a code", `"\u002fdebug"`, true},
		{"letters as codes", `"\u002f\u0064\u0065\u0062\u0075\u0067"`, true},
		{"the first part", `[{"type":"input_text","text":"/debug"},{"type":"input_text","text":"x"}]`, true},
		{"behind an empty part", `[{"type":"input_text","text":""},{"type":"input_text","text":"/debug"}]`, true},
		{"behind an image", `[{"type":"input_image","image_url":"data:image/png;base64,AA=="},{"type":"input_text","text":"/debug"}]`, true},
		{"behind a space", `" /debug"`, false},
		{"another word", `"/help me"`, false},
		{"in the middle", `"run /debug"`, false},
		{"a later part", `[{"type":"input_text","text":"x"},{"type":"input_text","text":"/debug"}]`, false},
		{"one letter", `"/"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := `{"model":"m","input":[{"role":"user","content":` + c.content + `}]}`
			plain, _ := translated(t, body, Target{})
			shielded, _ := translated(t, body, Target{ClawRouter: true})
			exposed, _ := translated(t, body, Target{ClawRouter: true, Exposed: map[string]bool{"commands": true}})
			want := lastUserContent(t, plain)
			if c.disarmed {
				at := strings.Index(want, `"text":"`) + len(`"text":"`)
				if want[0] == '"' {
					at = 1
				}
				want = want[:at] + " " + want[at:]
			}
			if got := lastUserContent(t, shielded); got != want {
				t.Errorf("to ClawRouter goes %s, want %s", got, want)
			}
			if got := lastUserContent(t, exposed); got != lastUserContent(t, plain) {
				t.Errorf("with the protection off goes %s", got)
			}
		})
	}
}

// TestNoticeIsCutOff: what ClawRouter glues to an answer is told to the user where
// such things are told, and does not pile up in the history.
func TestNoticeIsCutOff(t *testing.T) {
	const notice = `> **⚠️ Wallet empty** — using free model. Send USDC to 0xABCD.`
	for _, c := range []struct{ name, content, wantText, wantNotice string }{
		{"before text", notice + `\n\nHello`, "Hello", notice},
		{"before more than one paragraph", notice + `\n\na\n\nb`, "a\n\nb", notice},
		{"before no text", notice + `\n\nnull`, "", notice},
		{"alone", notice, "", notice},
		{"none", `Hello`, "Hello", ""},
		{"in the middle", `Hello\n\n` + notice, "Hello\n\n" + notice, ""},
		{"null that the model said", `null`, "null", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := `{"choices":[{"message":{"content":"` + c.content + `","tool_calls":[{"id":"a","function":{"name":"exec_command","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`
			_, turn := translated(t, declared, Target{ClawRouter: true})
			s := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
			mustRead(t, buffered(s, []byte(body)))
			if got := answerText(t, s); got != c.wantText {
				t.Errorf("the text is %q, want %q", got, c.wantText)
			}
			if got := s.Result().Notice; got != c.wantNotice {
				t.Errorf("the notice is %q, want %q", got, c.wantNotice)
			}
		})
	}
}

// answerText returns the text of the answer's messages.
func answerText(t *testing.T, s *Stream) (text string) {
	t.Helper()
	var r responseObject
	if err := json.Unmarshal(s.Response(), &r); err != nil {
		t.Fatal(err)
	}
	for _, raw := range r.Output {
		var it outputItem
		if err := json.Unmarshal(raw, &it); err != nil {
			t.Fatal(err)
		}
		if it.Type == "message" {
			for _, p := range it.Content {
				text += p.Text
			}
		}
	}
	return text
}

// TestLargeRequestsGoAsParts: ClawRouter rewrites long requests inside strings,
// which corrupts code, and leaves parts alone. Small ones stay as everybody
// writes them, and so do those that do not go to a ClawRouter.
func TestLargeRequestsGoAsParts(t *testing.T) {
	large := strings.Repeat(`\t\tx := 1\n`, 20_000)
	body := func(text string) string {
		return `{"model":"m","input":[{"role":"user","content":"` + text + `"},{"role":"user","content":[{"type":"input_image","file_id":"f"}]},{"role":"assistant","content":"a"},
			{"type":"function_call","name":"f","arguments":"{}","call_id":"c"},{"type":"function_call_output","call_id":"c","output":"o"}]}`
	}
	const (
		asText  = `"[An image was attached here, which cannot be passed on.]"`
		asParts = `[{"type":"text","text":"[An image was attached here, which cannot be passed on.]"}]`
	)
	for _, c := range []struct {
		name, text, user, tool string
		to                     Target
	}{
		{"large", large, asParts, `[{"type":"text","text":"o"}]`, Target{Model: "openai/gpt-5.6-terra", ClawRouter: true}},
		{"large, to a family whose tools take only text", large, asParts, `"o"`, Target{Model: "deepseek/deepseek-v4-pro", ClawRouter: true}},
		{"small", "x", asText, `"o"`, Target{Model: "openai/gpt-5.6-terra", ClawRouter: true}},
		{"large, to another upstream", large, asText, `"o"`, Target{Model: "openai/gpt-5.6-terra"}},
		{"large, with the protection off", large, asText, `"o"`, Target{Model: "openai/gpt-5.6-terra", ClawRouter: true, Exposed: map[string]bool{"parts": true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			chat, _ := translated(t, body(c.text), c.to)
			if err := checkChat(chat); err != nil {
				t.Fatal(err)
			}
			var req chatRequest
			if err := json.Unmarshal(chat, &req); err != nil {
				t.Fatal(err)
			}
			for i, want := range map[int]string{1: c.user, 3: c.tool} {
				if got := string(req.Messages[i].Content); got != want {
					t.Errorf("message %d is %s, want %s", i, got, want)
				}
			}
			if got := string(req.Messages[2].Content); got != `"a"` {
				t.Errorf("the model's own text is %s", got)
			}
		})
	}
}

// TestVaryChangesNothingButBytes: each repeat is another body of the same meaning.
func TestVaryChangesNothingButBytes(t *testing.T) {
	chat, _ := translated(t, `{"model":"m","input":"say ,\"user\":\"repeat-1\"} please"}`, Target{})
	seen := map[string]bool{string(chat): true}
	varied := chat
	for n := 1; n <= 3; n++ {
		varied = Vary(varied, n)
		if seen[string(varied)] {
			t.Errorf("repeat %d is a body that was sent before", n)
		}
		seen[string(varied)] = true
		if err := checkChat(varied); err != nil {
			t.Errorf("repeat %d: %v in %s", n, err, varied)
		}
		got := members(t, varied)
		delete(got, "user")
		for name, want := range members(t, chat) {
			if string(got[name]) != string(want) {
				t.Errorf("repeat %d: %s is %s, was %s", n, name, got[name], want)
			}
			delete(got, name)
		}
		if len(got) > 0 {
			t.Errorf("repeat %d adds %v", n, got)
		}
	}
	if out := Vary([]byte("[]"), 1); string(out) != "[]" {
		t.Errorf("what is no object became %s", out)
	}
}

// TestVaryKeepsTheUsersOwn: a request that names its user already still holds
// every name once.
func TestVaryKeepsTheUsersOwn(t *testing.T) {
	chat, _ := translated(t, `{"model":"m","input":"x","user":"u"}`, Target{})
	first := Vary(chat, 1)
	if err := checkChat(first); err != nil {
		t.Errorf("%v in %s", err, first)
	}
	if second := Vary(first, 2); string(first) == string(second) || string(first) == string(chat) {
		t.Errorf("the same body: %s", second)
	}
}
