// Package icons holds the program's pictures, which build/icons/render.sh renders
// of its drawings.
package icons

import "fmt"

// State is what the tray icon tells: each has an outline of its own, so that it
// is told from the others at 16 pixels and in one colour.
type State string

// The four states.
const (
	Subscription State = "subscription" // an outline
	ClawRouter   State = "clawrouter"   // filled
	Starting     State = "starting"     // dotted
	Attention    State = "attention"    // a mark: something needs a person
)

// Shade is the colour of a tray icon.
type Shade string

// The shades.
const (
	Light    Shade = "light"    // white, for a dark panel
	Dark     Shade = "dark"     // nearly black, for a light panel
	Any      Shade = "any"      // a blue that reads on both, for a panel that does not say what it is
	Template Shade = "template" // black; macOS gives it the colour of the menu bar
)

// Tray is the picture of a state: .ico on Windows, which has no Any and no
// Template, PNG elsewhere.
func Tray(state State, shade Shade) []byte {
	picture, err := files.ReadFile(fmt.Sprintf("tray/%s-%s.%s", state, shade, format))
	if err != nil {
		return nil // only for a name that is none of the above
	}
	return picture
}

// App is the program's own icon, a PNG of 256 pixels.
func App() []byte {
	picture, _ := files.ReadFile("app.png") // embedded below
	return picture
}

// Small is App in 48 pixels, for a notification.
func Small() []byte {
	picture, _ := files.ReadFile("small.png") // embedded below
	return picture
}
