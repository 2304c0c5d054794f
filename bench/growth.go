package main

import (
	"context"
	"fmt"
	"math"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
)

// growth asks whether cost grows as it should: a chunk's not at all with the
// size of the request, and a request's in proportion to its size.
type growth struct {
	small, large, huge int // sizes of requests, in bytes
	chunks             int // of the answers whose chunks are weighed
	requests, rounds   int
}

func (g growth) scenario() scenario { return scenario{"growth with the request's size", g.run} }

// cost is the CPU time of 1,000 requests.
func (g growth) cost(ctx context.Context, l *lab, size, chunks int) (report.Values, error) {
	t := turns{body: body.Late, size: size, answer: text(chunks), streams: 1, requests: g.requests, rounds: g.rounds}
	rounds, err := t.measure(ctx, l)
	if err != nil {
		return report.Values{}, fmt.Errorf("%d bytes, %d chunks: %w", size, chunks, err)
	}
	return cpuTime(report.Target{}).values(rounds), nil
}

// chunkCost is the CPU time of g.chunks chunks, 1,000 times.
func (g growth) chunkCost(ctx context.Context, l *lab, size int) (report.Values, error) {
	one, err := g.cost(ctx, l, size, 1)
	if err != nil {
		return one, err
	}
	all, err := g.cost(ctx, l, size, g.chunks)
	return each(all, one, func(a, b float64) float64 { return a - b }), err
}

func (g growth) run(ctx context.Context, l *lab) ([]report.Row, error) {
	small, err := g.chunkCost(ctx, l, g.small)
	if err != nil {
		return nil, err
	}
	large, err := g.chunkCost(ctx, l, g.large)
	if err != nil {
		return nil, err
	}
	one, err := g.cost(ctx, l, g.large, 1)
	if err != nil {
		return nil, err
	}
	many, err := g.cost(ctx, l, g.huge, 1)
	if err != nil {
		return nil, err
	}
	times := float64(g.huge) / float64(g.large)
	perByte := each(many, one, func(a, b float64) float64 { return a / times / b })
	perChunk := each(large, small, func(a, b float64) float64 { return a / b })
	return []report.Row{
		report.NewRow("growth: CPU per chunk, 1 MB request to 95 KB request", "×", perChunk, nil, report.AtMost(1.25)),
		report.NewRow("growth: CPU per MB, 32 MB request to 1 MB request", "×", perByte, nil, report.AtMost(1.25)),
	}, nil
}

// each combines hop with hop and bridge with bridge.
func each(a, b report.Values, with func(a, b float64) float64) report.Values {
	return report.Values{Direct: math.NaN(), Hop: with(a.Hop, b.Hop), Bridge: with(a.Bridge, b.Bridge)}
}
