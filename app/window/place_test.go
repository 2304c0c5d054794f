package window

import (
	"os"
	"testing"
)

func TestSizeAndPlaceAreRemembered(t *testing.T) {
	folder := t.TempDir()
	if got := recall(folder); got != (place{Width: firstWidth, Height: firstHeight}) {
		t.Errorf("at first %+v", got)
	}
	kept := place{X: 30, Y: 40, Width: 500, Height: 700, Known: true}
	keep(folder, kept)
	if got := recall(folder); got != kept {
		t.Errorf("got %+v, want %+v", got, kept)
	}
}

func TestAFileThatMakesNoSense(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "{", "too small": `{"width":1,"height":1}`, "too large": `{"width":99999999,"height":500}`, "empty": "",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(placeFile(folder), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := recall(folder); got.Width != firstWidth || got.Height != firstHeight {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAPlaceThatNobodySees(t *testing.T) {
	tests := []struct {
		name string
		p    place
		want bool
	}{
		{"on the screen", place{X: 100, Y: 100, Width: 400, Height: 640, Known: true}, true},
		{"half to the left of it", place{X: -200, Y: 0, Width: 400, Height: 640, Known: true}, true},
		{"on a screen that is gone", place{X: 2500, Y: 100, Width: 400, Height: 640, Known: true}, false},
		{"above", place{X: 100, Y: -300, Width: 400, Height: 640, Known: true}, false},
		{"below", place{X: 100, Y: 1060, Width: 400, Height: 640, Known: true}, false},
		{"nobody told", place{Width: 400, Height: 640}, false},
	}
	for _, tt := range tests {
		if got := tt.p.visible(1920, 1080); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
