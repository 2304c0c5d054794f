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

// sameEvents fails where pieces of the wire give other bytes than the whole.
func sameEvents(t *testing.T, sc script, want []byte, how string, pieces ...[]byte) {
	t.Helper()
	got := stream(newStream(t, sc.request, sc.codex), pieces...)
	if !bytes.Equal(want, got) {
		t.Fatalf("%s: other events (-whole +pieces):\n%s", how, cmp.Diff(shortened(want), shortened(got)))
	}
}

// TestSplitAtEveryByte cuts each wire in two at every byte, and into single bytes.
func TestSplitAtEveryByte(t *testing.T) {
	for name, sc := range wires(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := stream(newStream(t, sc.request, sc.codex), sc.upstream)
			for i := range sc.upstream {
				sameEvents(t, sc, want, "split in two", sc.upstream[:i], sc.upstream[i:])
			}
			var single [][]byte
			for i := range sc.upstream {
				single = append(single, sc.upstream[i:i+1])
			}
			sameEvents(t, sc, want, "byte by byte", single...)
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
		want := stream(newStream(t, sc.request, sc.codex), sc.upstream)
		rest, pieces := sc.upstream, [][]byte(nil)
		for len(rest) > 0 {
			n := rapid.IntRange(0, len(rest)).Draw(rt, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
			if len(pieces) > 20 {
				pieces, rest = append(pieces, rest), nil
			}
		}
		got := stream(newStream(t, sc.request, sc.codex), pieces...)
		if !bytes.Equal(want, got) {
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
		want := stream(newStream(t, sc.request, sc.codex), sc.upstream)
		for form, rewrite := range forms {
			t.Run(name+"/"+form, func(t *testing.T) {
				wire := rewrite(bytes.Clone(sc.upstream))
				sameEvents(t, sc, want, form, wire)
				for i := range wire {
					if i%7 == 0 {
						sameEvents(t, sc, want, form+", split", wire[:i], wire[i:])
					}
				}
			})
		}
	}
}
