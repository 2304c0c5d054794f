package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// showRequest logs, at level debug, what goes upstream for a turn: its shape, with
// what was written in it only where the user asked for that too.
func (s *Server) showRequest(ctx context.Context, t *turn) {
	if !s.cfg.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	shown := string(t.chat)
	if !s.cfg.LogContents {
		shown = outline(t.chat)
	}
	s.cfg.Log.Debug("translated request", "thread", t.thread, "bytes", len(t.chat), "request", shown)
}

// shownKeys are the fields whose texts are names of ours or of the API's, and
// nothing that anybody wrote.
var shownKeys = map[string]bool{
	"model": true, "role": true, "type": true, "tool_choice": true, "reasoning_effort": true, "effort": true, "detail": true, "id": true, "tool_call_id": true,
}

// outline is a chat request in which every text is replaced by its length, and
// every schema by its size: tools of the user's own have names and descriptions
// that say what the user works on.
func outline(chat []byte) string {
	var request any
	dec := json.NewDecoder(bytes.NewReader(chat))
	dec.UseNumber()
	if err := dec.Decode(&request); err != nil {
		return fmt.Sprintf("<%d bytes that are no JSON>", len(chat))
	}
	text, err := json.Marshal(withoutTexts("", request))
	if err != nil {
		return fmt.Sprintf("<%d bytes>", len(chat))
	}
	return string(text)
}

func withoutTexts(key string, v any) any {
	switch v := v.(type) {
	case string:
		if shownKeys[key] {
			return v
		}
		return fmt.Sprintf("<%d bytes>", len(v))
	case []any:
		for i := range v {
			v[i] = withoutTexts(key, v[i])
		}
		return v
	case map[string]any:
		if key == "parameters" || key == "schema" {
			text, _ := json.Marshal(v)
			return fmt.Sprintf("<schema of %d bytes>", len(text))
		}
		for k := range v {
			v[k] = withoutTexts(k, v[k])
		}
		return v
	}
	return v
}
