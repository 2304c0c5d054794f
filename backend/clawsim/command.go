package clawsim

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
)

var commands = []string{"/debug", "/imagegen", "/cr-imagegen", "/img2img"}

var imageFlag = regexp.MustCompile(`--image\s+(\S+)`)

// obeyCommand answers a last user message that begins with one of ClawRouter's
// own commands; the model never sees it. The test is on the bare beginning of
// the text, so that "/debugger fails" is a command and " /debug" is not.
func (s *Sim) obeyCommand(w http.ResponseWriter, x *exchange) bool {
	if !s.spoils(SpoilCommands) {
		return false
	}
	text := x.chat.lastUser()
	for _, name := range commands {
		args, ok := strings.CutPrefix(text, name)
		if !ok {
			continue
		}
		s.logf("[ClawRouter] %s command", name)
		var model, reply string
		switch name {
		case "/debug":
			model, reply = "clawrouter/debug", s.debugText(x, strings.TrimSpace(args))
		case "/img2img":
			model, reply = "clawrouter/img2img", readLocalImage(args)
		default:
			model, reply = "clawrouter/image", s.makeImage(x, strings.TrimSpace(args))
		}
		s.writeSynthetic(w, x, model, reply)
		return true
	}
	return false
}

func (s *Sim) debugText(x *exchange, prompt string) string {
	profile := loadCatalog().resolve(x.asked)
	if !isProfile(profile) {
		profile = "auto"
	}
	d := decide(profile, x.chat)
	return fmt.Sprintf("ClawRouter Debug\n\nProfile: %s | Tier: %s | Model: %s\nConfidence: %s | Cost: $%.4f | Savings: %.0f%%\nReasoning: %s\n\nPrompt: %s",
		d.profile, d.tier, d.model, d.confidence(), d.cost, d.savings*100, d.reasoning(), prompt)
}

// readLocalImage does what makes /img2img dangerous: it opens any path that the
// text names. The stand-in tells the size and sends the bytes nowhere.
func readLocalImage(args string) string {
	m := imageFlag.FindStringSubmatch(args)
	if m == nil {
		return "Usage: /img2img --image <path> <prompt>"
	}
	info, err := os.Stat(m[1])
	if err != nil {
		return "Failed to read image file: " + err.Error()
	}
	return fmt.Sprintf("Read image file %s (%d bytes)", m[1], info.Size())
}

func (s *Sim) makeImage(x *exchange, prompt string) string {
	if prompt == "" {
		return "Usage: /imagegen <prompt>"
	}
	url, ok := s.image(x.header, encode(map[string]string{"model": "google/nano-banana", "prompt": prompt}))
	if !ok {
		return "Image generation failed: Insufficient USDC balance"
	}
	return url + "\n\nModel: google/nano-banana | Size: 1024x1024"
}

// writeSynthetic sends a completion of ClawRouter's own making.
func (s *Sim) writeSynthetic(w http.ResponseWriter, x *exchange, model, text string) {
	now := s.clock.Now()
	for _, k := range []string{"X-Context-Used-Kb", "X-Context-Limit-Kb"} {
		w.Header().Del(k)
	}
	id := fmt.Sprintf("chatcmpl-%s-%d", strings.TrimPrefix(model, "clawrouter/"), now.UnixMilli())
	if !x.stream {
		c := completion{ID: id, Object: "chat.completion", Created: now.Unix(), Model: model, Usage: &usage{},
			Choices: []choice{{Message: message{Role: "assistant", Content: &text}, FinishReason: "stop"}}}
		writeJSON(w, http.StatusOK, string(encode(c)))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	for _, c := range []string{
		fmt.Sprintf(`{"index":0,"delta":{"role":"assistant","content":%s},"finish_reason":null}`, encode(text)),
		`{"index":0,"delta":{},"finish_reason":"stop"}`,
	} {
		w.Write(event([]byte(fmt.Sprintf(`{"id":%q,"object":"chat.completion.chunk","created":%d,"model":%q,"choices":[%s]}`,
			id, now.Unix(), model, c))))
	}
	writeString(w, "data: [DONE]\n\n")
}
