package login

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// agentLabel is also the Node tool's: launchd knows one job of a name, so that
// ours takes its place.
const agentLabel = "ai.blockrun.clawrouter-codex"

// launchAgent is the item of macOS. launchd reads the folder at each login; the
// job is not loaded before, which would start the program at once.
type launchAgent struct{ o Options }

func (launchAgent) kind() string { return LaunchAgent }

func (a launchAgent) path() string {
	return filepath.Join(a.o.Home, "Library", "LaunchAgents", agentLabel+".plist")
}

func (a launchAgent) look() (found, error) {
	text, there, err := readItem(a.path())
	if !there {
		return found{}, err
	}
	words := programArguments(text)
	f := found{there: true, foreign: nodeTool(words)}
	if len(words) > 0 {
		f.program = words[0]
	}
	return f, nil
}

// nodeTool reports whether a job is the Node tool's: it runs a script.
func nodeTool(words []string) bool {
	for _, w := range words {
		switch name := filepath.Base(w); {
		case name == "node", name == "npx", name == "npm", strings.HasSuffix(name, ".mjs"), strings.HasSuffix(name, ".js"):
			return true
		}
	}
	return false
}

func (a launchAgent) write(ctx context.Context) error {
	if err := a.retire(ctx); err != nil {
		return err
	}
	if err := writeItem(a.path(), agentText(a.o)); err != nil {
		return err
	}
	// A user may have disabled the job's name once; launchd keeps that for ever.
	_ = a.o.Run(ctx, "launchctl", "enable", a.target())
	return nil
}

func (a launchAgent) remove(ctx context.Context) error {
	if err := a.retire(ctx); err != nil {
		return err
	}
	return removeItem(a.path())
}

// retire ends the Node tool's job, which has our port, and keeps a copy of its
// file. Our own job is left alone: it may be this process.
func (a launchAgent) retire(ctx context.Context) error {
	f, err := a.look()
	if err != nil || !f.foreign {
		return err
	}
	if _, err := atomicfile.Backup(a.path(), a.o.Backup, a.o.Now(), keptCopies); err != nil {
		return fmt.Errorf("keep a copy of %s: %w", a.path(), err)
	}
	// It fails where the job is not loaded.
	_ = a.o.Run(ctx, "launchctl", "bootout", a.target())
	return nil
}

// target is the job's name in the user's domain.
func (a launchAgent) target() string { return fmt.Sprintf("gui/%d/%s", a.o.UID, agentLabel) }

// keptCopies is how many copies of the Node tool's file stay.
const keptCopies = 10

// agentText is the job as a property list.
func agentText(o Options) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by clawrouter-codex login on, taken away by: clawrouter-codex login off -->
<plist version="1.0">
<dict>
`)
	pair := func(indent, key, value string) {
		b.WriteString(indent + "<key>" + escaped(key) + "</key>\n" + indent + value + "\n")
	}
	pair("\t", "Label", text(agentLabel))
	words := "<array>\n\t\t" + text(o.Program)
	if o.Face == Headless {
		words += "\n\t\t" + text("--headless")
	}
	pair("\t", "ProgramArguments", words+"\n\t</array>")
	b.WriteString("\t<key>EnvironmentVariables</key>\n\t<dict>\n")
	for _, v := range o.variables(true) {
		name, value, _ := strings.Cut(v, "=")
		pair("\t\t", name, text(value))
	}
	b.WriteString("\t</dict>\n")
	pair("\t", "RunAtLoad", "<true/>")
	// Not SuccessfulExit: a port that is taken, or a wrong setting, is no crash.
	pair("\t", "KeepAlive", "<dict>\n\t\t<key>Crashed</key>\n\t\t<true/>\n\t</dict>")
	pair("\t", "ThrottleInterval", "<integer>30</integer>")
	if o.Face != Headless {
		// The menu bar is only there in a session with a screen.
		pair("\t", "LimitLoadToSessionType", text("Aqua"))
		pair("\t", "ProcessType", text("Interactive"))
	}
	pair("\t", "StandardOutPath", text(o.logFile()))
	pair("\t", "StandardErrorPath", text(o.logFile()))
	b.WriteString("</dict>\n</plist>\n")
	return b.Bytes()
}

func text(s string) string { return "<string>" + escaped(s) + "</string>" }

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

// programArguments are what a property list in XML has its job run, nothing where
// it is none.
func programArguments(plist []byte) []string {
	var list struct {
		Dict struct {
			Inner []byte `xml:",innerxml"`
		} `xml:"dict"`
	}
	if xml.Unmarshal(plist, &list) != nil {
		return nil
	}
	decoder := xml.NewDecoder(bytes.NewReader(list.Dict.Inner))
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		var value struct {
			Text string `xml:",chardata"`
		}
		if decoder.DecodeElement(&value, &start) != nil {
			return nil
		}
		if start.Name.Local != "key" || value.Text != "ProgramArguments" {
			continue
		}
		return stringsOf(decoder)
	}
}

// stringsOf reads the array that comes next.
func stringsOf(decoder *xml.Decoder) []string {
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil
		}
		if start, ok := token.(xml.StartElement); ok {
			var array struct {
				Strings []string `xml:"string"`
			}
			if decoder.DecodeElement(&array, &start) != nil {
				return nil
			}
			return array.Strings
		}
	}
}
