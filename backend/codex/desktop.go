package codex

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// Desktop switches the base config between the user's own provider and the link:
// that is what Codex Desktop, its editor extensions and a plain `codex` read. What
// the user had is remembered in the state folder, and put back byte for byte.
type Desktop struct {
	Home   Home
	State  string // our own folder, where the user's originals are remembered
	Lock   string // settings.Paths.EditLock; "" where the caller holds it
	Backup string // folder for copies of what is changed
	Now    func() time.Time
	// Key is the bridge's key, for a config that nobody else can read; nil writes
	// none.
	Key func() (string, error)

	ops  atomicfile.Operations             // nil is the system's
	read func(path string) ([]byte, error) // nil is atomicfile.Read
}

// OnOptions say what to switch on.
type OnOptions struct {
	Port    int    // of the bridge
	Model   string // "" means the one in force when the config was last on, at first see Home.firstModel
	Catalog string // path, "" means Home.Catalog(), which has to be there then
}

// Change tells what was done to Codex's files.
type Change struct {
	Config  string   `json:"config"`  // path of the base config
	Changed bool     `json:"changed"` // whether the base config was written
	On      bool     `json:"on"`      // whether Codex now goes through the link
	Model   string   `json:"model"`   // of ClawRouter's, in force or remembered
	Restart bool     `json:"restart"` // whether a running Codex has to be restarted to notice
	Done    []string `json:"done"`    // in words
}

// Status is how a base config stands.
type Status struct {
	Config     string   `json:"config"`
	On         bool     `json:"on"`         // our bridge is the provider in force
	Choice     Provider `json:"choice"`     // what the user chose, "" where nobody ever did
	Provider   string   `json:"provider"`   // model_provider as it stands, "" where it does not
	Model      string   `json:"model"`      // model, likewise
	Catalog    string   `json:"catalog"`    // model_catalog_json, likewise
	BaseURL    string   `json:"base_url"`   // of our provider table
	Remembered bool     `json:"remembered"` // what the user had is known
	Legacy     []string `json:"legacy"`     // see Home.Legacy
}

// Status reads the base config. A file that cannot be parsed is an
// *UnreadableError; where there is none, all is off.
func (d *Desktop) Status() (Status, error) {
	rec, err := d.readRecord()
	if err != nil {
		return Status{}, err
	}
	st := Status{Config: d.Home.Config(), Choice: rec.Choice, Remembered: rec.Keys != nil, Legacy: []string{}}
	f := d.file()
	text, err := f.read(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, err
	}
	doc, err := f.parse(text)
	if err != nil {
		return st, err
	}
	s := switched{doc: doc, rec: rec, catalog: d.Home.Catalog()}
	st.On = s.on(rec.Port)
	st.Provider, st.Model, st.Catalog = doc.String(providerKey), doc.String(modelKey), doc.String(catalogKey)
	st.BaseURL = doc.String(append(providerPath, "base_url")...)
	st.Legacy = legacyOf(doc)
	return st, nil
}

// On makes the bridge the provider of the base config, and this the remembered
// choice. On a config that is on already it changes the port at most. Without a
// model list that Codex could read it is a *NoCatalogError.
func (d *Desktop) On(ctx context.Context, o OnOptions) (Change, error) {
	return d.locked(ctx, func() (Change, error) { return d.turnOn(o) })
}

// Off gives the base config back to the user's own provider, and remembers that
// as the choice. Without a record our three keys are removed.
func (d *Desktop) Off(ctx context.Context) (Change, error) {
	return d.locked(ctx, func() (Change, error) { return d.turnOff(Subscription) })
}

// Suspend is Off for a bridge that stops: the choice stays, for Resume. A config
// that was switched off by hand meanwhile stays off.
func (d *Desktop) Suspend(ctx context.Context) (Change, error) {
	return d.locked(ctx, d.suspend)
}

