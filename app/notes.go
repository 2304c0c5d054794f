package app

import (
	"context"
	"sync"
)

// poster shows notifications in the way of one system.
type poster interface {
	// post shows a note, in the place of an earlier one with the same id.
	post(ctx context.Context, n note) error
	// drop takes the note with this id back; one that is not shown is no error.
	drop(ctx context.Context, id string)
}

// notes hands notifications to a poster one after the other, so that a slow
// notification service holds nobody up.
type notes struct {
	queue chan func(context.Context)
	to    poster
	// failed is told of a note that could not be shown, once.
	failed func(error)
	once   sync.Once
}

// newNotes begins nothing; run does the work.
func newNotes(to poster, failed func(error)) *notes {
	return &notes{queue: make(chan func(context.Context), queued), to: to, failed: failed}
}

func (n *notes) run(ctx context.Context) {
	for {
		select {
		case do := <-n.queue:
			do(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (n *notes) tell(what note) {
	n.add(func(ctx context.Context) {
		if err := n.to.post(ctx, what); err != nil && ctx.Err() == nil {
			n.once.Do(func() { n.failed(err) })
		}
	})
}

func (n *notes) withdraw(id string) {
	n.add(func(ctx context.Context) { n.to.drop(ctx, id) })
}

// add drops what comes while the service hangs: the panel has it all.
func (n *notes) add(do func(context.Context)) {
	select {
	case n.queue <- do:
	default:
	}
}
