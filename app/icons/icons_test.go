package icons

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sources is where the pictures are drawn.
const sources = "../../build/icons/"

// The committed pictures were made of the committed sources: else run render.sh.
func TestRenderedFromTheseSources(t *testing.T) {
	file, err := os.Open(sources + "rendered.sha256")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	noted := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		noted[name] = sum
	}
	drawn, err := filepath.Glob(sources + "svg/*.svg")
	if err != nil || len(drawn) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, name := range append(drawn, sources+"render.sh") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); noted[strings.TrimPrefix(filepath.ToSlash(name), sources)] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s changed since the pictures were rendered: run build/icons/render.sh", name)
		}
	}
}

var states = []State{Subscription, ClawRouter, Starting, Attention}

// At 16 pixels in one colour, every state differs from every other in what is
// ink and what is not by a share of the picture that an eye cannot miss: 26 of
// the 256 pixels.
func TestStatesAreToldApart(t *testing.T) {
	const apart = 0.10
	for _, shade := range []Shade{Light, Dark, Any, Template} {
		ink := map[State][256]float64{}
		for _, s := range states {
			ink[s] = inkAt16(t, s, shade)
		}
		for i, a := range states {
			for _, b := range states[i+1:] {
				var different float64
				for p := range 256 {
					different += max(ink[a][p]-ink[b][p], ink[b][p]-ink[a][p])
				}
				if different /= 256; different < apart {
					t.Errorf("%s: %s and %s differ in %.0f %% of the pixels", shade, a, b, 100*different)
				}
			}
		}
	}
}

// inkAt16 is how much of each pixel is covered, 0 to 1, at 16 by 16.
func inkAt16(t *testing.T, state State, shade Shade) (ink [256]float64) {
	t.Helper()
	picture := decode(t, Tray(state, shade))
	scale := picture.Bounds().Dx() / 16
	for y := range 16 * scale {
		for x := range 16 * scale {
			_, _, _, a := picture.At(x, y).RGBA()
			ink[y/scale*16+x/scale] += float64(a) / 0xffff / float64(scale*scale)
		}
	}
	return ink
}

func decode(t *testing.T, data []byte) image.Image {
	t.Helper()
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// A template must be black and clear alone; the others must stand out from the
// panel that they are for.
func TestShades(t *testing.T) {
	for _, state := range states {
		for shade, bounds := range map[Shade][2]uint32{Template: {0, 0}, Dark: {0, 0x30}, Light: {0xff, 0xff}} {
			picture := decode(t, Tray(state, shade))
			for y := range picture.Bounds().Dy() {
				for x := range picture.Bounds().Dx() {
					r, _, _, a := picture.At(x, y).RGBA()
					if a < 0xffff {
						continue
					}
					if v := r >> 8; v < bounds[0] || v > bounds[1] {
						t.Fatalf("%s %s has a pixel of lightness %d", state, shade, v)
					}
				}
			}
		}
		for _, panel := range []color.Color{color.White, color.Gray{0x30}} {
			if c := contrast(ink(t, Tray(state, Any)), panel); c < 3 {
				t.Errorf("%s has a contrast of %.1f on %v", state, c, panel)
			}
		}
	}
	if decode(t, App()).Bounds().Dx() != 256 {
		t.Error("the program's own icon is not 256 pixels wide")
	}
}

// ink is the colour of a picture of one colour.
func ink(t *testing.T, data []byte) color.Color {
	t.Helper()
	picture := decode(t, data)
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if _, _, _, a := picture.At(x, y).RGBA(); a == 0xffff {
				return picture.At(x, y)
			}
		}
	}
	t.Fatal("there is no ink")
	return nil
}

// contrast is that of WCAG 2: 3 is the least for what is no text.
func contrast(a, b color.Color) float64 {
	light, dark := luminance(a), luminance(b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
