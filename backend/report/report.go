// Package report writes what a person can attach to an issue: one zip file, out of
// which secrets, addresses of wallets and the user's name were taken. It sends
// nothing anywhere.
package report

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// Options are what a report is made of.
type Options struct {
	Version  string
	Doctor   doctor.Report
	Settings *settings.Settings // nil where they are invalid, which Doctor then says
	Home     string             // the user's home folder
	User     string             // the user's name in the system
	Secrets  []string           // what must not be in it, beside what looks like a secret
	Now      time.Time
}

// Files are the names in the bundle, in their order.
var Files = []string{"about.txt", "doctor.json", "settings.txt", "clawrouter-codex.log", "clawrouter.log"}

// Write writes the bundle.
func Write(w io.Writer, o Options) error {
	content, err := o.content()
	if err != nil {
		return err
	}
	clean := o.cleaner()
	bundle := zip.NewWriter(w)
	for _, name := range Files {
		f, err := bundle.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: o.Now})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, clean(content[name])); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return bundle.Close()
}

func (o Options) content() (map[string]string, error) {
	found, err := json.MarshalIndent(o.Doctor, "", " ")
	if err != nil {
		return nil, err
	}
	content := map[string]string{
		"about.txt": fmt.Sprintf("clawrouter-codex %s, %s, %s/%s, %s\n", o.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, o.Now.UTC().Format(time.RFC3339)),
		// As JSON it is one text for the cleaner too: no secret is cut by an escape.
		"doctor.json": string(found) + "\n",
	}
	if o.Settings == nil {
		return content, nil
	}
	var b strings.Builder
	for _, s := range o.Settings.Show() {
		fmt.Fprintf(&b, "%s%s = %s (%s)\n", s.Key, s.Env, s.Value, s.Origin)
	}
	content["settings.txt"] = b.String()
	for _, path := range []string{o.Settings.Paths.ProgramLog(), o.Settings.Paths.ProxyLog()} {
		text, _, err := proxy.LogTail(path)
		if err != nil {
			text = []byte(err.Error() + "\n")
		}
		content[filepath.Base(path)] = strings.ToValidUTF8(string(text), "\ufffd")
	}
	return content, nil
}

var (
	// Keys of ours, and private keys of wallets, are 64 hex digits. So is a
	// transaction, which tells whose a wallet is.
	longHex = regexp.MustCompile(`(?i)\b(?:0x)?[0-9a-f]{64,}\b`)
	evm     = regexp.MustCompile(`\b0x[0-9a-fA-F]{40}\b`)
	// Solana writes addresses, keys and transactions in base58.
	base58 = regexp.MustCompile(`\b[1-9A-HJ-NP-Za-km-z]{32,90}\b`)
	digit  = regexp.MustCompile(`[0-9]`)
)

// cleaner takes out what an issue must not hold.
func (o Options) cleaner() func(string) string {
	secrets := proxy.NewRedactor(o.Secrets...)
	var person []string
	if len(o.Home) > 1 {
		person = append(person, o.Home, "~", strings.ReplaceAll(o.Home, `\`, `\\`), "~")
	}
	words := strings.NewReplacer(person...)
	var name *regexp.Regexp
	// Windows says MACHINE\name, and takes names in any case.
	user := o.User[strings.LastIndexByte(o.User, '\\')+1:]
	if len(user) > 2 { // shorter names are parts of words
		name = regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(user) + `\b`)
	}
	return func(text string) string {
		text = secrets.Redact(text)
		text = longHex.ReplaceAllLiteralString(text, "[64 hex digits removed]")
		text = evm.ReplaceAllStringFunc(text, shortened)
		text = base58.ReplaceAllStringFunc(text, func(s string) string {
			if !digit.MatchString(s) {
				return s // a long word
			}
			return shortened(s)
		})
		text = words.Replace(text)
		if name != nil {
			text = name.ReplaceAllLiteralString(text, "[user]")
		}
		return text
	}
}

// shortened leaves enough to tell two addresses of one report apart.
func shortened(address string) string { return address[:4] + "…" + address[len(address)-2:] }

// Create writes the bundle to a new file that only this user can read. A file that
// exists is left alone.
func Create(path string, o Options) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := Write(f, o); err != nil {
		_ = f.Close()
		_ = os.Remove(path)
		return fmt.Errorf("write the report: %w", err)
	}
	return f.Close()
}
