package translate

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// envelope is what a reasoning item's encrypted_content holds: who thought it,
// and what its provider wants back beside the text. Clients return it verbatim,
// after a restart too. It is not secret but authenticated, together with the
// text: thoughts that somebody put into a history must not pass for the model's.
type envelope struct {
	Family string `json:"family"`
	// Text is set where the client may drop the item's content, because it asked
	// for no summary; else the text stands in the item.
	Text string `json:"text,omitempty"`
	// Details are the provider's reasoning_details, with signatures.
	Details json.RawMessage `json:"details,omitempty"`
}

const (
	envelopeVersion = "cr1."
	macSize         = 16
	// maxEnvelope bounds what is sealed and opened, in bytes. Without its details
	// a thought is still restored as text.
	maxEnvelope = 256 << 10
)

// seal makes encrypted_content for a thought; "" where there is no key.
func (e envelope) seal(key []byte, text []byte) string {
	if len(key) == 0 {
		return ""
	}
	payload, err := json.Marshal(e)
	if err != nil || len(payload) > maxEnvelope {
		e.Details, e.Text = nil, ""
		payload, _ = json.Marshal(e)
	}
	if e.Text != "" {
		text = []byte(e.Text)
	}
	mac := envelopeMAC(key, payload, text)
	return envelopeVersion + base64.RawURLEncoding.EncodeToString(append(mac, payload...))
}

// openEnvelope reads encrypted_content. text is the item's own; what the thought
// really was is returned. ok is false for what we did not write.
func openEnvelope(key []byte, sealed string, text []byte) (e envelope, thought []byte, ok bool) {
	packed, ours := strings.CutPrefix(sealed, envelopeVersion)
	if !ours || len(key) == 0 || len(packed) > 2*maxEnvelope {
		return e, nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(packed)
	if err != nil || len(raw) < macSize {
		return e, nil, false
	}
	mac, payload := raw[:macSize], raw[macSize:]
	if json.Unmarshal(payload, &e) != nil {
		return e, nil, false
	}
	if e.Text != "" {
		text = []byte(e.Text)
	}
	return e, text, hmac.Equal(mac, envelopeMAC(key, payload, text))
}

func envelopeMAC(key, payload, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(payload)
	h.Write([]byte{0})
	h.Write(text)
	return h.Sum(nil)[:macSize]
}

// thought is what the model thought before a message.
type thought struct {
	parts   []part
	details [][]byte // raw arrays of reasoning_details
}

func (t *thought) empty() bool { return len(t.parts) == 0 && len(t.details) == 0 }

// recall reads a reasoning item back. Thoughts of another family are left out:
// they mean nothing to this model, and signatures would be refused. An item
// without an envelope is taken as this model's own; one with an envelope that is
// not ours was written elsewhere.
func (b *builder) recall(it *item) (t thought) {
	text := it.content
	if len(text) == 0 {
		text = it.summary
	}
	if it.encrypted.empty() {
		t.parts = text
		return t
	}
	var decoded []byte
	for _, p := range text {
		decoded = unescape(decoded, p.text.inner())
	}
	e, said, ok := openEnvelope(b.key, it.encrypted.String(), decoded)
	if !ok || e.Family != b.family || e.Family == "" {
		return t
	}
	if len(said) > 0 {
		t.parts = text
		if !bytes.Equal(said, decoded) {
			t.parts = []part{{kind: partText, text: appendQuoted(nil, said)}}
		}
	}
	if len(e.Details) > 0 {
		t.details = [][]byte{e.Details}
	}
	return t
}
