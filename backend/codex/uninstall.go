package codex

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// Uninstall takes back all that the program wrote into CODEX_HOME: the root keys
// and the provider table of the base config, the profile and the catalog. What
// the user added to them stays, and the words say so. Done again, or after it
// was cut short, it does the rest.
func (d *Desktop) Uninstall(ctx context.Context) (Change, error) {
	return d.locked(ctx, d.uninstall)
}

func (d *Desktop) uninstall() (Change, error) {
	var kept []string
	c, err := d.edit(func(s *switched, _ bool) (err error) {
		s.rec.Choice = Subscription
		if err := s.turnOff(); err != nil {
			return err
		}
		kept, err = s.removeTable()
		return err
	}, Subscription)
	if err != nil {
		return c, err
	}
	c.Done = []string{}
	if c.Changed {
		c.Done = append(c.Done, "took our lines out of "+c.Config)
	}
	if len(kept) > 0 {
		c.Done = append(c.Done, fmt.Sprintf("kept [%s] in %s, because you added to it: %s", providerTable, c.Config, strings.Join(kept, ", ")))
	}
	for _, step := range []func() (string, error){d.removeCreated, d.removeProfile, d.removeCatalog, d.removeLeftovers} {
		words, err := step()
		if err != nil {
			return c, err
		}
		if words != "" {
			c.Done = append(c.Done, words)
		}
	}
	if len(c.Done) == 0 {
		c.Done = append(c.Done, "there was nothing of ours in "+d.Home.Dir)
	}
	return c, d.forget()
}

// removeCreated removes a base config that On made, and that is empty again.
func (d *Desktop) removeCreated() (string, error) {
	rec, err := d.readRecord()
	if err != nil || !rec.Created {
		return "", err
	}
	text, err := d.file().read(d.Home.Config())
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) > 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	// A dotfile manager's symlink was there before us.
	path, err := filepath.EvalSymlinks(d.Home.Config())
	if err != nil {
		return "", err
	}
	return "removed " + path + ", which was not there before", d.operations().Remove(path)
}

// removeProfile takes our settings out of the profile, and removes it if nothing
// else is in it.
func (d *Desktop) removeProfile() (string, error) {
	f := d.file()
	f.path, f.known = d.Home.Profile(), nil
	var left *tomledit.Doc
	_, err := f.rewrite(func(before []byte, missing bool) ([]byte, error) {
		if missing {
			return nil, nil
		}
		doc, err := f.parse(before)
		if err != nil {
			return nil, err
		}
		left, err = withoutProfile(doc)
		if err != nil {
			return nil, fmt.Errorf("edit %s: %w", f.path, err)
		}
		if left.Empty() {
			// It is removed as a whole below.
			return before, nil
		}
		return left.Bytes(), nil
	})
	switch {
	case err != nil || left == nil:
		return "", err
	case !left.Empty():
		return "kept " + f.path + ", because you added to it; our lines are gone from it", nil
	}
	return d.remove(f.path)
}

// withoutProfile is a profile without what Setup writes.
func withoutProfile(doc *tomledit.Doc) (*tomledit.Doc, error) {
	text := string(doc.Bytes())
	for _, header := range []string{profileHeader, strings.ReplaceAll(profileHeader, "\n", "\r\n")} {
		text = strings.Replace(text, header, "", 1)
	}
	left, err := tomledit.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	if err := dropKey(left); err != nil {
		return nil, err
	}
	for _, s := range profileSettings("", "", 0) {
		now, there := left.Get(s.path()...)
		// A switch that is no part of the provider may be set otherwise by its user.
		if s.table == "features" && now != s.value || !there {
			continue
		}
		if err := left.Delete(s.path()...); err != nil {
			return nil, err
		}
	}
	for _, table := range [][]string{providerPath, {"features"}} {
		if len(left.Below(table...)) > 0 {
			continue
		}
		if err := left.DeleteTable(table...); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// removeCatalog removes the catalog if it has the form that we give it.
func (d *Desktop) removeCatalog() (string, error) {
	path := d.Home.Catalog()
	data, err := atomicfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var c Catalog
	if json.Unmarshal(data, &c) == nil {
		if again, err := c.Encode(); err == nil && bytes.Equal(again, data) {
			return d.remove(path)
		}
	}
	return "kept " + path + ", because somebody edited it", nil
}

// removeLeftovers removes what writes left behind that were killed: each holds a
// config, with what is secret in it.
func (d *Desktop) removeLeftovers() (string, error) {
	var words []string
	for _, path := range []string{d.Home.Config(), d.Home.Profile(), d.Home.Catalog()} {
		left, err := atomicfile.Leftovers(path)
		if err != nil {
			return "", err
		}
		for _, each := range left {
			if err := d.operations().Remove(each); err != nil {
				return "", err
			}
			words = append(words, each)
		}
	}
	if len(words) == 0 {
		return "", nil
	}
	return "removed what an interrupted write left behind: " + strings.Join(words, ", "), nil
}

// remove keeps a copy first.
func (d *Desktop) remove(path string) (string, error) {
	if _, err := atomicfile.BackupIn(d.operations(), path, d.Backup, d.Now(), keptBackups); err != nil {
		return "", fmt.Errorf("keep a copy of %s: %w", path, err)
	}
	return "removed " + path, d.operations().Remove(path)
}

// forget drops the record, and the file of records with the last of them.
func (d *Desktop) forget() error {
	if err := d.writeRecord(nil); err != nil {
		return err
	}
	all, err := d.readRecords()
	if err != nil || len(all.Configs) > 0 {
		return err
	}
	if err := os.Remove(d.recordPath()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
