package daemon

import (
	"fmt"
	"os"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// keepPrices stores the public list that setup or gen-catalog just read, so that
// the ledger counts with the prices of that day and no start has to ask for them.
// Nothing is stored where none was read.
func keepPrices(p settings.Paths, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if err := atomicfile.Write(p.Prices(), body, 0o600); err != nil {
		return fmt.Errorf("keep the prices of today: %w", err)
	}
	return nil
}

// knownPrices is the stored list laid over the built-in one. One that cannot be
// read leaves the built-in one.
func knownPrices(p settings.Paths) *models.Table {
	builtIn := models.Snapshot()
	body, err := os.ReadFile(p.Prices())
	if err != nil || len(body) > maxPublicList {
		return builtIn
	}
	table, err := builtIn.Update(body)
	if err != nil {
		return builtIn
	}
	return table
}
