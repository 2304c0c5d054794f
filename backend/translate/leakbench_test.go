package translate

import "testing"

// Text that can begin no call goes through the splitter as it came: these cost
// the same, but for the look at each byte. BenchmarkTextChunk is the usual chunk,
// with a line break.
func BenchmarkPlainTextChunk(b *testing.B) {
	benchmarkChunk(b, textWire, string(wire(says(" the next word of it"))))
}

// What the splitter has of that: the rest is decoding and writing.
func BenchmarkSplitterPass(b *testing.B) {
	p := newSplitter(leakedTools(b).turn, deaf{})
	in := []byte(" the next word of it")
	b.ReportAllocs()
	for b.Loop() {
		if p.pass(in) != passText {
			b.Fatal("plain text was looked at closely")
		}
	}
}

// The same for text with a line break, which is decoded.
func BenchmarkSplitterFeed(b *testing.B) {
	p := newSplitter(leakedTools(b).turn, deaf{})
	in := []byte(" the next word\n")
	b.ReportAllocs()
	for b.Loop() {
		p.feed(in)
	}
}

// Text that is only looked at closely.
func BenchmarkMarkdownChunk(b *testing.B) {
	benchmarkChunk(b, textWire, string(wire(says("a `b` [c](d) <e>\n"))))
}

// A call that is being held back, of which a few bytes come at a time.
func BenchmarkLeakedCall(b *testing.B) {
	tools := leakedTools(b)
	pieces := [][]byte{[]byte("<function=shell>\n<parameter=cmd>\n")}
	size := 0
	for range 2000 {
		pieces = append(pieces, []byte("some more of <it>\n"))
	}
	pieces = append(pieces, []byte("</parameter>\n</function>"))
	for _, p := range pieces {
		size += len(p)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		p := newSplitter(tools.turn, deaf{})
		for _, piece := range pieces {
			p.feed(piece)
		}
		p.end(false)
		if p.pos != 0 || p.base != size {
			b.Fatal("the content was not read to its end")
		}
	}
}

// A stream costs a splitter, and nothing more before the first tag.
func BenchmarkNewSplitter(b *testing.B) {
	tools := leakedTools(b)
	b.ReportAllocs()
	for b.Loop() {
		p := newSplitter(tools.turn, deaf{})
		if p.pass([]byte("Hello")) != passText {
			b.Fatal("plain text was looked at closely")
		}
	}
}

func TestPlainTextAllocatesNothing(t *testing.T) {
	for name, chunk := range map[string]string{
		"plain": "the next word", "a line": "the end\n", "markdown": "a `b` [c](d) ~ {e} <f>\n", "unicode": "é你🦊", "escapes": "\"\t\\",
	} {
		if got := testing.AllocsPerRun(2000, steady(t, declared, textWire, string(wire(says(chunk))))); got != 0 {
			t.Errorf("%s: %v allocations a chunk", name, got)
		}
	}
}
