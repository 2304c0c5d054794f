package translate

import (
	"bytes"
	"encoding/json"
)

// thinkDetails takes a piece of reasoning_details: what a provider wants back
// beside, or instead of, the readable thought. A thought that is only encrypted
// still needs an item to travel in.
func (s *Stream) thinkDetails(raw []byte, said bool) {
	if s.turn.Request.compact {
		return
	}
	if s.open.kind != openReasoning {
		s.closeItem()
		s.openReasoning()
	}
	s.details = append(s.details, bytes.Clone(raw))
	if said {
		return
	}
	for _, d := range parseDetails(raw) {
		for _, field := range []string{"text", "summary"} {
			if t, ok := d[field].(string); ok && t != "" {
				s.reasoning(appendEscaped(nil, t))
			}
		}
	}
}

func parseDetails(raw []byte) []map[string]any {
	var list []map[string]any
	if json.Unmarshal(raw, &list) != nil {
		return nil // of a shape that nobody documents: carried, not read
	}
	return list
}

// mergeDetails makes one array of what came in pieces: fragments of one entry
// share its type and index, and providers want the entry whole.
func mergeDetails(pieces [][]byte) json.RawMessage {
	if len(pieces) == 0 {
		return nil
	}
	var merged []map[string]any
	for _, raw := range pieces {
		for _, d := range parseDetails(raw) {
			if n := len(merged); n > 0 && d["index"] != nil && merged[n-1]["index"] == d["index"] && merged[n-1]["type"] == d["type"] {
				joinDetail(merged[n-1], d)
				continue
			}
			merged = append(merged, d)
		}
	}
	out, err := json.Marshal(merged)
	if err != nil || merged == nil {
		return nil
	}
	return out
}

func joinDetail(whole, piece map[string]any) {
	for k, v := range piece {
		switch t, isText := v.(string); {
		case v == nil:
		case isText && (k == "text" || k == "summary" || k == "data"):
			before, _ := whole[k].(string)
			whole[k] = before + t
		default:
			whole[k] = v
		}
	}
}
