package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/machine"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
)

// idle measures processes that nobody asks anything.
type idle struct{ settle, watch time.Duration }

func (i idle) scenario() scenario { return scenario{fmt.Sprintf("idle for %s", i.watch), i.run} }

func (i idle) run(ctx context.Context, l *lab) ([]report.Row, error) {
	hop, err := l.startHop(ctx, l.stubs[plain], nil)
	if err != nil {
		return nil, err
	}
	defer hop.Stop()
	bridge, err := l.startBridge(ctx, l.stubs[plain], nil)
	if err != nil {
		return nil, err
	}
	defer bridge.Stop()
	if err := sleep(ctx, i.settle); err != nil {
		return nil, err
	}
	memory, cpu := report.Absent(), report.Absent()
	before, after := [2]time.Duration{}, [2]time.Duration{}
	for at, s := range []*server{hop, bridge} {
		if before[at], err = s.cpu(); err != nil {
			return nil, err
		}
	}
	if err := sleep(ctx, i.watch); err != nil {
		return nil, err
	}
	for at, s := range []*server{hop, bridge} {
		if after[at], err = s.cpu(); err != nil {
			return nil, err
		}
	}
	share := func(at int) float64 { return 100 * float64(after[at]-before[at]) / float64(i.watch) }
	if before[0] >= 0 {
		cpu.Hop, cpu.Bridge = share(0), share(1)
	}
	for s, v := range map[*server]*float64{hop: &memory.Hop, bridge: &memory.Bridge} {
		m, err := s.Memory()
		if errors.Is(err, machine.ErrUnmeasured) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if *v = float64(m.PSS) / megabyte; m.PSS == 0 {
			*v = float64(m.RSS) / megabyte
		}
	}
	return []report.Row{
		report.NewRow("idle: PSS (elsewhere than Linux, RSS)", "MB", memory, nil, report.AtMost(20)),
		report.NewRow("idle: CPU", "% of a core", cpu, nil, report.AtMost(0.1)),
	}, nil
}

// sleep lets time pass in which nothing is to happen.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
