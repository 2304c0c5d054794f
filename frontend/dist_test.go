package frontend

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"regexp"
	"testing"
)

// mostWeight is what the page may weigh in all, gzipped, in bytes. It was 41,000
// when this was written.
const mostWeight = 60_000

func TestThePageIsSmallAndWhole(t *testing.T) {
	// What a page would load from elsewhere, or run without the policy's leave.
	foreign := regexp.MustCompile(`(?i)(src|href)="(https?:)?//|@import|url\(["']?(https?:)?//|<style|<script>|\son[a-z]+="|style="`)
	weight := 0
	err := fs.WalkDir(Dist(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(Dist(), name)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		weight += packed.Len()
		if name == "index.html" || name == "assets/panel.css" {
			if found := foreign.Find(data); found != nil {
				t.Errorf("%s has %q", name, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if weight > mostWeight {
		t.Errorf("the page weighs %d bytes gzipped, want at most %d", weight, mostWeight)
	}
	if weight == 0 {
		t.Error("there is no page")
	}
}
