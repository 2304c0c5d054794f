package panel

import (
	"context"
	"net/url"

	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

// family is the models of one maker, as the page groups them.
type family struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"` // for people
	Models []model `json:"models"`
}

// model is one that can be chosen.
type model struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// About is price, window and vision in words, as Codex's own picker has them.
	About  string `json:"about"`
	Window int    `json:"window"` // tokens
	Free   bool   `json:"free"`
}

// models are those of link.Models by family, in the order in which the first of
// each comes.
func (s *server) models(ctx context.Context, _ url.Values) ([]family, error) {
	list, err := s.Link.Models(ctx)
	if err != nil {
		return nil, err
	}
	families := []family{}
	at := map[string]int{}
	for _, m := range list {
		id := models.Family(m.ID)
		i, ok := at[id]
		if !ok {
			i = len(families)
			at[id] = i
			families = append(families, family{ID: id, Name: models.FamilyName(id)})
		}
		families[i].Models = append(families[i].Models, model{
			ID: m.ID, Name: m.Name, About: m.Description, Window: m.Window, Free: models.Free(m.ID),
		})
	}
	return families, nil
}
