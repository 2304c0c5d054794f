package spend

import (
	"context"
	"sync"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

func benchBook(b *testing.B) *Book {
	b.Helper()
	book, err := Open(Options{Folder: Disk(b.TempDir()), Prices: models.Snapshot()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := book.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := book.SetCap(mostPrice); err != nil {
		b.Fatal(err)
	}
	return book
}

func reserveAndBook(b *testing.B, book *Book, model, used string) {
	r, err := book.Reserve(Request{Thread: "019a0b3c-thread", TurnID: "019a0b3c-turn", Model: model, InputBytes: 77_000, ClawRouter: true})
	if err != nil {
		b.Error(err)
		return
	}
	r.Book(Outcome{Used: used, In: 18_000, Cached: 12_000, Out: 900, Outcome: OutcomeOK, Finish: "stop"})
}

// burst is a number of calls that fits between two writes to disk.
const burst = 1000

// What a turn waits for: reserving and booking, with the real clock. The writing
// to disk, which nobody waits for, is left out.
func BenchmarkReserveAndBook(b *testing.B) {
	for name, models := range map[string][2]string{
		"explicit": {"anthropic/claude-opus-5", "anthropic/claude-opus-5"},
		"auto":     {"blockrun/auto", "moonshot/kimi-k2.6"},
		"free":     {"free/gpt-oss-120b", "free/gpt-oss-120b"},
	} {
		b.Run(name, func(b *testing.B) {
			book := benchBook(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				reserveAndBook(b, book, models[0], models[1])
				if i%burst == burst-1 {
					settleDisk(b, book)
				}
			}
		})
	}
}

func settleDisk(b *testing.B, book *Book) {
	b.StopTimer()
	if err := book.Sync(context.Background()); err != nil {
		b.Error(err)
	}
	b.StartTimer()
}

// Sixty-four sessions at once on one lock; time is a call's.
func BenchmarkSixtyFourSessions(b *testing.B) {
	book := benchBook(b)
	for b.Loop() {
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 10 {
					reserveAndBook(b, book, "blockrun/auto", "moonshot/kimi-k2.6")
				}
			})
		}
		wg.Wait()
		settleDisk(b, book)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/640, "ns/call")
}

// What the flushing goroutine pays for a call, the disk included.
func BenchmarkWriteABurst(b *testing.B) {
	book := benchBook(b)
	for b.Loop() {
		b.StopTimer()
		for range burst {
			reserveAndBook(b, book, "anthropic/claude-opus-5", "anthropic/claude-opus-5")
		}
		b.StartTimer()
		if err := book.Sync(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/burst, "ns/call")
}

func BenchmarkStatus(b *testing.B) {
	book := benchBook(b)
	b.ReportAllocs()
	for b.Loop() {
		book.Status()
	}
}