// Mend is for a bridge that is gone without Suspend: a config that still points
// at it is given back, and an Off that was cut short is brought to its end. The
// caller knows that no bridge runs.
func (d *Desktop) Mend(ctx context.Context) (Change, error) { return d.Suspend(ctx) }

// Resume is for a bridge that started: On if that is the remembered choice, or
// if the config points at the bridge already. The last model in force wins over
// the one in o. Without a model list that Codex could read the config is given
// back, and the error is a *NoCatalogError.
func (d *Desktop) Resume(ctx context.Context, o OnOptions) (Change, error) {
	return d.locked(ctx, func() (Change, error) {
		rec, on, err := d.look(o.Port)
		if err != nil {
			return d.change(rec), err
		}
		if rec.Model != "" {
			o.Model = rec.Model
		}
		switch {
		case on && rec.Choice == Subscription && rec.Keys != nil:
			return d.turnOff(Subscription)
		case on, rec.Choice == ClawRouter && !rec.Applied:
			c, err := d.turnOn(o)
			if missing := (*NoCatalogError)(nil); errors.As(err, &missing) {
				c, giving := d.suspend()
				return c, errors.Join(err, giving)
			}
			return c, err
		}
		return d.suspend()
	})
}

// SetModel makes model, a slug of the catalog, the one that Codex starts with
// while the config is on, and the next time it is switched on.
func (d *Desktop) SetModel(ctx context.Context, model string) (Change, error) {
	return d.locked(ctx, func() (Change, error) {
		rec, on, err := d.look(0)
		if err != nil {
			return d.change(rec), err
		}
		rec.Model = model
		if !on {
			return d.change(rec), d.writeRecord(&rec)
		}
		return d.edit(func(s *switched, _ bool) error {
			s.rec.Model = model
			return s.doc.Set(tomledit.Quote(model), modelKey)
		}, "")
	})
}

// Rekey writes the bridge's key of now into a base config that has our provider,
// on or off: threads that were begun on it go on asking the bridge.
func (d *Desktop) Rekey(ctx context.Context) (Change, error) {
	return d.locked(ctx, func() (Change, error) {
		return d.edit(func(s *switched, _ bool) error {
			host, port := Address(s.doc.String(append(slices.Clone(providerPath), "base_url")...))
			if !Loopback(host) {
				return nil
			}
			return s.writeTable(port)
		}, "")
	})
}

func (d *Desktop) turnOn(o OnOptions) (Change, error) {
	if o.Catalog == "" {
		if err := d.Home.usableCatalog(); err != nil {
			return d.change(record{}), err
		}
		o.Catalog = d.Home.Catalog()
	}
	if err := d.Home.Create(); err != nil {
		return Change{}, err
	}
	return d.edit(func(s *switched, missing bool) error {
		s.rec.Choice = ClawRouter
		s.rec.Created = s.rec.Created || missing
		return s.turnOn(o.Port, cmp.Or(o.Model, s.rec.Model, d.Home.firstModel()), o.Catalog)
	}, ClawRouter)
}

func (d *Desktop) turnOff(choice Provider) (Change, error) {
	return d.edit(func(s *switched, _ bool) error {
		s.rec.Choice = choice
		return s.turnOff()
	}, Subscription)
}

// suspend keeps the choice, except that a hand which changed the provider has
// chosen too.
func (d *Desktop) suspend() (Change, error) {
	rec, on, err := d.look(0)
	if err != nil {
		return d.change(rec), err
	}
	choice := rec.Choice
	switch {
	case on && rec.Keys == nil:
		choice = ClawRouter
	case !on && rec.Applied:
		choice = Subscription
	case !on && rec.Keys == nil:
		return d.change(rec), nil
	}
	return d.turnOff(choice)
}

// look reads the record, and whether the config is on.
func (d *Desktop) look(port int) (record, bool, error) {
	rec, err := d.readRecord()
	if err != nil {
		return rec, false, err
	}
	f := d.file()
	text, err := f.read(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return rec, false, nil
	}
	if err != nil {
		return rec, false, err
	}
	doc, err := f.parse(text)
	if err != nil {
		return rec, false, err
	}
	s := switched{doc: doc, rec: rec, catalog: d.Home.Catalog()}
	return rec, s.on(port), nil
}

