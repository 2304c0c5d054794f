package cli

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// manCommand prints the manual as one page, from the same texts as --help. It is
// hidden: packages are made with it.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "Print the manual page", Hidden: true, Args: noArguments,
		Long:    "Print the manual page of all commands, in man(7) format.",
		Example: "  clawrouter-codex man | man -l -",
		RunE: func(cmd *cobra.Command, _ []string) error {
			shown, err := manSettings()
			if err != nil {
				return err
			}
			page := manPage(cmd.Root(), a.env.Build, shown)
			a.answer(map[string]string{"page": page}, page)
			return nil
		},
	}
}

// manHome stands for the reader's home folder while the defaults are looked up.
const manHome = "/home"

// manSettings are the settings of somebody who has set none.
func manSettings() ([]settings.Shown, error) {
	s, err := settings.Load(settings.Machine{
		LookupEnv: func(string) (string, bool) { return "", false },
		ReadFile:  func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		Home:      manHome, Dir: manHome, GOOS: "linux",
	}, nil)
	if err != nil {
		return nil, err
	}
	return s.Show(), nil
}

func manPage(root *cobra.Command, build Build, shown []settings.Shown) string {
	var p page
	day, _, _ := strings.Cut(build.Time, "T")
	p.macro("TH", "CLAWROUTER-CODEX", "1", day, "clawrouter-codex "+build.Version, "")
	p.macro("SH", "NAME")
	p.text("clawrouter-codex - " + lowerFirst(root.Short))
	p.macro("SH", "SYNOPSIS")
	p.macro("B", "clawrouter-codex")
	p.text("[--headless] [--json] [command] [flags]")
	p.macro("SH", "DESCRIPTION")
	p.text(root.Long)
	p.macro("SH", "COMMANDS")
	p.commands(root)
	p.macro("SH", "SETTINGS")
	p.text("Key in settings.toml, variable of the environment, default.")
	for _, s := range shown {
		p.macro("TP")
		p.macro("B", strings.Join(strings.Fields(s.Key+" "+s.Env), ", "))
		about := strings.ToUpper(s.About[:1]) + s.About[1:] + "."
		if s.Value != "" {
			about += " Default: " + strings.Replace(s.Value, manHome+"/", "~/", 1)
		}
		p.text(about)
	}
	return p.String()
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// page is a manual page as it is written, in the macros of man(7).
type page struct{ strings.Builder }

// commands writes a section for each command below parent that people run.
func (p *page) commands(parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		if c.Runnable() && !c.HasSubCommands() {
			p.command(c)
		}
		p.commands(c)
	}
}

func (p *page) command(c *cobra.Command) {
	use := strings.TrimPrefix(c.UseLine(), c.Root().Name()+" ")
	p.macro("SS", strings.TrimSuffix(use, " [flags]"))
	p.text(c.Long)
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		p.macro("TP")
		p.macro("B", strings.TrimSpace("--"+f.Name+" "+kind))
		p.text(usage)
	})
	if c.Example != "" {
		p.macro("PP")
		p.text(c.Example)
	}
}

// macro writes one request with its arguments.
func (p *page) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, arg := range args {
		fmt.Fprintf(p, ` "%s"`, strings.ReplaceAll(roff(arg), `"`, `\(dq`))
	}
	p.WriteByte('\n')
}

// text writes paragraphs; indented lines stay as they are.
func (p *page) text(text string) {
	verbatim := false
	for line := range strings.Lines(strings.Trim(text, "\n") + "\n") {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, "  ")
		if indented != verbatim && line != "" {
			if verbatim = indented; verbatim {
				p.macro("EX")
			} else {
				p.macro("EE")
			}
		}
		switch {
		case line == "" && !verbatim:
			p.macro("PP")
		default:
			p.line(line)
		}
	}
	if verbatim {
		p.macro("EE")
	}
}

// line writes one line of text; a period or an apostrophe in front would make
// it a request.
func (p *page) line(line string) {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		p.WriteString(`\&`)
	}
	p.WriteString(roff(line) + "\n")
}

// roff keeps text from being read as formatting: a backslash begins an escape,
// and a bare hyphen is printed as one that cannot be pasted into a shell.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "│", "|").Replace(text)
}
