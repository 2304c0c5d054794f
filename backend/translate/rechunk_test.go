package translate

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// wires are all event streams that the tests have, as upstream sends them.
func wires(t testing.TB) map[string]script {
	all := map[string]script{}
	for _, sc := range scripts(t) {
		if !sc.buffered {
			all[sc.name] = sc
		}
	}
	for _, r := range recordings(t) {
		if r.streamed {
			all["recorded-"+r.name] = script{name: r.name, request: recorded, upstream: r.body}
		}
	}
	return all
}

// replay gives any number of answers to the script's one request.
func (sc script) replay(t testing.TB) func(pieces ...[]byte) []byte {
	_, turn := translated(t, sc.request, Target{Stream: true})
	turn.Codex = sc.codex
	return func(pieces ...[]byte) []byte {
		return stream(turn.Stream(StreamOptions{NewID: numbered(), Now: noon}), pieces...)
	}
}

// sameEvents fails where pieces of the wire gave other bytes than the whole.
func sameEvents(t *testing.T, how string, want, got []byte) {
	t.Helper()
	if !bytes.Equal(want, got) {
		t.Fatalf("%s: other events (-whole +pieces):\n%s", how, cmp.Diff(shortened(want), shortened(got)))
	}
}

// TestSplitAtEveryByte cuts each wire in two at every byte, and into single bytes.
func TestSplitAtEveryByte(t *testing.T) {
	for name, sc := range wires(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replay := sc.replay(t)
			want := replay(sc.upstream)
			for i := range sc.upstream {
				sameEvents(t, "split in two", want, replay(sc.upstream[:i], sc.upstream[i:]))
			}
			var single [][]byte
			for i := range sc.upstream {
				single = append(single, sc.upstream[i:i+1])
			}
			sameEvents(t, "byte by byte", want, replay(single...))
		})
	}
}

func TestSplitAnywhere(t *testing.T) {
	all := wires(t)
	var names []string
	for name := range all {
		names = append(names, name)
	}
	rapid.Check(t, func(rt *rapid.T) {
		sc := all[rapid.SampledFrom(names).Draw(rt, "wire")]
		replay := sc.replay(t)
		want := replay(sc.upstream)
		rest, pieces := sc.upstream, [][]byte(nil)
		for len(rest) > 0 {
			n := rapid.IntRange(0, len(rest)).Draw(rt, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
			if len(pieces) > 20 {
				pieces, rest = append(pieces, rest), nil
			}
		}
		if got := replay(pieces...); !bytes.Equal(want, got) {
			rt.Fatalf("%s: other events:\n%s", sc.name, cmp.Diff(shortened(want), shortened(got)))
		}
	})
}

// TestServersWriteEventsDifferently gives each wire in the forms that the
// event-stream format allows.
func TestServersWriteEventsDifferently(t *testing.T) {
	forms := map[string]func([]byte) []byte{
		"CRLF": func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) },
		"CR":   func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r")) },
		"BOM":  func(b []byte) []byte { return append([]byte("\xef\xbb\xbf"), b...) },
		"no space after the colon": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("data: "), []byte("data:"))
		},
		"comments": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("data: "), []byte(": heartbeat\n\n:\ndata: "))
		},
		"names, ids and delays": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("data: "), []byte("event: message\nid: 7\nretry: 10\ndata: "))
		},
		"two data lines": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(`data: {"choices":[`), []byte("data: {\"choices\":\ndata: ["))
		},
		"blank lines": func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n\n"), []byte("\n\n\n\n")) },
		"no blank line at the end": func(b []byte) []byte {
			return bytes.TrimRight(b, "\n")
		},
	}
	for name, sc := range wires(t) {
		replay := sc.replay(t)
		want := replay(sc.upstream)
		for form, rewrite := range forms {
			t.Run(name+"/"+form, func(t *testing.T) {
				wire := rewrite(bytes.Clone(sc.upstream))
				sameEvents(t, form, want, replay(wire))
				for i := 0; i < len(wire); i += 37 {
					sameEvents(t, form+", split", want, replay(wire[:i], wire[i:]))
				}
			})
		}
	}
}
