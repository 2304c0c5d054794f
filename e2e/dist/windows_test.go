//go:build e2e

package dist

import (
	"archive/zip"
	"bytes"
	"debug/pe"
	"encoding/binary"
	"io"
	"path"
	"testing"
	"unicode/utf16"
)

// Subsystems of a Windows executable.
const (
	gui     = 2
	console = 3
)

func TestWindowsZip(t *testing.T) {
	m := packages(t)
	z, err := zip.OpenReader(m.file(t, "clawrouter-codex", "windows_amd64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	want := map[string]uint16{"clawrouter-codex.exe": console, "clawrouter-codex-app.exe": gui}
	for _, f := range z.File {
		subsystem, ours := want[path.Base(f.Name)]
		if !ours {
			continue
		}
		delete(want, path.Base(f.Name))
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		checkExecutable(t, m, path.Base(f.Name), data, subsystem)
	}
	if len(want) > 0 {
		t.Errorf("the zip lacks %v", want)
	}
}

func checkExecutable(t *testing.T, m made, name string, data []byte, subsystem uint16) {
	t.Helper()
	f, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	header, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok || header.Subsystem != subsystem {
		t.Errorf("%s has subsystem %+v, want %d", name, f.OptionalHeader, subsystem)
	}
	section := f.Section(".rsrc")
	if section == nil {
		t.Fatalf("%s has no resources", name)
	}
	resources, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	for what, bytesOf := range map[string][]byte{
		"manifest":            []byte("permonitorv2"),
		"version resource":    utf16Text("ProductVersion"),
		"version":             utf16Text(m.version),
		"icon (a PNG in it)":  []byte("\x89PNG\r\n"),
		"name of the program": utf16Text("clawrouter-codex"),
	} {
		if !bytes.Contains(resources, bytesOf) {
			t.Errorf("%s has no %s", name, what)
		}
	}
}

func utf16Text(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}
