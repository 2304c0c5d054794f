package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

const (
	program      = "clawrouter-codex"
	panelProgram = program + "-panel"
	desktopID    = "ai.blockrun." + program
	windowTags   = "desktop,production"       // with the panel's window inside
	panelTags    = windowTags + ",webkit2_41" // on Linux: the window alone
)

// stage is a folder that holds what one package will, below .cache.
func (j *job) stage(name string) (string, error) {
	folder := filepath.Join(filepath.Dir(j.tree), filepath.Base(j.tree)+"-"+name)
	return folder, emptyFolder(folder)
}

// name is that of a package's file, without its ending.
func (j *job) name(program string, t target) string {
	system := t.os
	if system == "darwin" {
		system = "macos"
	}
	return fmt.Sprintf("%s_%s_%s_%s", program, j.source.Version, system, t.arch)
}

// linux makes the archive, which unpacks into any prefix (~/.local, /usr/local),
// and the Debian package of the same files.
func (j *job) linux(ctx context.Context, t target, p papers) error {
	return j.prefix(ctx, t, p, func(folder string) error {
		if err := j.debian(ctx, t, program, folder); err != nil {
			return err
		}
		return j.linuxPanel(ctx, t, folder)
	})
}

// prefix makes the archive of a prefix with the command line in it, and then has more
// made of its files, before they are removed.
func (j *job) prefix(ctx context.Context, t target, p papers, more func(folder string) error) error {
	folder, err := j.stage(t.os + "-" + t.arch)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	exe := filepath.Join(folder, "bin", program)
	if err := j.compile(ctx, executable{target: t, path: exe}); err != nil {
		return err
	}
	if err := j.share(filepath.Join(folder, "share"), p, t.os == "linux"); err != nil {
		return err
	}
	name := j.name(program, t)
	if err := j.bill(ctx, exe, name); err != nil {
		return err
	}
	if err := tarGz(folder, name, filepath.Join(j.out, name+".tar.gz"), j.source.Time); err != nil {
		return err
	}
	return more(folder)
}

// linuxPanel makes the package of the panel's window.
func (j *job) linuxPanel(ctx context.Context, t target, folder string) error {
	if j.panel == panelLeftOut || t.arch != host.arch {
		return nil
	}
	if err := exec.CommandContext(ctx, "pkg-config", "--exists", "webkit2gtk-4.1", "gtk+-3.0").Run(); err != nil {
		return j.withoutPanel("libwebkit2gtk-4.1-dev, libgtk-3-dev and pkg-config are not all here")
	}
	exe := filepath.Join(folder, "bin", panelProgram)
	if err := j.compile(ctx, executable{target: t, path: exe, tags: panelTags, cgo: true}); err != nil {
		return err
	}
	if !linksWebKit(exe) {
		return j.withoutPanel("what was built has no window: it is not linked to WebKitGTK")
	}
	if err := j.bill(ctx, exe, j.name(panelProgram, t)); err != nil {
		return err
	}
	return j.debian(ctx, t, panelProgram, folder)
}

func (j *job) withoutPanel(why string) error {
	if j.panel == panelRequired {
		return errors.New("no package of the panel: " + why)
	}
	fmt.Fprintln(j.log, "without the panel's package:", why)
	return nil
}

func linksWebKit(program string) bool {
	f, err := elf.Open(program)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	libraries, err := f.ImportedLibraries()
	return err == nil && slices.Contains(libraries, "libwebkit2gtk-4.1.so.0")
}

// share lays out the share folder of a prefix.
func (j *job) share(folder string, p papers, desktop bool) error {
	manual, err := gzipped(p.manual)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"man/man1/" + program + ".1.gz":                  manual,
		"bash-completion/completions/" + program:         p.completions["bash"],
		"zsh/site-functions/_" + program:                 p.completions["zsh"],
		"fish/vendor_completions.d/" + program + ".fish": p.completions["fish"],
		"doc/" + program + "/NOTICES":                    p.notices,
	}
	for name, data := range files {
		if err := writeFile(filepath.Join(folder, filepath.FromSlash(name)), data, 0o644); err != nil {
			return err
		}
	}
	copies := map[string]string{
		"LICENSE":   "doc/" + program + "/LICENSE",
		"README.md": "doc/" + program + "/README.md",
	}
	if desktop {
		copies["build/linux/"+desktopID+".desktop"] = "applications/" + desktopID + ".desktop"
		copies["build/linux/"+desktopID+".metainfo.xml"] = "metainfo/" + desktopID + ".metainfo.xml"
		copies["build/icons/svg/app.svg"] = "icons/hicolor/scalable/apps/" + program + ".svg"
		copies["app/icons/app.png"] = "icons/hicolor/256x256/apps/" + program + ".png"
	}
	return j.copies(folder, copies)
}

