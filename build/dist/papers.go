package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// papers are what goes with the program into every package.
type papers struct {
	manual      []byte            // man(7)
	completions map[string][]byte // by shell
	notices     []byte            // licences of what is linked in
}

// papers asks the program itself, built for this machine, for its manual and its
// completions.
func (j *job) papers(ctx context.Context) (papers, error) {
	program := filepath.Join(filepath.Dir(j.tree), filepath.Base(j.tree)+"-program")
	defer func() { _ = os.Remove(program) }()
	if err := j.compile(ctx, executable{target: host, path: program}); err != nil {
		return papers{}, err
	}
	p := papers{completions: map[string][]byte{}}
	var err error
	if p.manual, err = j.output(ctx, j.tree, nil, program, "man"); err != nil {
		return papers{}, err
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if p.completions[shell], err = j.output(ctx, j.tree, nil, program, "completion", shell); err != nil {
			return papers{}, err
		}
	}
	p.notices, err = j.notices(ctx)
	return p, err
}

// licence finds the files in which a module says its terms.
var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// notices collects the licences of Go and of every module that is linked into the
// program on any system: they ask to go where the code goes.
func (j *job) notices(ctx context.Context) ([]byte, error) {
	root, err := j.output(ctx, j.tree, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules := map[string]string{"Go " + strings.TrimPrefix(runtime.Version(), "go"): strings.TrimSpace(string(root))}
	for _, e := range []executable{
		{target: target{"linux", "amd64"}}, {target: target{"linux", "amd64"}, tags: panelTags, cgo: true},
		{target: target{"windows", "amd64"}}, {target: target{"windows", "amd64"}, tags: windowTags},
		{target: target{"darwin", "arm64"}}, {target: target{"darwin", "arm64"}, tags: windowTags, cgo: true},
	} {
		out, err := j.output(ctx, j.tree, e.env(), "go", "list", "-deps", "-tags="+e.tags, "-json=Module", ".")
		if err != nil {
			return nil, err
		}
		if err := addModules(modules, out); err != nil {
			return nil, err
		}
	}
	var text bytes.Buffer
	text.WriteString("Parts of this program are the work of others, under these terms.\n")
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		fmt.Fprintf(&text, "\n%s\n%s\n", strings.Repeat("=", 72), name)
		if err := appendLicences(&text, modules[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	// The page's parts are bundled by Node, which is not asked for here.
	page, err := os.ReadFile(filepath.Join(j.tree, "frontend", "NOTICES"))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&text, "\n%s\n%s", strings.Repeat("=", 72), page)
	return text.Bytes(), nil
}

// addModules reads what `go list -json=Module` printed.
func addModules(modules map[string]string, list []byte) error {
	for decoder := json.NewDecoder(bytes.NewReader(list)); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if m := p.Module; m != nil && !m.Main {
			modules[m.Path+" "+m.Version] = m.Dir
		}
	}
}

func appendLicences(text *bytes.Buffer, folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	found, permissive := false, false
	for _, f := range files {
		if f.IsDir() || !licence.MatchString(f.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(text, "\n%s\n", bytes.TrimSpace(data))
		found, permissive = true, permissive || isPermissive(data)
	}
	switch {
	case !found:
		return errors.New("it has no licence file")
	case !permissive:
		return errors.New("its licence is none of MIT, BSD, ISC and Apache 2.0, which a program under the MIT licence may be made of")
	}
	return nil
}

// isPermissive reports whether a licence is one that asks for nothing but to be named,
// and so goes with the program's own: MIT, BSD, ISC or Apache 2.0, by their words.
func isPermissive(text []byte) bool {
	words := strings.Join(strings.Fields(string(text)), " ")
	for _, sentence := range []string{
		"Permission is hereby granted, free of charge, to any person obtaining a copy",
		"Redistribution and use in source and binary forms, with or without modification, are permitted",
		"Permission to use, copy, modify, and distribute this software for any purpose",
		"Permission to use, copy, modify, and/or distribute this software for any purpose",
		"Apache License Version 2.0",
	} {
		if strings.Contains(words, sentence) {
			return true
		}
	}
	return false
}

// bill writes the list of what an executable is made of, as CycloneDX.
func (j *job) bill(ctx context.Context, program, name string) error {
	return j.command(ctx, j.tree, nil, filepath.Join(j.tools, "cyclonedx-gomod"), "bin",
		"-json", "-std", "-noserial", "-notimestamp", "-version", "v"+j.source.Version,
		"-output", filepath.Join(j.out, name+".cdx.json"), program)
}

// checksums writes SHA256SUMS, as `sha256sum --check` reads it, and lists what
// was made.
func (j *job) checksums() error {
	var sums bytes.Buffer
	err := eachFile(j.out, func(name string, info fs.FileInfo, data []byte) error {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
		fmt.Fprintf(j.log, "%8.1f MB  %s\n", float64(info.Size())/1e6, name)
		return nil
	})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(j.out, "SHA256SUMS"), sums.Bytes(), 0o644)
}
