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
//
// The sizes that are compared meet the same processes in turns, and each round gives a
// ratio of its own. Chunks come in bursts: of chunks that are written one by one, how
// many a read finds is up to the system, and for the same answer even the hop then
// takes five times the CPU time in one round that it takes in another.
type growth struct {
	small, large, larger, huge int // sizes of requests, in bytes
	chunks                     int // of the answers whose chunks are weighed
	rounds                     int
}

func (g growth) scenario() scenario { return scenario{"growth with the request's size", g.run} }

// kind is a size of request, and of its answer.
type kind struct {
	size, chunks int
	requests     int // at a time
}

// few is how many requests of the largest size, or of the longest answer, go at a time.
const few = 3

func (g growth) run(ctx context.Context, l *lab) ([]report.Row, error) {
	chunks, err := g.measure(ctx, l, []kind{{g.small, 1, few}, {g.small, g.chunks, few}, {g.large, 1, few}, {g.large, g.chunks, few}})
	if err != nil {
		return nil, err
	}
	// All have the same bytes to do: collections of garbage come by the byte.
	times, half := g.huge/g.large, g.huge/g.larger
	bytes, err := g.measure(ctx, l, []kind{{g.large, 1, few * times}, {g.larger, 1, few * half}, {g.huge, 1, few}})
	if err != nil {
		return nil, err
	}
	return []report.Row{
		grown("CPU per chunk, 1 MB request to 95 KB request", chunks, func(c []float64) float64 { return (c[3] - c[2]) / (c[1] - c[0]) }),
		grown("CPU per MB, 32 MB request to 1 MB request", bytes, func(c []float64) float64 { return c[2] / c[0] / float64(times) }),
		grown("CPU per MB, 32 MB request to 8 MB request", bytes, func(c []float64) float64 { return c[2] / c[1] / float64(half) }),
	}, nil
}

// weighed is one round: what a request of each kind took of hop and bridge.
type weighed struct{ hop, bridge []float64 }

// grown is the row of a ratio, of which each round has its own.
func grown(name string, rounds []weighed, ratio func(cost []float64) float64) report.Row {
	hop, bridge := make([]float64, len(rounds)), make([]float64, len(rounds))
	parts := make([]report.Values, len(rounds))
	for i, r := range rounds {
		hop[i], bridge[i] = ratio(r.hop), ratio(r.bridge)
		parts[i] = report.Values{Direct: math.NaN(), Hop: hop[i], Bridge: bridge[i]}
	}
	middle := report.Values{Direct: math.NaN(), Hop: report.Median(hop), Bridge: report.Median(bridge)}
	return report.NewRow("growth: "+name, "×", middle, parts, report.AtMost(1.25))
}

// measure loads hop and bridge with each kind in turns, round after round.
func (g growth) measure(ctx context.Context, l *lab, kinds []kind) ([]weighed, error) {
	servers, stop, err := turns{}.start(ctx, l)
	if err != nil {
		return nil, err
	}
	defer stop()
	var loads [3][]func() (slice, error) // of each target, one for each kind
	for _, k := range kinds {
		t := turns{body: body.Late, size: k.size, answer: burst(k.chunks), streams: 1, requests: k.requests}
		requests, err := t.prepare(ctx, l, servers)
		if err != nil {
			return nil, fmt.Errorf("%d bytes, %d chunks: %w", k.size, k.chunks, err)
		}
		for target, s := range servers {
			loads[target] = append(loads[target], func() (slice, error) { return t.slice(ctx, l, s, requests[target]) })
		}
	}
	rounds := make([]weighed, g.rounds)
	for r := range rounds {
		if rounds[r].hop, err = costs(loads[1], r%2 == 1); err != nil {
			return nil, err
		}
		if rounds[r].bridge, err = costs(loads[2], r%2 == 1); err != nil {
			return nil, err
		}
	}
	return rounds, nil
}

// costs is the CPU time of 1,000 requests of each kind, in seconds, one kind after the
// other or the other way round. Each goes twice, and only the second time counts:
// memory that the system has to give anew, because Go had given it back while small
// requests went, makes large ones cost up to twice as much.
func costs(loads []func() (slice, error), backwards bool) ([]float64, error) {
	cost := make([]float64, len(loads))
	for i := range loads {
		if backwards {
			i = len(loads) - 1 - i
		}
		for range 2 {
			s, err := loads[i]()
			if err != nil {
				return nil, err
			}
			cost[i] = cpuTime(report.Target{}).of([]slice{s})
		}
	}
	return cost, nil
}
