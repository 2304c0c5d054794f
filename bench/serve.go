package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/hop"
	"github.com/BlockRunAI/clawrouter-codex/bench/stub"
)

// serve is this program as the stub upstream or as the hop: it prints its
// address, and ends with its parent, whose end closes stdin.
func serve(ctx context.Context, part string, args []string) error {
	f := flag.NewFlagSet(part, flag.ContinueOnError)
	kind := f.String("kind", string(plain), "stub: plain, clawrouter or parsing")
	address := f.String("upstream", "", "hop: address of the upstream")
	if err := f.Parse(args); err != nil {
		return err
	}
	var handler http.Handler = &stub.Server{ClawRouter: upstream(*kind) == clawRouter, Parse: upstream(*kind) == parsing}
	if part == "hop" {
		u, err := url.Parse(*address)
		if err != nil {
			return fmt.Errorf("-upstream: %w", err)
		}
		handler = hop.Handler(u, log.New(os.Stderr, "hop: ", 0))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: log.New(io.Discard, "", 0)}
	defer context.AfterFunc(ctx, func() { srv.Close() })()
	fmt.Printf("%s%s\n", listening, listener.Addr())
	if err := srv.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// listening is what a helper prints in front of its address.
const listening = "listening on "
