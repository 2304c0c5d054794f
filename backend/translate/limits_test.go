package translate

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// What takes three bytes in a request may take hundreds in memory: a request is refused
// in words before that is more than a hundred megabytes.
func TestWhatIsSmallInARequestAndLargeInMemory(t *testing.T) {
	const size = 4 << 20
	most := 300 // MB
	if raceDetector {
		most = 600 // slices.Grow makes what it appends
	}
	many := func(s string) string { return strings.Repeat(s+",", size/(len(s)+1)) + s }
	for name, tc := range map[string]struct{ body, what string }{
		"items":            {`{"model":"m","input":[` + many(`{}`) + `]}`, "200000 items"},
		"items by type":    {`{"model":"m","input":[` + many(`{"type":"x"}`) + `]}`, "200000 items"},
		"parts":            {`{"model":"m","input":[{"role":"user","content":[` + many(`{}`) + `]}]}`, "500000 parts"},
		"parts as strings": {`{"model":"m","input":[{"role":"user","content":[` + many(`""`) + `]}]}`, "500000 parts"},
		"tools":            {`{"model":"m","input":"hi","tools":[` + many(`{}`) + `]}`, "10000 tools"},
		"tools of a space": {`{"model":"m","input":"hi","tools":[{"type":"namespace","name":"n","tools":[` + many(`{}`) + `]}]}`, "10000 tools"},
		"fields":           {`{"model":"m","input":"hi",` + many(`"a":1`) + `}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(tc.body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			req, err := DecodeRequest(body)
			if err == nil {
				_, _, err = req.Chat(Target{Stream: true, Tools: &ToolCache{}})
			}
			runtime.ReadMemStats(&after)
			var bad *RequestError
			if tc.what == "" && err != nil || tc.what != "" && (!errors.As(err, &bad) || !strings.Contains(bad.Message, tc.what)) {
				t.Errorf("%v", err)
			}
			// All that was made, which is more than what was held at a time.
			if made := int(after.TotalAlloc-before.TotalAlloc) >> 20; made > most {
				t.Errorf("%d MB were made of %d MB", made, len(body)>>20)
			}
		})
	}
}
