//go:build e2e && linux

package desktop

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// screen is a virtual display.
type screen struct{ display string }

// newScreen starts Xvfb on a display number that it picks itself.
func newScreen(t *testing.T) *screen {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset")
	x.ExtraFiles = []*os.File{write}
	if err := x.Start(); err != nil {
		t.Fatalf("Xvfb (e2e/install.sh installs it): %v", err)
	}
	t.Cleanup(func() { _ = x.Process.Kill(); _ = x.Wait() })
	write.Close()
	defer read.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb says no display: %v", err)
	}
	return &screen{display: ":" + strings.TrimSpace(number)}
}

// session are the variables of programs on this screen and this bus, whose home
// is folder.
func (s *screen) session(b *bus, folder string) []string {
	return []string{
		"DISPLAY=" + s.display, "DBUS_SESSION_BUS_ADDRESS=" + b.address, "XDG_CURRENT_DESKTOP=XFCE",
		"XDG_RUNTIME_DIR=" + folder, "XDG_SESSION_TYPE=x11", "GSETTINGS_BACKEND=memory", "NO_AT_BRIDGE=1",
		// The sandbox of the web view needs rights that a container does not give.
		"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1", "LIBGL_ALWAYS_SOFTWARE=1",
	}
}

// run runs a tool of the display's and returns what it prints.
func (s *screen) run(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// shot takes a picture of a window, or of the whole screen with "root".
func (s *screen) shot(t *testing.T, window, path string) image.Image {
	t.Helper()
	if _, err := s.run("import", "-window", window, "+repage", "png:"+path); err != nil {
		t.Fatalf("take a picture of %s: %v", window, err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// colours is how many colours a picture has: an empty window has one or two.
func colours(p image.Image) int {
	seen := map[color.Color]bool{}
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			seen[p.At(p.Bounds().Min.X+x, p.Bounds().Min.Y+y)] = true
		}
	}
	return len(seen)
}

// keepShot copies a picture to e2e/shots where SHOTS=1 asks for it.
func keepShot(t *testing.T, from, name string) {
	t.Helper()
	if os.Getenv("SHOTS") == "" {
		return
	}
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	folder := filepath.Join(stage.Root(), "e2e", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

// keepWindow keeps a picture without the first steps, which name a folder of this
// machine.
func (s *screen) keepWindow(t *testing.T, id, file string) {
	t.Helper()
	if os.Getenv("SHOTS") == "" {
		return
	}
	for _, args := range [][]string{{"mousemove", "--window", id, "365", "70"}, {"click", "1"}} {
		if _, err := s.run("xdotool", args...); err != nil {
			t.Fatalf("xdotool %v: %v", args, err)
		}
	}
	eventually(t, "the window without the first steps", func() error {
		words, err := s.words(id)
		if err != nil || words == "" || strings.Contains(words, "First steps") {
			return fmt.Errorf("%w, its text is %q", err, words)
		}
		return nil
	})
	s.shows(t, id, "12.34")
	s.shot(t, id, file)
	keepShot(t, file, "window-xfce.png")
}

// xfce starts a window manager and a panel with a tray.
func xfce(t *testing.T, d *desk) {
	t.Helper()
	config := d.path("home/.config/xfce4/xfconf/xfce-perchannel-xml")
	if err := os.MkdirAll(config, 0o700); err != nil {
		t.Fatal(err)
	}
	d.write("home/.config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml", panelConfig)
	for _, line := range [][]string{{"xfwm4", "--compositor=off"}, {"xfce4-panel", "--disable-wm-check"}} {
		path, err := exec.LookPath(line[0])
		if err != nil {
			t.Fatalf("%v (e2e/install.sh installs it)", err)
		}
		p := stage.Start(t, stage.Command{Path: path, Args: line[1:], Env: d.env(), Folder: d.folder})
		p.Quiet()
	}
}

// panelConfig is one bar with a tray, and no menu of applications.
const panelConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>
`

// clickIcon opens the menu of the tray icon, which panelConfig puts into the upper
// right corner, and looks at it.
func (s *screen) clickIcon(t *testing.T, d *desk) {
	t.Helper()
	if _, err := s.run("xdotool", "mousemove", "1266", "14", "click", "1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the menu", func() error {
		out, err := s.run("xdotool", "search", "--onlyvisible", "--class", "wrapper-2.0")
		if windows := strings.Fields(out); err != nil || len(windows) < 2 { // the panel's, and the menu's
			return fmt.Errorf("windows %q, %w", windows, err)
		}
		return nil
	})
	s.shot(t, "root", d.path("menu.png"))
	// The menu alone: what the window shows beside it has paths of this machine.
	if out, err := s.run("convert", d.path("menu.png"), "-crop", "300x420+980+0", "+repage", d.path("menu-alone.png")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	keepShot(t, d.path("menu-alone.png"), "menu-xfce.png")
}

// window waits for the panel's window to be seen, and returns its number.
func (s *screen) window(t *testing.T) (id string) {
	t.Helper()
	eventually(t, "the window", func() error {
		out, err := s.run("xdotool", "search", "--onlyvisible", "--name", "^clawrouter-codex$")
		ids := strings.Fields(out)
		if err != nil || len(ids) == 0 {
			return fmt.Errorf("no window: %w", err)
		}
		id = ids[len(ids)-1]
		return nil
	})
	return id
}

// words is what a person can select in a window: its text, by Ctrl-A and Ctrl-C.
func (s *screen) words(id string) (string, error) {
	for _, args := range [][]string{
		{"windowactivate", "--sync", id},
		{"key", "--clearmodifiers", "ctrl+a"},
		{"key", "--clearmodifiers", "ctrl+c"},
	} {
		if _, err := s.run("xdotool", args...); err != nil {
			return "", fmt.Errorf("xdotool %v: %w", args, err)
		}
	}
	return s.run("xclip", "-o", "-selection", "clipboard")
}

// shows waits until a window shows text, and takes the selection away again.
func (s *screen) shows(t *testing.T, id, text string) {
	t.Helper()
	eventually(t, text+" in the window", func() error {
		words, err := s.words(id)
		if err != nil || !strings.Contains(words, text) {
			return fmt.Errorf("%w, its text is %q", err, words)
		}
		return nil
	})
	for _, args := range [][]string{{"mousemove", "--window", id, "300", "25"}, {"click", "1"}} {
		if _, err := s.run("xdotool", args...); err != nil {
			t.Fatalf("xdotool %v: %v", args, err)
		}
	}
}
