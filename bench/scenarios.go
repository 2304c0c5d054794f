package main

import (
	"context"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/body"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
	"github.com/BlockRunAI/clawrouter-codex/bench/stub"
)

// scenario is one part of a run.
type scenario struct {
	name string
	run  func(ctx context.Context, l *lab) ([]report.Row, error)
}

// Sizes of request bodies, in bytes, as Codex sends them.
const (
	plainSize = 78_000
	toolsSize = 95_000
	lateSize  = 1_000_000
)

// text is an answer of n chunks of 5 bytes as fast as they can be sent, each in
// a write of its own, which is how model APIs stream. The targets are meant for
// these.
func text(n int) stub.Answer { return stub.Answer{Chunks: n, Size: 5} }

// burst is the same in writes of 32 chunks. The hop then pays its system calls
// once for 32 chunks, and nothing hides what translating one costs.
func burst(n int) stub.Answer { return stub.Answer{Chunks: n, Size: 5, Write: 32} }

// effort is how long a run takes.
type effort int

const (
	mini  effort = iota // a few requests, for the test that keeps all of this in working order
	quick               // a minute
	full                // ten minutes, with what only a long run can tell
)

func (e effort) String() string { return [...]string{"mini", "quick", "full"}[e] }

// pick is the number for an effort; a mini run does everything twice.
func (e effort) pick(inQuick, inFull int) int { return [...]int{2, inQuick, inFull}[e] }

// scenarios are the rows of the table, in its order. settle is how long a full
// run waits for memory to go down.
func scenarios(e effort, settle time.Duration) []scenario {
	var list []scenario
	for _, t := range turnScenarios(e, settle) {
		if e == mini {
			t = t.small()
		}
		list = append(list, t.scenario())
	}
	list = append(list,
		openStreams{size: lateSize, streams: e.pick(256, 256)}.scenario(),
		startup{starts: e.pick(15, 40)}.scenario(),
		idle{settle: time.Second, watch: time.Duration(e.pick(5, 30)) * time.Second}.scenario(),
	)
	switch e {
	case mini:
		list = append(list, growth{small: toolsSize, large: 2 * toolsSize, larger: 4 * toolsSize, huge: 8 * toolsSize, chunks: 100, rounds: 2}.scenario())
	case full:
		list = append(list, growth{small: toolsSize, large: lateSize, larger: 8 * lateSize, huge: 32 * lateSize, chunks: 30_000, rounds: blocks}.scenario())
	}
	return list
}

// small is t with a few requests.
func (t turns) small() turns {
	t.streams, t.answer.Chunks = min(t.streams, 4), min(t.answer.Chunks, 60)
	t.requests = min(t.requests, 2*t.streams)
	t.settle = min(t.settle, 10*time.Millisecond)
	return t
}

func turnScenarios(e effort, settle time.Duration) []turns {
	if e == quick {
		settle = 0
	}
	return append([]turns{
		{title: "78 KB request, 50 chunks, 1 stream", body: body.Plain, size: plainSize, answer: text(50),
			streams: 1, requests: 10, rounds: e.pick(40, 200), metrics: []metric{
				addedFirstToken(0.5, report.RatioAtMost(2)), addedFirstToken(0.99, report.RatioAtMost(2)), requestRate(report.Target{})}},
		{title: "78 KB request, 2 ms a chunk", body: body.Plain, size: plainSize, answer: paced(50),
			streams: 1, requests: 2, rounds: e.pick(8, 60), metrics: []metric{
				addedTotal(report.OverAtMost(0.5)), underWay(0.5, report.Target{}), underWay(0.99, report.OverAtMost(1))}},
		{title: "78 KB request, 2,000 chunks, 1 stream", body: body.Plain, size: plainSize, answer: text(2000),
			streams: 1, requests: 5, rounds: e.pick(12, 60), metrics: []metric{chunkRate(report.RatioAtLeast(0.7))}},
		{title: "78 KB request, 50 chunks, 16 streams", body: body.Plain, size: plainSize, answer: text(50),
			streams: 16, requests: 320, rounds: e.pick(4, 16), metrics: []metric{
				requestRate(report.RatioAtLeast(0.75)), cpuTime(report.RatioAtMost(2))}},
		{title: "78 KB request, 50 chunks, 256 streams", body: body.Plain, size: plainSize, answer: text(50),
			streams: 256, requests: 768, rounds: e.pick(3, 9), settle: settle, metrics: []metric{
				requestRate(report.RatioAtLeast(0.75)), residentAfter(report.RatioAtMost(1))}},
		{title: "78 KB request, 2,000 chunks, 16 streams", body: body.Plain, size: plainSize, answer: text(2000),
			streams: 16, requests: 48, rounds: e.pick(4, 16), metrics: []metric{cpuTime(report.RatioAtMost(2.5))}},
		{title: "1 MB request, 50 chunks, 1 stream", body: body.Late, size: lateSize, answer: text(50), upstream: parsing,
			streams: 1, requests: 2, rounds: e.pick(16, 80), metrics: []metric{
				firstToken(0.5, report.RatioAtMost(1.3))}},
	}, furtherTurns(e)...)
}

// furtherTurns have no targets of their own: harder or richer cases, told for
// their own sake.
func furtherTurns(e effort) []turns {
	withTools := stub.Answer{Chunks: 50, Size: 5, Reasoning: 30, Calls: 2}
	buffered := stub.Answer{Chunks: 50, Size: 5, Buffered: true}
	return []turns{
		{title: "1 MB request, upstream that does not decode it, 1 stream", body: body.Late, size: lateSize, answer: text(50),
			streams: 1, requests: 2, rounds: e.pick(16, 80), metrics: []metric{addedFirstToken(0.5, report.Target{})}},
		{title: "78 KB request, 2,000 chunks in bursts, 1 stream", body: body.Plain, size: plainSize, answer: burst(2000),
			streams: 1, requests: 5, rounds: e.pick(8, 40), metrics: []metric{chunkRate(report.Target{})}},
		{title: "78 KB request, 2,000 chunks in bursts, 16 streams", body: body.Plain, size: plainSize, answer: burst(2000),
			streams: 16, requests: 48, rounds: e.pick(3, 9), metrics: []metric{cpuTime(report.Target{})}},
		{title: "95 KB request with tools and reasoning, 1 stream", body: body.Tools, size: toolsSize, answer: withTools,
			streams: 1, requests: 10, rounds: e.pick(10, 60), metrics: []metric{addedFirstToken(0.5, report.Target{})}},
		{title: "95 KB request with tools and reasoning, 16 streams", body: body.Tools, size: toolsSize, answer: withTools,
			streams: 16, requests: 320, rounds: e.pick(3, 9), metrics: []metric{requestRate(report.Target{}), cpuTime(report.Target{})}},
		{title: "78 KB request, buffered as by ClawRouter, 1 stream", body: body.Plain, size: plainSize, answer: buffered, upstream: clawRouter,
			streams: 1, requests: 10, rounds: e.pick(10, 60), metrics: []metric{addedFirstToken(0.5, report.Target{})}},
		{title: "78 KB request, buffered as by ClawRouter, 16 streams", body: body.Plain, size: plainSize, answer: buffered, upstream: clawRouter,
			streams: 16, requests: 320, rounds: e.pick(3, 9), metrics: []metric{requestRate(report.Target{}), cpuTime(report.Target{})}},
	}
}

// paced is an answer at a model's speed, whose chunks say when they were sent.
func paced(n int) stub.Answer {
	return stub.Answer{Chunks: n, Delay: 2 * time.Millisecond, Stamp: true}
}
