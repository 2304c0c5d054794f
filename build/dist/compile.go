package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// host is the machine that makes the packages.
var host = target{runtime.GOOS, runtime.GOARCH}

// executable is one program to build.
type executable struct {
	target
	path    string // where it goes
	tags    string
	cgo     bool
	windows string // subsystem: "windowsgui", or "" for a console
}

// compile builds an executable whose bytes depend on the commit alone: no path of
// this machine, no state of its version control, no build id of its linker.
func (j *job) compile(ctx context.Context, e executable) error {
	const variables = "github.com/BlockRunAI/clawrouter-codex/backend/cli"
	link := []string{
		"-s", "-w", "-buildid=", "-X main.version=" + j.source.Version,
		"-X " + variables + ".commit=" + j.source.Commit,
		"-X " + variables + ".commitTime=" + j.source.stamp(),
	}
	if e.windows != "" {
		link = append(link, "-H "+e.windows)
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=" + strings.Join(link, " "), "-o", e.path}
	if e.tags != "" {
		args = append(args, "-tags="+e.tags)
	}
	return j.command(ctx, j.tree, e.env(), "go", append(args, ".")...)
}

// env keeps what this machine's Go is told from deciding what others get.
func (e executable) env() []string {
	cgo := "0"
	if e.cgo {
		cgo = "1"
	}
	return []string{"GOOS=" + e.os, "GOARCH=" + e.arch, "CGO_ENABLED=" + cgo, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT="}
}

// buildTools builds what build/tools/go.mod pins. A bill of materials has the
// hash of the tool that wrote it, so that the tools are built reproducibly too.
func (j *job) buildTools(ctx context.Context) error {
	j.tools = filepath.Join(j.root, ".cache", "dist", "tools")
	if err := os.MkdirAll(j.tools, 0o755); err != nil {
		return err
	}
	return j.command(ctx, filepath.Join(j.root, "build", "tools"), executable{target: host}.env(), "go", "build", "-trimpath", "-buildvcs=false", "-o", j.tools+string(filepath.Separator), "tool")
}

// command runs a program that has something to say only when it fails.
func (j *job) command(ctx context.Context, folder string, env []string, name string, args ...string) error {
	_, err := j.output(ctx, folder, env, name, args...)
	return err
}

func (j *job) output(ctx context.Context, folder string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", filepath.Base(name), args[0], complaint(err))
	}
	return out, nil
}
