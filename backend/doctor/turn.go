package doctor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

// checkTurn sends one turn the way that Codex does: to the address and with the
// headers of its profile, on a model that costs nothing.
func checkTurn(ctx context.Context, l *look) Result {
	if !l.env.Deep {
		return Result{Status: Skip, Text: "not tried: clawrouter-codex doctor --deep sends one on a free model"}
	}
	if !l.bridge().ours {
		return Result{Status: Skip, Text: "not tried: no bridge of ours answers"}
	}
	if who := l.stranger(ctx); who != "" {
		return Result{Status: Skip, Text: fmt.Sprintf("not tried: port %d is answered by %s, who would receive the bridge's key", l.port, who)}
	}
	if _, err := l.upstream(); err != nil {
		return Result{Status: Skip, Text: "not tried: only ClawRouter has models that are free, and none answers"}
	}
	model, err := l.freeModel(ctx)
	if err != nil {
		return Result{Status: Fail, Text: fmt.Sprintf("the model list could not be read through the bridge: %v", err), Mend: "clawrouter-codex up"}
	}
	if model == "" {
		return Result{Status: Skip, Text: "not tried: ClawRouter offers no free model"}
	}
	begun := l.env.Now()
	text, err := l.turn(ctx, model)
	if err != nil {
		return Result{Status: Fail, Text: oneLine(fmt.Sprintf("%s did not answer: %v", model, err)), Mend: "try again, free models are often busy; then look into " + l.env.Settings.Paths.ProgramLog()}
	}
	took := l.env.Now().Sub(begun).Round(100 * time.Millisecond)
	return Result{Status: OK, Text: fmt.Sprintf("%s answered through the whole link in %v: %q", model, took, shorten(text))}
}

// stranger is who may be behind the bridge's port in place of this user's program,
// "" for nobody: anybody can call himself our bridge. Where the system does not tell
// whose a port is, the process that holds the state folder has it.
func (l *look) stranger(ctx context.Context) string {
	owner, err := l.env.Listener(ctx, socket.V4(l.port))
	switch {
	case err == nil && !owner.Ours:
		return owner.String()
	case l.bridge().six, err != nil && !l.running:
		return "another program"
	}
	return ""
}

// shorten keeps an answer on the line.
func shorten(text string) string {
	const most = 60
	runes := []rune(strings.TrimSpace(text))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

// maxList is far above any list of models, in bytes.
const maxList = 8 << 20

// freeModel is the first free model that upstream lists, "" where it has none.
func (l *look) freeModel(ctx context.Context) (string, error) {
	resp, err := l.send(ctx, http.MethodGet, "/models", nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxList))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", errors.New(resp.Status)
	}
	ids, err := models.ParseIDs(body)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if models.Free(id) {
			return id, nil
		}
	}
	return "", nil
}

// send makes a request as the profile has Codex make it.
func (l *look) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	base := l.profile().text("model_providers", codex.ProviderID, "base_url")
	// The headers hold a key, which is for our bridge only.
	host, port := codex.Address(base)
	ours := codex.Loopback(host) && port == l.port
	if !ours {
		base = fmt.Sprintf("http://localhost:%d/v1", l.port)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(base, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if doc := l.profile().doc; doc != nil && ours {
		headers, _ := doc.Value("model_providers", codex.ProviderID, "http_headers")
		table, _ := headers.(map[string]any)
		for name, value := range table {
			if text, ok := value.(string); ok {
				req.Header.Set(name, text)
			}
		}
	}
	req.Header.Set("Content-Type", "application/json")
	return l.env.Transport.RoundTrip(req)
}

// turnBody asks for one word. The time makes the request a new one: ClawRouter
// would answer a repeated one from its memory, and prove nothing.
func (l *look) turnBody(model string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"model": model, "stream": true, "max_output_tokens": 64, "store": false,
		"instructions": "You are being tested. Answer with the word ready, and nothing else.",
		"input": []any{map[string]any{"type": "message", "role": "user", "content": []any{
			map[string]any{"type": "input_text", "text": "Are you ready? It is " + l.env.Now().UTC().Format(time.RFC3339Nano) + "."},
		}}},
	})
}

// turn returns the text of an answer that came to its end.
func (l *look) turn(ctx context.Context, model string) (string, error) {
	body, err := l.turnBody(model)
	if err != nil {
		return "", err
	}
	resp, err := l.send(ctx, http.MethodPost, "/responses", body)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		return "", fmt.Errorf("%s: %s", resp.Status, failureWords(said))
	}
	return readTurn(resp.Body)
}

// failureWords is the message of an error in OpenAI's shape, or the body itself.
func failureWords(body []byte) string {
	var e struct{ Error struct{ Message string } }
	if json.Unmarshal(body, &e) == nil && e.Error.Message != "" {
		return e.Error.Message
	}
	return strings.TrimSpace(string(body))
}

// readTurn reads events up to the last one.
func readTurn(r io.Reader) (string, error) {
	var text strings.Builder
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxList)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		var event struct {
			Type     string `json:"type"`
			Delta    string `json:"delta"`
			Message  string `json:"message"`
			Response struct {
				Error struct{ Message string } `json:"error"`
			} `json:"response"`
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return "", fmt.Errorf("an event is broken: %w", err)
		}
		switch event.Type {
		case "response.output_text.delta":
			text.WriteString(event.Delta)
		case "response.failed":
			return "", errors.New(event.Response.Error.Message)
		case "error":
			return "", errors.New(event.Message)
		// A model that thinks may use up its 64 tokens: the link works all the same.
		case "response.completed", "response.incomplete":
			return text.String(), nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	return "", errors.New("the answer was cut off")
}
