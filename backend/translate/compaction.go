package translate

import (
	"crypto/hmac"
	"encoding/base64"
	"strconv"
	"strings"
)

// Compact turns the request into one for a summary of its input, as a
// compaction_trigger item in it does too. The answer is then exactly one
// compaction item, which Codex sends back in place of what it sums up.
func (req *Request) Compact() { req.compact = true }

// compactionOrder asks the model for the summary. It stands where the user's
// next message would.
const compactionOrder = `"This conversation is about to be cut to make room. Write a hand-over for the model that goes on with the work: what the user wants, in their words where they matter; what was decided and why; what is done, with the paths of the files; what is still to be done, in order; commands, names and values that will be needed again. Only what helps to go on, no greeting, no call of a tool."`

// compactionIntro stands before the summary when it comes back.
const compactionIntro = `[The earlier part of this conversation was replaced by this summary:]\n\n`

// compactionLost stands where a summary comes back that we did not write.
const compactionLost = `"[The earlier part of this conversation was compacted by another provider, and cannot be read here.]"`

const compactionVersion = "cc1."

// sealCompaction makes the encrypted_content that carries a summary.
func sealCompaction(key, summary []byte) string {
	mac := envelopeMAC(key, []byte(compactionVersion), summary)
	return compactionVersion + base64.RawURLEncoding.EncodeToString(append(mac, summary...))
}

func openCompaction(key []byte, sealed string) (summary []byte, ok bool) {
	packed, ours := strings.CutPrefix(sealed, compactionVersion)
	raw, err := base64.RawURLEncoding.DecodeString(packed)
	if !ours || err != nil || len(raw) < macSize {
		return nil, false
	}
	summary = raw[macSize:]
	return summary, hmac.Equal(raw[:macSize], envelopeMAC(key, []byte(compactionVersion), summary))
}

// compaction puts a summary back into the history, as the user's words: it holds
// what the user asked for.
func (b *builder) compaction(it *item) {
	b.endGroup()
	said := text(compactionLost)
	if summary, ok := openCompaction(b.key, it.encrypted.String()); ok {
		said = append(append([]byte(`"`+compactionIntro), appendEscaped(nil, summary)...), '"')
	}
	b.messages = append(b.messages, message{role: "user", content: []part{{kind: partText, text: said}}, separator: line})
}

// endCompaction writes the one item that a compaction's answer is.
func (s *Stream) endCompaction() {
	id, index := s.opts.NewID("cmp_"), s.takeIndex()
	item := func(sealed string) []byte {
		return []byte(`{"id":"` + id + `","type":"compaction","encrypted_content":"` + sealed + `"}`)
	}
	s.ev.start(evItemAdded)
	s.ev.int("output_index", index)
	s.ev.raw("item", item(""))
	s.ev.end()
	s.itemDone(index, item(sealCompaction(s.turn.envelopeKey, unescape(nil, s.summary))))
}

// Compaction returns the answer to POST /v1/responses/compact; nil before End.
func (s *Stream) Compaction() []byte {
	if s.response == nil {
		return nil
	}
	dst := []byte(`{"id":"` + s.id + `","object":"response.compaction","created_at":`)
	dst = strconv.AppendInt(dst, s.created, 10)
	dst = append(append(dst, `,"output":[`...), s.output...)
	dst = append(dst, `],"usage":`...)
	return append(s.usage.append(dst), '}')
}
