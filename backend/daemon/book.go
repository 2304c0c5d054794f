package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/spend"
)

// openBook opens the ledger. This process holds the lock of the state folder, so
// nobody else writes to it.
func openBook(o Options) (*spend.Book, error) {
	book, err := spend.Open(spend.Options{
		Folder: spend.Disk(o.Settings.Paths.Spend()), Prices: knownPrices(o.Settings.Paths), Now: o.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("open the ledger of what turns cost: %w", err)
	}
	return book, nil
}

// lastWrite bounds how long the end of the program waits for the disk.
const lastWrite = 5 * time.Second

func closeBook(book *spend.Book) error {
	ctx, cancel := context.WithTimeout(context.Background(), lastWrite)
	defer cancel()
	if err := book.Close(ctx); err != nil {
		return fmt.Errorf("write the end of the ledger: %w", err)
	}
	return nil
}
