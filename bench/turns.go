package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
	"github.com/BlockRunAI/clawrouter-codex/bench/load"
	"github.com/BlockRunAI/clawrouter-codex/bench/machine"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
	"github.com/BlockRunAI/clawrouter-codex/bench/stub"
)

// turns loads the stub directly, through the hop and through the bridge, one
// after the other, round after round. Whatever else the machine does in the
// meantime meets all three.
type turns struct {
	title    string
	body     func(size int, marker string) (body.Request, error)
	size     int
	answer   stub.Answer
	upstream upstream // plain if empty
	streams  int
	requests int // of each target in each round
	rounds   int
	settle   time.Duration // see settled
	metrics  []metric
}

// slice is one target's part of one round.
type slice struct {
	load.Result
	cpu      time.Duration // of the measured process; < 0 where it is not known
	resident int64         // RSS after it, in bytes; < 0 where it is not known
	chunks   int           // of text in each answer
}

// round is one slice for each of direct, hop and bridge, in this order.
type round [3]slice

func (t turns) scenario() scenario { return scenario{t.title, t.run} }

func (t turns) run(ctx context.Context, l *lab) ([]report.Row, error) {
	servers, stop, err := t.start(ctx, l)
	if err != nil {
		return nil, err
	}
	defer stop()
	rounds, err := t.load(ctx, l, servers)
	if err != nil {
		return nil, err
	}
	rows := make([]report.Row, 0, len(t.metrics)+1)
	for _, m := range t.metrics {
		rows = append(rows, m.row(t.title, rounds))
	}
	if t.settle > 0 {
		row, err := t.settled(ctx, servers[1], servers[2])
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// start brings up hop and bridge in front of the upstream.
func (t turns) start(ctx context.Context, l *lab) (servers [3]*server, stop func(), err error) {
	upstream := l.stubs[cmp.Or(t.upstream, plain)]
	hop, err := l.startHop(ctx, upstream, nil)
	if err != nil {
		return servers, nil, err
	}
	bridge, err := l.startBridge(ctx, upstream, nil)
	if err != nil {
		hop.Stop()
		return servers, nil, err
	}
	return [3]*server{upstream, hop, bridge}, func() { bridge.Stop(); hop.Stop() }, nil
}

func (t turns) load(ctx context.Context, l *lab, servers [3]*server) ([]round, error) {
	requests, err := t.prepare(ctx, l, servers)
	if err != nil {
		return nil, err
	}
	rounds := make([]round, t.rounds)
	for r := range rounds {
		for i := range servers {
			// Each target goes first in a third of the rounds.
			at := (i + r) % len(servers)
			if rounds[r][at], err = t.slice(ctx, l, servers[at], requests[at]); err != nil {
				return nil, err
			}
		}
	}
	return rounds, nil
}

// prepare writes the requests, compares what each target answers with what was
// ordered, and warms every target up.
func (t turns) prepare(ctx context.Context, l *lab, servers [3]*server) (requests [3]*load.Request, err error) {
	b, err := t.body(t.size, t.answer.Marker())
	if err != nil {
		return requests, err
	}
	for i, s := range servers {
		requests[i] = load.NewRequest(s.Target, b)
		if err := l.verify(ctx, s.Target, requests[i], t.answer); err != nil {
			return requests, err
		}
		if _, err := l.load.Run(ctx, s.Target, requests[i], load.Plan{Streams: t.streams, Requests: min(2*t.streams, t.requests)}); err != nil {
			return requests, err
		}
	}
	return requests, nil
}

func (t turns) slice(ctx context.Context, l *lab, s *server, req *load.Request) (slice, error) {
	before, err := s.cpu()
	if err != nil {
		return slice{}, err
	}
	result, err := l.load.Run(ctx, s.Target, req, load.Plan{Streams: t.streams, Requests: t.requests})
	if err != nil {
		return slice{}, fmt.Errorf("%w\n%s printed: %s", err, s.Name, s.Output())
	}
	out := slice{Result: result, cpu: -1, resident: -1, chunks: t.answer.Chunks}
	after, err := s.cpu()
	if err != nil {
		return slice{}, err
	}
	if after >= 0 {
		out.cpu = after - before
	}
	out.resident, err = s.resident()
	return out, err
}

// cpu is the process's CPU time, < 0 where the system does not tell.
func (s *server) cpu() (time.Duration, error) {
	d, err := s.CPU()
	if errors.Is(err, machine.ErrUnmeasured) {
		return -1, nil
	}
	return d, err
}

// resident is the process's RSS in bytes, < 0 where the system does not tell.
func (s *server) resident() (int64, error) {
	m, err := s.Memory()
	if errors.Is(err, machine.ErrUnmeasured) {
		return -1, nil
	}
	return m.RSS, err
}

// settled waits, without load, and looks how much memory was given back.
func (t turns) settled(ctx context.Context, hop, bridge *server) (report.Row, error) {
	if err := sleep(ctx, t.settle); err != nil {
		return report.Row{}, err
	}
	values := report.Absent()
	for s, v := range map[*server]*float64{hop: &values.Hop, bridge: &values.Bridge} {
		bytes, err := s.resident()
		if err != nil {
			return report.Row{}, err
		}
		if bytes >= 0 {
			*v = float64(bytes) / megabyte
		}
	}
	return report.NewRow(fmt.Sprintf("%s: RSS %s later", t.title, t.settle), "MB", values, nil, report.AtMost(25)), nil
}

const megabyte = 1 << 20

// metric is one figure of a scenario.
type metric struct {
	title, unit string
	of          func([]slice) float64 // of one target's slices
	added       bool                  // count from what direct needs
	process     bool                  // of the measured process, which direct has none of
	target      report.Target
}

// blocks is into how many parts a run is cut to see how far its figures vary. A
// round alone is too short for that: of ten requests, p99 is the slowest.
const blocks = 8

func (m metric) row(title string, rounds []round) report.Row {
	n := min(blocks, len(rounds))
	each := make([]report.Values, n)
	for i := range each {
		each[i] = m.values(rounds[i*len(rounds)/n : (i+1)*len(rounds)/n])
	}
	return report.NewRow(title+": "+m.title, m.unit, m.values(rounds), each, m.target)
}

func (m metric) values(rounds []round) report.Values {
	var f [3]float64
	for target := range f {
		slices := make([]slice, len(rounds))
		for r := range rounds {
			slices[r] = rounds[r][target]
		}
		f[target] = m.of(slices)
	}
	v := report.Values{Direct: f[0], Hop: f[1], Bridge: f[2]}
	if m.process {
		v.Direct = math.NaN()
	}
	if m.added {
		v = report.Values{Direct: math.NaN(), Hop: v.Hop - v.Direct, Bridge: v.Bridge - v.Direct}
	}
	return v
}
