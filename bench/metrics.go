package main

import (
	"fmt"
	"math"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/load"
	"github.com/BlockRunAI/clawrouter-codex/bench/report"
)

// samples gathers one duration of every request, in milliseconds.
func samples(slices []slice, of func(load.Sample) time.Duration) []float64 {
	var out []float64
	for _, s := range slices {
		for _, sample := range s.Samples {
			out = append(out, milliseconds(of(sample)))
		}
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func percentile(q float64) string { return fmt.Sprintf("p%g", q*100) }

func firstToken(q float64, target report.Target) metric {
	return metric{title: "time to first token, " + percentile(q), unit: "ms", target: target, of: func(s []slice) float64 {
		return report.Quantile(samples(s, func(s load.Sample) time.Duration { return s.FirstToken }), q)
	}}
}

func addedFirstToken(q float64, target report.Target) metric {
	m := firstToken(q, target)
	m.title, m.added = "added to the first token, "+percentile(q), true
	return m
}

func addedTotal(target report.Target) metric {
	return metric{title: "added to the whole stream, p50", unit: "ms", added: true, target: target, of: func(s []slice) float64 {
		return report.Median(samples(s, func(s load.Sample) time.Duration { return s.Total }))
	}}
}

// underWay is how long a token takes from the stub's write to the client's read.
func underWay(q float64, target report.Target) metric {
	return metric{title: "a token is under way, " + percentile(q), unit: "ms", target: target, of: func(slices []slice) float64 {
		var late []float64
		for _, s := range slices {
			for _, sample := range s.Samples {
				for _, d := range sample.Late {
					late = append(late, milliseconds(d))
				}
			}
		}
		return report.Quantile(late, q)
	}}
}

// chunkRate counts from the first token, so that the request's cost stays out.
func chunkRate(target report.Target) metric {
	return metric{title: "chunks a second, p50", unit: "1/s", target: target, of: func(slices []slice) float64 {
		var rates []float64
		for _, s := range slices {
			for _, sample := range s.Samples {
				rates = append(rates, float64(s.chunks)/(sample.Total-sample.FirstToken).Seconds())
			}
		}
		return report.Median(rates)
	}}
}

func requestRate(target report.Target) metric {
	return metric{title: "requests a second", unit: "1/s", target: target, of: func(slices []slice) float64 {
		var rates []float64
		for _, s := range slices {
			rates = append(rates, float64(len(s.Samples))/s.Elapsed.Seconds())
		}
		return report.Median(rates)
	}}
}

// cpuTime is the measured process's own; the stub's and the load generator's
// stay out.
func cpuTime(target report.Target) metric {
	return metric{title: "CPU per 1,000 requests", unit: "s", process: true, target: target, of: func(slices []slice) float64 {
		var cpu time.Duration
		requests := 0
		for _, s := range slices {
			if s.cpu < 0 {
				return math.NaN()
			}
			cpu += s.cpu
			requests += len(s.Samples)
		}
		return cpu.Seconds() / float64(requests) * 1000
	}}
}

// residentAfter is the memory after the last round.
func residentAfter(target report.Target) metric {
	return metric{title: "RSS after it", unit: "MB", process: true, target: target, of: func(slices []slice) float64 {
		last := slices[len(slices)-1].resident
		if last < 0 {
			return math.NaN()
		}
		return float64(last) / megabyte
	}}
}
