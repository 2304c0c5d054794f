package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

// fakeBar writes down what a menu bar is told, and shows what it then looks like.
type fakeBar struct {
	told  []string
	items []*fakeItem
}

type fakeItem struct {
	bar          *fakeBar
	text         string
	checked, off bool
	hidden, line bool
	sub          []*fakeItem
}

func (b *fakeBar) note(format string, args ...any) {
	b.told = append(b.told, fmt.Sprintf(format, args...))
}

func (b *fakeBar) add(_ kind, text string, checked bool) item {
	b.note("add %q", text)
	it := &fakeItem{bar: b, text: text, checked: checked}
	b.items = append(b.items, it)
	return it
}

func (b *fakeBar) line()                 { b.items = append(b.items, &fakeItem{line: true}) }
func (b *fakeBar) setIcon(f face)        { b.note("icon %s", f.icon) }
func (b *fakeBar) setBeside(text string) { b.note("beside %q", text) }
func (b *fakeBar) setTip(text string)    { b.note("tip %q", text) }

func (i *fakeItem) setText(text, _ string) { i.bar.note("%q becomes %q", i.text, text); i.text = text }
func (i *fakeItem) setChecked(on bool)     { i.bar.note("%q checked: %v", i.text, on); i.checked = on }
func (i *fakeItem) setOff(off bool)        { i.bar.note("%q grey: %v", i.text, off); i.off = off }
func (i *fakeItem) show(on bool)           { i.bar.note("%q shown: %v", i.text, on); i.hidden = !on }

func (i *fakeItem) add(_ kind, text string, checked bool) item {
	i.bar.note("add %q below %q", text, i.text)
	it := &fakeItem{bar: i.bar, text: text, checked: checked}
	i.sub = append(i.sub, it)
	return it
}

// looks writes a bar as text writes a face.
func (b *fakeBar) looks() string {
	var out strings.Builder
	for _, it := range b.items {
		it.write(&out, "")
	}
	return out.String()
}

func (i *fakeItem) write(out *strings.Builder, indent string) {
	switch {
	case i.hidden:
		return
	case i.line:
		out.WriteString("---\n")
		return
	}
	mark, off := "-", ""
	if i.checked {
		mark = "x"
	}
	if i.off {
		off = " (grey)"
	}
	fmt.Fprintf(out, "%s%s %s%s\n", indent, mark, i.text, off)
	for _, sub := range i.sub {
		sub.write(out, indent+"    ")
	}
}

// expected is what a bar must look like when it shows f.
func expected(f face) string {
	_, rows, _ := strings.Cut(text(f), "\n")
	var out strings.Builder
	for line := range strings.Lines(rows) {
		// A bar of the test marks every row, whatever its kind.
		trimmed := strings.TrimLeft(line, " ")
		indent := len(line) - len(trimmed)
		if !strings.HasPrefix(trimmed, "x ") && !strings.HasPrefix(trimmed, "- ") && !strings.HasPrefix(trimmed, "---") {
			indent -= 2
			trimmed = "- " + trimmed
		}
		out.WriteString(strings.Repeat(" ", indent) + trimmed)
	}
	return out.String()
}

func TestTheBarShowsTheFace(t *testing.T) {
	b := &fakeBar{}
	m := newMenu(b)
	more := well()
	more.models = append(more.models, codex.PickerModel{ID: "zai/glm-5", Name: "GLM 5"}, codex.PickerModel{ID: "free/gpt-oss", Name: "GPT OSS"})
	fewer := well()
	fewer.models = fewer.models[1:2]
	needs := well()
	needs.state.Notices = []link.Notice{{Level: link.LevelError, Text: "Something is wrong."}}
	needs.state.Restart = true
	for i, f := range []facts{{}, well(), more, needs, fewer, {stopping: true}, more, well()} {
		m.draw(draw(f))
		if diff := cmp.Diff(expected(draw(f)), b.looks()); diff != "" {
			t.Errorf("face %d: %s", i, diff)
		}
	}
}

// A host redraws for each thing that it is told: what is as it was is not told.
func TestOnlyWhatDiffersIsTold(t *testing.T) {
	b := &fakeBar{}
	m := newMenu(b)
	f := well()
	m.draw(draw(f))
	b.told = nil
	m.draw(draw(f))
	if len(b.told) > 0 {
		t.Errorf("the same face again: %q", b.told)
	}
	f.state.WebSearch.On = true
	m.draw(draw(f))
	if diff := cmp.Diff([]string{`"Web search" checked: true`}, b.told); diff != "" {
		t.Error(diff)
	}
	b.told = nil
	m.repaint()
	if diff := cmp.Diff([]string{"icon clawrouter"}, b.told); diff != "" {
		t.Error(diff)
	}
}

func TestClicks(t *testing.T) {
	b := &fakeBar{}
	m := newMenu(b)
	f := well()
	f.state.Login.Available = false
	m.draw(draw(f))
	at := func(text string) *fakeItem {
		for _, it := range b.items {
			if it.text == text {
				return it
			}
		}
		t.Fatalf("no row %q", text)
		return nil
	}
	if c := m.clicked(at("Open panel")); c != (click{do: openPanel}) {
		t.Errorf("a button: %+v", c)
	}
	if c := m.clicked(at("Launch at login")); c != (click{}) {
		t.Errorf("a grey row: %+v", c)
	}
	if c := m.clicked(at("Today $0.42 of $5.00")); c != (click{}) {
		t.Errorf("a row that only tells: %+v", c)
	}
	b.told = nil
	if c := m.clicked(at("Subscription")); c.do != useProvider {
		t.Errorf("a radio: %+v", c)
	}
	if diff := cmp.Diff([]string{`"Subscription" checked: false`}, b.told); diff != "" {
		t.Errorf("the host's own tick stays: %s", diff)
	}
	if c := m.clicked(&fakeItem{}); c != (click{}) {
		t.Errorf("a row that nobody knows: %+v", c)
	}
}
