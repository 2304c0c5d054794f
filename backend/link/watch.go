package link

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// settleTime lets a change come to its end: an editor writes a file in steps, and
// two files that belong together are written one after the other.
const settleTime = 50 * time.Millisecond

// watchFiles takes over what another process or an editor changes in the files
// that a State is made of, until ctx ends. It sleeps while they stay as they are.
func (l *Local) watchFiles(ctx context.Context) {
	w, err := newFileWatch(l.watchedFiles())
	if err != nil {
		l.unwatched(err)
		return
	}
	defer w.close()
	l.reload() // what was changed since the settings were read
	signal(l.kick)
	var due <-chan time.Time
	for {
		select {
		case e, ok := <-w.fs.Events:
			if ok && due == nil && w.concerns(e) {
				due = time.After(settleTime)
			}
		case <-w.fs.Errors: //nolint:errcheck // whatever it is, events were lost, so any file may have changed
			due = time.After(0)
		case <-due:
			due = nil
			// Armed first, so that nothing is missed between the look and the next event.
			w.arm()
			l.reload()
			signal(l.kick)
		case <-ctx.Done():
			return
		}
	}
}

func (l *Local) watchedFiles() []string {
	paths := l.o.Settings.Paths
	return []string{
		paths.SettingsFile(), filepath.Join(paths.Spend(), spend.LimitsFile),
		l.home.Config(), l.home.Profile(), l.home.Catalog(), paths.Prices(),
	}
}

func (l *Local) unwatched(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blind = fmt.Sprintf("What another program changes in the settings or in Codex's files is seen only after the next command, because the system does not report it (%v).", err)
}

// fileWatch reports changes of single files. Folders are watched, not files: a
// file that is replaced is another one. What is not there yet is waited for in the
// nearest folder that is.
type fileWatch struct {
	fs    *fsnotify.Watcher
	files []string
	names map[string]bool // whose events concern us
}

func newFileWatch(files []string) (*fileWatch, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &fileWatch{fs: fs, files: files}
	w.arm()
	return w, nil
}

func (w *fileWatch) close() { _ = w.fs.Close() }

// concerns leaves out what happens to other files of the same folders, and what
// leaves a file's content alone.
func (w *fileWatch) concerns(e fsnotify.Event) bool {
	return w.names[e.Name] && e.Op&^fsnotify.Chmod != 0
}

// arm watches the folders that matter now. A folder that cannot be watched is
// left out: it may be there at the next event. It looks again until nothing is
// new, since a folder may be made between a look and the watch on its parent.
func (w *fileWatch) arm() {
	var armed map[string]bool
	for {
		folders := w.look()
		if maps.Equal(folders, armed) {
			break
		}
		armed = folders
		for folder := range folders {
			_ = w.fs.Add(folder) // also one that was made anew under the same name
		}
	}
	for _, folder := range w.fs.WatchList() {
		if !armed[folder] {
			_ = w.fs.Remove(folder) // gone already, or watched for nothing
		}
	}
}

// look finds the folders that matter, and the names in them.
func (w *fileWatch) look() (folders map[string]bool) {
	w.names, folders = map[string]bool{}, map[string]bool{}
	for _, file := range w.files {
		w.follow(file, folders)
		// The content of a link changes elsewhere.
		if real, err := filepath.EvalSymlinks(file); err == nil && real != file {
			w.follow(real, folders)
		}
	}
	return folders
}

func (w *fileWatch) follow(file string, folders map[string]bool) {
	for path := file; ; {
		w.names[path] = true
		folder := filepath.Dir(path)
		if info, err := os.Stat(folder); err == nil && info.IsDir() || folder == path {
			folders[folder] = true
			w.names[folder] = true // its end
			return
		}
		path = folder
	}
}

// onDisk is what was known of the files that others may write.
type onDisk struct {
	model    string
	search   bool
	menuBar  MenuBar // nothing else says it
	broken   string  // why settings.toml cannot be read
	provider Provider
	picker   []codex.PickerModel
	prices   fileStamp
}

// files reads them; what cannot be read is as it was before.
func (l *Local) files(before onDisk) onDisk {
	now := before
	now.broken = ""
	if s, err := l.o.Settings.Stored(); err == nil {
		now.model, now.search, now.menuBar = s.Model.V, s.WebSearch.V, menuBarOf(s)
	} else {
		now.broken = err.Error()
	}
	if desktop, err := l.desktop().Status(); err == nil {
		now.provider = Subscription
		if desktop.On {
			now.provider = ClawRouter
		}
	}
	now.picker, _ = l.catalog.read(l.home)
	now.prices = stampOf(l.o.Settings.Paths.Prices())
	return now
}

// reload takes over what others changed. What is as it was on disk is left as it
// is here: a variable of the environment may have decided otherwise.
func (l *Local) reload() {
	l.mu.Lock()
	before := l.disk
	l.mu.Unlock()
	now := l.files(before)
	if l.o.Book != nil {
		l.o.Book.ReloadLimits()
		if l.o.Prices != nil && now.prices != before.prices {
			l.o.Book.SetPrices(l.o.Prices())
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disk = now
	if now.model != before.model {
		l.chosen = now.model
	}
	if now.search != before.search {
		l.searchIs(now.search)
	}
	l.switched = l.switched || now.provider != before.provider
	if !slices.Equal(now.picker, before.picker) {
		l.updated.Store(true)
	}
}

// Settle takes the files as they are for known: what the start of the link itself
// wrote is no news.
func (l *Local) Settle() {
	l.mu.Lock()
	before := l.disk
	l.mu.Unlock()
	now := l.files(before)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disk.provider, l.disk.picker, l.switched = now.provider, now.picker, false
	l.updated.Store(false)
}
