package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
	"github.com/BlockRunAI/clawrouter-codex/bench/load"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
	"github.com/BlockRunAI/clawrouter-codex/bench/stub"
)

// openStreams measures what an open stream of a large request holds in memory:
// while the request is sent, which lasts until upstream's headers have come,
// since until then it may have to be sent again; and while the answer is read.
type openStreams struct {
	size    int
	streams int
}

func (o openStreams) scenario() scenario {
	return scenario{fmt.Sprintf("memory of %d open streams of a 1 MB request", o.streams), o.run}
}

func (o openStreams) run(ctx context.Context, l *lab) ([]report.Row, error) {
	sending, streaming := report.Absent(), report.Absent()
	repeated, err := o.repeated()
	if err != nil {
		return nil, err
	}
	trace := &heap{}
	hop, err := l.startHop(ctx, l.stubs[plain], trace, heapEnv...)
	if err != nil {
		return nil, err
	}
	defer hop.Stop()
	if sending.Hop, streaming.Hop, err = o.hold(ctx, l, hop, trace); err != nil {
		return nil, err
	}
	trace = &heap{}
	bridge, err := l.startBridge(ctx, l.stubs[plain], trace, heapEnv...)
	if err != nil {
		return nil, err
	}
	defer bridge.Stop()
	if sending.Bridge, streaming.Bridge, err = o.hold(ctx, l, bridge, trace); err != nil {
		return nil, err
	}
	sending.Hop, sending.Bridge = sending.Hop/float64(o.size), sending.Bridge/float64(o.size)
	streaming.Hop, streaming.Bridge = streaming.Hop/1024, streaming.Bridge/1024
	return []report.Row{
		report.NewRow("1 MB request: live heap of an open stream while it is sent", "× request", sending, nil, report.AtMost(1.5)),
		report.NewRow("1 MB request: live heap of an open stream after that", "KB", streaming, nil, report.AtMost(32+repeated/1024)),
	}, nil
}

// repeated is the size of what the last event must repeat of the request, its tools,
// in bytes and rounded down to a KB. A stream may hold that, too.
func (o openStreams) repeated() (float64, error) {
	large, err := body.Late(o.size, text(1).Marker())
	if err != nil {
		return 0, err
	}
	var request struct{ Tools json.RawMessage }
	if err := json.Unmarshal(large.Responses, &request); err != nil {
		return 0, err
	}
	return float64(len(request.Tools) &^ 1023), nil
}

// hold opens the streams and reads the live heap in both phases: in bytes for
// each stream, above what the process held before.
func (o openStreams) hold(ctx context.Context, l *lab, s *server, h *heap) (sending, streaming float64, err error) {
	// As large as the streams' own: what a server keeps of a request for the next one is
	// then the same before and after, and only what the streams hold is counted.
	ended, err := body.Late(o.size, text(2).Marker())
	if err != nil {
		return 0, 0, err
	}
	large, err := body.Late(o.size, stub.Answer{Chunks: 2, Size: 5, Gated: true}.Marker())
	if err != nil {
		return 0, 0, err
	}
	churn := load.NewRequest(s.Target, ended)
	empty, err := l.liveHeap(ctx, s, h, churn)
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answering := make(chan struct{})
	var begun atomic.Int64
	plan := load.Plan{Streams: o.streams, Requests: o.streams, FirstToken: func() {
		if begun.Add(1) == int64(o.streams) {
			close(answering)
		}
	}}
	var streams sync.WaitGroup
	defer streams.Wait()
	streams.Go(func() {
		if _, err := l.load.Run(ctx, s.Target, load.NewRequest(s.Target, large), plan); err != nil {
			cancel(err)
		}
	})
	read := func() float64 {
		live, err := l.liveHeap(ctx, s, h, churn)
		if err != nil {
			cancel(err)
		}
		return max(0, (live-empty)/float64(o.streams))
	}
	if err := l.gate(ctx, http.MethodGet, fmt.Sprintf("?waiting=%d", o.streams)); err != nil {
		cancel(err)
	}
	sending = read()
	if err := l.gate(ctx, http.MethodPost, ""); err != nil {
		cancel(err)
	}
	select {
	case <-answering:
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
	}
	streaming = read()
	if err := l.gate(ctx, http.MethodPost, ""); err != nil {
		cancel(err)
	}
	streams.Wait()
	return sending, streaming, context.Cause(ctx)
}

// gate works the gate of the plain stub.
func (l *lab) gate(ctx context.Context, method, query string) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+l.stubs[plain].Addr+stub.GatePath+query, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// maxChurn bounds the requests that are spent on making a process collect.
const maxChurn = 6000

// liveHeap keeps s busy with requests that end until it has collected twice, so
// that the last collection began after the call, and returns what was live then,
// in bytes. A process that will not collect has NaN.
func (l *lab) liveHeap(ctx context.Context, s *server, h *heap, churn *load.Request) (float64, error) {
	const batch = 20
	before, _ := h.now()
	for range maxChurn / batch {
		if _, err := l.load.Run(ctx, s.Target, churn, load.Plan{Streams: 1, Requests: batch}); err != nil {
			return 0, err
		}
		if seen, live := h.now(); seen >= before+2 {
			return float64(live), nil
		}
	}
	return math.NaN(), nil
}
