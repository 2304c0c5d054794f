package app

import (
	"slices"
	"sync"
)

// item is one row as the system keeps it. Its methods are cheap, but each tells
// every host that shows the menu: they are called only for what differs.
type item interface {
	setText(text, tip string)
	setChecked(on bool)
	setOff(off bool)
	show(on bool)
	// add appends a row with a text and a tick to the submenu of this one.
	add(k kind, text string, checked bool) item
}

// bar is the system's menu bar with our icon in it.
type bar interface {
	add(k kind, text string, checked bool) item
	line()
	setIcon(f face)
	setBeside(text string)
	setTip(text string)
}

// menu keeps a bar true to the last face. Rows are made once and then changed:
// systray panics where a row is clicked that was just taken away, and hosts keep
// a menu open while it changes.
type menu struct {
	bar bar

	mu    sync.Mutex // guards the rest: a face is drawn, and clicks look rows up
	made  bool
	shown face
	rows  [rowCount]*entry
	byID  map[item]*entry
}

// entry is a row with the item that shows it.
type entry struct {
	item item
	row  row
	sub  []*entry
}

func newMenu(b bar) *menu { return &menu{bar: b, byID: map[item]*entry{}} }

// draw shows f, and touches only what differs from what is shown.
func (m *menu) draw(f face) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.made || f.icon != m.shown.icon {
		m.bar.setIcon(f)
	}
	if f.beside != m.shown.beside {
		m.bar.setBeside(f.beside)
	}
	if f.tip != m.shown.tip {
		m.bar.setTip(f.tip)
	}
	for i := range f.rows {
		if !m.made {
			if ruled[i] {
				m.bar.line()
			}
			m.rows[i] = m.adopt(f.rows[i], func(text string, checked bool) item { return m.bar.add(kinds[i], text, checked) })
		}
		m.change(m.rows[i], f.rows[i])
	}
	m.made, m.shown = true, f
}

// adopt makes an item that shows the text and the tick of r, and no more of it yet.
func (m *menu) adopt(r row, add func(text string, checked bool) item) *entry {
	e := &entry{item: add(r.text, r.checked), row: row{text: r.text, checked: r.checked}}
	m.byID[e.item] = e
	return e
}

// repaint draws the icon again, in the colour that the menu bar has now.
func (m *menu) repaint() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made {
		m.bar.setIcon(m.shown)
	}
}

func (m *menu) change(e *entry, to row) {
	was := e.row
	e.row = to
	if to.hidden {
		// Windows shows a hidden row again when anything of it is changed.
		if !was.hidden {
			e.item.show(false)
		}
		e.row.text, e.row.tip, e.row.checked, e.row.off = was.text, was.tip, was.checked, was.off
		return
	}
	if was.hidden {
		e.item.show(true)
	}
	if to.text != was.text || to.tip != was.tip {
		e.item.setText(to.text, to.tip)
	}
	if to.checked != was.checked {
		e.item.setChecked(to.checked)
	}
	if to.off != was.off {
		e.item.setOff(to.off)
	}
	m.changeRows(e, to.rows)
}

// changeRows gives a submenu as many rows as it needs and hides the others.
func (m *menu) changeRows(e *entry, rows []row) {
	for i, r := range rows {
		if i == len(e.sub) {
			k := r.kindBelow()
			e.sub = append(e.sub, m.adopt(r, func(text string, checked bool) item { return e.item.add(k, text, checked) }))
		}
		m.change(e.sub[i], r)
	}
	for _, spare := range e.sub[min(len(rows), len(e.sub)):] {
		m.change(spare, row{hidden: true})
	}
}

// kindBelow is the kind of a row of a submenu.
func (r row) kindBelow() kind {
	switch {
	case r.rows != nil:
		return submenu
	case r.says:
		return plain
	}
	return check
}

// ticking are the verbs of rows with a tick.
var ticking = []verb{useProvider, useModel, setSearch, setPaused, setLogin}

// clicked says what a click on it asks for. Hosts tick a row by themselves when
// it is clicked, so its tick is put back to what is true.
func (m *menu) clicked(it item) click {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byID[it]
	if e == nil || e.row.hidden || e.row.off {
		return click{}
	}
	if slices.Contains(ticking, e.row.click.do) {
		e.item.setChecked(e.row.checked)
	}
	return e.row.click
}
