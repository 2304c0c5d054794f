// Command publish fills what other people's package collections are handed, from
// the packages in one folder: a Homebrew cask, winget manifests, npm packages.
// It uploads nothing.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

// job is one run of the program.
type job struct {
	dist, out, version string
	all                bool // a package that is missing is an error, and not a note
	log                io.Writer
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("publish", flag.ContinueOnError)
	j := &job{log: stdout}
	flags.StringVar(&j.dist, "dist", "dist", "folder with the packages")
	flags.StringVar(&j.out, "out", "dist/publish", "folder for what is made; what it held is removed")
	flags.StringVar(&j.version, "version", "", "version of the packages, without v")
	flags.BoolVar(&j.all, "all", false, "fail where a package is missing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if j.version == "" {
		return errors.New("say which: -version 1.2.3")
	}
	if err := os.RemoveAll(j.out); err != nil {
		return err
	}
	for _, folder := range []string{"homebrew", "winget"} {
		if err := j.fillAll(folder); err != nil {
			return err
		}
	}
	return j.npm()
}

// fillAll fills the files of one folder below build/.
func (j *job) fillAll(folder string) error {
	files, err := os.ReadDir(filepath.Join("build", folder))
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join("build", folder, f.Name()))
		if err != nil {
			return err
		}
		filled, err := j.fill(string(text))
		if j.leftOut(f.Name(), err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(j.out, folder, f.Name()), []byte(filled), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// leftOut reports whether err is a missing package that may be missing.
func (j *job) leftOut(name string, err error) bool {
	if j.all || !errors.Is(err, os.ErrNotExist) {
		return false
	}
	fmt.Fprintf(j.log, "without %s: %v\n", name, err)
	return true
}

var sum = regexp.MustCompile(`@SHA256 ([^@\s]+)@`)

// fill puts the version and the checksums into a text.
func (j *job) fill(text string) (string, error) {
	text = strings.ReplaceAll(text, "@VERSION@", j.version)
	var failed error
	text = sum.ReplaceAllStringFunc(text, func(place string) string {
		data, err := os.ReadFile(filepath.Join(j.dist, sum.FindStringSubmatch(place)[1]))
		if err != nil {
			failed = err
			return place
		}
		return fmt.Sprintf("%x", sha256.Sum256(data))
	})
	return text, failed
}

func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, mode)
}