// edit changes the base config. The record goes first, with all that is needed
// to undo the edit; that the edit came to its end is written last. A process
// that is killed between them leaves a config that is old or new, and a record
// that fits both.
func (d *Desktop) edit(change func(s *switched, missing bool) error, becomes Provider) (Change, error) {
	f := d.file()
	var last switched
	changed, err := f.rewrite(func(before []byte, missing bool) ([]byte, error) {
		rec, err := d.readRecord()
		if err != nil {
			return nil, err
		}
		doc, err := f.parse(before)
		if err != nil {
			return nil, err
		}
		key, err := keyFor(f.path, d.Key)
		if err != nil {
			return nil, err
		}
		s := switched{doc: doc, rec: rec, catalog: d.Home.Catalog(), key: key}
		if err := change(&s, missing); err != nil {
			return nil, fmt.Errorf("edit %s: %w", f.path, err)
		}
		if becomes != "" {
			s.rec.Applied = s.rec.Applied && becomes == ClawRouter && string(before) == string(doc.Bytes())
		}
		last = s
		if err := d.writeRecord(&s.rec); err != nil || missing && becomes != ClawRouter {
			return nil, err
		}
		return doc.Bytes(), nil
	})
	if err != nil {
		return d.change(last.rec), err
	}
	return d.settle(last, changed, becomes)
}

// settle writes down that the edit came to its end.
func (d *Desktop) settle(s switched, changed bool, becomes Provider) (Change, error) {
	s.rec.settle(becomes)
	s.rec.Wrote = digest(s.doc.Bytes())
	c := d.change(s.rec)
	c.Changed, c.Restart = changed, changed
	c.On = s.on(s.rec.Port)
	c.Done = doneWords(c, becomes)
	return c, d.writeRecord(&s.rec)
}

func doneWords(c Change, becomes Provider) []string {
	switch {
	case !c.Changed && becomes == ClawRouter:
		return []string{c.Config + " goes through ClawRouter already"}
	case !c.Changed && becomes == Subscription:
		return []string{c.Config + " was not on ClawRouter, nothing was changed"}
	case becomes == ClawRouter:
		return []string{"Codex goes through ClawRouter, with " + c.Model + ": " + c.Config}
	case becomes == Subscription:
		return []string{"Codex is back on your own provider: " + c.Config + " has its lines back"}
	case c.Changed:
		return []string{"Codex starts with " + c.Model + ": " + c.Config}
	}
	return []string{}
}

func (d *Desktop) change(rec record) Change {
	return Change{Config: d.Home.Config(), Model: rec.Model, Done: []string{}}
}

func (d *Desktop) locked(ctx context.Context, change func() (Change, error)) (c Change, err error) {
	if d.Lock == "" {
		return change()
	}
	if err := os.MkdirAll(filepath.Dir(d.Lock), 0o700); err != nil {
		return d.change(record{}), fmt.Errorf("make the state folder: %w", err)
	}
	lock, err := atomicfile.WaitLock(ctx, d.Lock)
	if err != nil {
		return d.change(record{}), fmt.Errorf("another clawrouter-codex edits Codex's files: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return change()
}

func (d *Desktop) file() file {
	f := file{path: d.Home.Config(), perm: 0o600, backup: d.Backup, now: d.Now(), read: d.read, ops: d.ops}
	if f.read == nil {
		f.read = atomicfile.Read
	}
	// What we wrote ourselves and nobody changed since would only push the
	// user's own texts out of the ten copies that are kept.
	f.known = func(text []byte) bool {
		rec, err := d.readRecord()
		return err == nil && rec.Wrote == digest(text)
	}
	return f
}

func (d *Desktop) operations() atomicfile.Operations { return d.file().operations() }

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
