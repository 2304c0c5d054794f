package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// npmSystem is a system as npm and as our archives name it.
type npmSystem struct {
	os, cpu string // values of process.platform and process.arch
	archive string // ending of our archive's name
	program string
}

var npmSystems = []npmSystem{
	{"linux", "x64", "linux_amd64.tar.gz", "clawrouter-codex"},
	{"linux", "arm64", "linux_arm64.tar.gz", "clawrouter-codex"},
	{"darwin", "x64", "macos_amd64.tar.gz", "clawrouter-codex"},
	{"darwin", "arm64", "macos_arm64.tar.gz", "clawrouter-codex"},
	{"win32", "x64", "windows_amd64.zip", "clawrouter-codex.exe"},
}

func (s npmSystem) name() string {
	return "@blockrun/clawrouter-codex-" + s.os + "-" + s.cpu
}

// npm lays out one package that people name, and one for each system that brings
// the program.
func (j *job) npm() error {
	brought := map[string]string{}
	for _, s := range npmSystems {
		err := j.npmProgram(s)
		if j.leftOut(s.name(), err) {
			continue
		}
		if err != nil {
			return err
		}
		brought[s.name()] = j.version
	}
	text, err := os.ReadFile(filepath.Join("build", "npm", "package.json"))
	if err != nil {
		return err
	}
	var main map[string]any
	if err := json.Unmarshal(text, &main); err != nil {
		return fmt.Errorf("build/npm/package.json: %w", err)
	}
	main["version"] = j.version
	main["optionalDependencies"] = brought
	folder := filepath.Join(j.out, "npm", "clawrouter-codex")
	if err := writeJSON(filepath.Join(folder, "package.json"), main); err != nil {
		return err
	}
	return copyFiles(folder, map[string]string{
		"build/npm/bin/clawrouter-codex.js": "bin/clawrouter-codex.js", "README.md": "README.md", "LICENSE": "LICENSE",
	})
}

func (j *job) npmProgram(s npmSystem) error {
	archive := fmt.Sprintf("clawrouter-codex_%s_%s", j.version, s.archive)
	program, err := member(filepath.Join(j.dist, archive), s.program)
	if err != nil {
		return err
	}
	folder := filepath.Join(j.out, "npm", "clawrouter-codex-"+s.os+"-"+s.cpu)
	if err := writeFile(filepath.Join(folder, "bin", s.program), program, 0o755); err != nil {
		return err
	}
	if err := copyFiles(folder, map[string]string{"LICENSE": "LICENSE"}); err != nil {
		return err
	}
	return writeJSON(filepath.Join(folder, "package.json"), map[string]any{
		"name": s.name(), "version": j.version, "license": "MIT",
		"description": "The program of @blockrun/clawrouter-codex for " + s.os + " on " + s.cpu,
		"repository":  map[string]string{"type": "git", "url": "git+https://github.com/BlockRunAI/clawrouter-codex.git"},
		"os":          []string{s.os}, "cpu": []string{s.cpu}, "files": []string{"bin", "LICENSE"}, "preferUnplugged": true,
	})
}

func writeJSON(path string, v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return writeFile(path, text.Bytes(), 0o644)
}

func copyFiles(folder string, files map[string]string) error {
	for from, to := range files {
		data, err := os.ReadFile(filepath.FromSlash(from))
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(folder, filepath.FromSlash(to)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// member reads the file called name out of an archive of ours, in whatever folder
// it lies.
func member(archive, name string) ([]byte, error) {
	data, err := os.ReadFile(archive)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(archive) == ".zip" {
		return zipMember(archive, data, name)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", archive, err)
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", name, archive, err)
		}
		if path.Base(h.Name) == name && path.Base(path.Dir(h.Name)) == "bin" {
			return io.ReadAll(t)
		}
	}
}

func zipMember(archive string, data []byte, name string) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", archive, err)
	}
	for _, f := range z.File {
		if path.Base(f.Name) != name {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		defer func() { _ = r.Close() }()
		return io.ReadAll(r)
	}
	return nil, fmt.Errorf("%s holds no %s", archive, name)
}
