package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// page holds the committed build of the panel to its source: who builds the
// program without Node has the page that stands here, and no other.
func page(ctx context.Context, log io.Writer) outcome {
	var sum outcome
	note := func(name string, err error) {
		if err == nil {
			sum.passed++
			return
		}
		sum.failed++
		sum.detail += fmt.Sprintf("--- %s\n%v\n", name, err)
	}
	npm := func(args ...string) error {
		cmd := command(ctx, nil, "npm", append([]string{"--prefix", "frontend"}, args...)...)
		out, err := cmd.CombinedOutput()
		log.Write(out)
		if err != nil {
			return fmt.Errorf("npm %v: %w\n%s", args, err, out)
		}
		return nil
	}
	if err := installPart(ctx, log, "page"); err != nil {
		note("install", err)
		return sum
	}
	scratch, err := filepath.Abs(".cache/page")
	if err != nil {
		note("scratch", err)
		return sum
	}
	types := filepath.Join(scratch, "api.d.ts")
	note("npm test", npm("test"))
	note("npm run check", npm("run", "check"))
	note("npm run build", npm("run", "build", "--", "--outDir", filepath.Join(scratch, "dist"), "--emptyOutDir"))
	note("the build is the committed one (npm run build)", sameFiles(filepath.Join(scratch, "dist"), "frontend/dist"))
	note("npm run types", npm("run", "types:to", "--", types))
	note("the types are those of openapi.json (npm run types)", sameFile(types, "frontend/src/lib/api.d.ts"))
	return sum
}

func installPart(ctx context.Context, log io.Writer, part string) error {
	out, err := command(ctx, nil, "e2e/install.sh", part).CombinedOutput()
	log.Write(out)
	if err != nil {
		return fmt.Errorf("%s%w", out, err)
	}
	return nil
}

// sameFiles compares two folders, both ways.
func sameFiles(a, b string) error {
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		err := filepath.WalkDir(pair[0], func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(pair[0], path)
			if err != nil {
				return err
			}
			return sameFile(path, filepath.Join(pair[1], name))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func sameFile(a, b string) error {
	one, err := os.ReadFile(a)
	if err != nil {
		return err
	}
	other, err := os.ReadFile(b)
	if err != nil {
		return err
	}
	if !bytes.Equal(one, other) {
		return fmt.Errorf("%s and %s differ", a, b)
	}
	return nil
}
