package main

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/report"
)

// startup measures from the start of a process to its first good answer, and
// what the shortest command of the CLI takes.
type startup struct{ starts int }

func (s startup) scenario() scenario {
	return scenario{fmt.Sprintf("%d starts", s.starts), s.run}
}

func (s startup) run(ctx context.Context, l *lab) ([]report.Row, error) {
	var serving, command []report.Values
	for range s.starts {
		v, err := s.once(ctx, l)
		if err != nil {
			return nil, err
		}
		serving = append(serving, v)
		began := time.Now()
		if out, err := exec.CommandContext(ctx, l.bridge, "version").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("clawrouter-codex version: %w: %s", err, out)
		}
		v = report.Absent()
		v.Bridge = milliseconds(time.Since(began))
		command = append(command, v)
	}
	return []report.Row{
		report.NewRow("from start to serving, p50", "ms", medians(serving), nil, report.AtMost(50)),
		report.NewRow("clawrouter-codex version, p50", "ms", medians(command), nil, report.AtMost(50)),
	}, nil
}

func (s startup) once(ctx context.Context, l *lab) (report.Values, error) {
	v := report.Absent()
	hop, err := l.startHop(ctx, l.stubs[plain], nil)
	if err != nil {
		return v, err
	}
	defer hop.Stop()
	bridge, err := l.startBridge(ctx, l.stubs[plain], nil)
	if err != nil {
		return v, err
	}
	defer bridge.Stop()
	v.Hop, v.Bridge = milliseconds(hop.up), milliseconds(bridge.up)
	return v, nil
}

// medians takes each target's median alone.
func medians(all []report.Values) report.Values {
	of := func(one func(report.Values) float64) float64 {
		each := make([]float64, len(all))
		for i, v := range all {
			each[i] = one(v)
		}
		return report.Median(each)
	}
	return report.Values{Direct: math.NaN(), Hop: of(func(v report.Values) float64 { return v.Hop }),
		Bridge: of(func(v report.Values) float64 { return v.Bridge })}
}