// copies takes files of the tree, whatever mode they have there.
func (j *job) copies(folder string, files map[string]string) error {
	for from, to := range files {
		data, err := os.ReadFile(filepath.Join(j.tree, filepath.FromSlash(from)))
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(folder, filepath.FromSlash(to)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// debian has nfpm make a package of what build/linux/NAME.yaml takes from folder.
func (j *job) debian(ctx context.Context, t target, name, folder string) error {
	config := filepath.Join(j.tree, "build", "linux", name+".yaml")
	env := []string{
		"STAGE=" + folder, "ARCH=" + t.arch,
		"DEBIAN_VERSION=" + debianVersion(j.source.Version),
		fmt.Sprintf("SOURCE_DATE_EPOCH=%d", j.source.Time.Unix()),
	}
	// The plain version: a "~" does not survive an upload to GitHub.
	file := fmt.Sprintf("%s_%s_%s.deb", name, j.source.Version, t.arch)
	return j.command(ctx, folder, env, filepath.Join(j.tools, "nfpm"),
		"package", "--config", config, "--packager", "deb", "--target", filepath.Join(j.out, file))
}

// debianVersion sorts a pre-release before its release, which Debian writes "~".
func debianVersion(version string) string {
	if semver.Prerelease("v"+version) == "" {
		return version
	}
	return strings.Replace(version, "-", "~", 1)
}

// windows makes the zip with the two executables: a console program for the
// command line, and one without a console for the tray.
func (j *job) windows(ctx context.Context, t target, p papers) error {
	if err := j.resources(ctx, t); err != nil {
		return err
	}
	folder, err := j.stage(t.os + "-" + t.arch)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	name := j.name(program, t)
	console := filepath.Join(folder, program+".exe")
	for _, e := range []executable{
		{target: t, path: console},
		{target: t, path: filepath.Join(folder, program+"-app.exe"), tags: windowTags, windows: "windowsgui"},
	} {
		if err := j.compile(ctx, e); err != nil {
			return err
		}
		if err := j.bill(ctx, e.path, strings.TrimSuffix(filepath.Base(e.path), ".exe")+strings.TrimPrefix(name, program)); err != nil {
			return err
		}
	}
	for file, data := range map[string][]byte{"NOTICES.txt": p.notices, "completion.ps1": p.completions["powershell"]} {
		if err := writeFile(filepath.Join(folder, file), data, 0o644); err != nil {
			return err
		}
	}
	if err := j.copies(folder, map[string]string{"LICENSE": "LICENSE.txt", "README.md": "README.md"}); err != nil {
		return err
	}
	return zipped(folder, name, filepath.Join(j.out, name+".zip"), j.source.Time)
}

// resources lays the icon, the manifest and the version where the Go linker takes
// them from: beside the main package, in the copy of the tree.
func (j *job) resources(ctx context.Context, t target) error {
	number, _, _ := strings.Cut(j.source.Version, "-")
	number, _, _ = strings.Cut(number, "+")
	return j.command(ctx, j.tree, nil, filepath.Join(j.tools, "go-winres"), "make",
		"--in", filepath.Join("build", "windows", "winres.json"), "--out", "rsrc", "--arch", t.arch,
		"--file-version", number+".0", "--product-version", j.source.Version)
}

// macOS makes the archive of the command line; the .app needs a Mac, and
// build/macos/make-app.sh.
func (j *job) macOS(ctx context.Context, t target, p papers) error {
	return j.prefix(ctx, t, p, func(string) error { return nil })
}
