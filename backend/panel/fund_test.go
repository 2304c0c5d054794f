package panel

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"
)

func TestFundDrawsTheCode(t *testing.T) {
	const request = "ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
	for _, content := range []string{request, "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"} {
		f := &fake{state: fullState()}
		f.state.Wallet.QR = content
		var got fund
		if err := json.Unmarshal(newAPI(t, f)("GET", "fund", "").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		code, err := qrcode.New(content, qrcode.Medium)
		if err != nil {
			t.Fatal(err)
		}
		if want := code.Bitmap(); got.Content != content || !reflect.DeepEqual(painted(t, got.QR, got.Size), want) {
			t.Errorf("the path does not paint the code of %s", content)
		}
	}
}

// painted is what a path of runs looks like on a grid.
func painted(t *testing.T, path string, size int) [][]bool {
	t.Helper()
	grid := make([][]bool, size)
	for y := range grid {
		grid[y] = make([]bool, size)
	}
	for run := range strings.SplitSeq(strings.TrimSuffix(path, "z"), "z") {
		var x, y, n, back int
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h-%d", &x, &y, &n, &back); err != nil || n != back {
			t.Fatalf("%q is no run: %v", run, err)
		}
		for i := range n {
			grid[y][x+i] = true
		}
	}
	return grid
}

func TestNoWalletIsNoCode(t *testing.T) {
	f := &fake{}
	if w := newAPI(t, f)("GET", "fund", ""); w.Code != 409 || !strings.Contains(w.Body.String(), `"no_wallet"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
