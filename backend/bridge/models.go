package bridge

import (
	"encoding/json"
	"net/http"
	"time"
)

// modelList is the part of OpenAI's model list that the bridge reads.
type modelList struct {
	Data []json.RawMessage `json:"data"`
}

type modelID struct {
	ID string `json:"id"`
}

// upstreamModels asks upstream for its list; on failure it answers itself.
func (s *Server) upstreamModels(w http.ResponseWriter, r *http.Request) (modelList, bool) {
	var list modelList
	body, err := s.cfg.Upstream.Models(r.Context())
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil {
		s.cfg.Log.Warn("the upstream's model list could not be read", "error", err)
		fail(w, http.StatusFailedDependency, "upstream_unavailable", "The model list could not be read from ClawRouter: "+err.Error()+". Run: clawrouter-codex doctor")
		return list, false
	}
	if list.Data == nil {
		list.Data = []json.RawMessage{}
	}
	return list, true
}

// models answers in two shapes at once: "data" is OpenAI's, for any client;
// "models" is Codex's own, which it reads from this address too.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	list, ok := s.upstreamModels(w, r)
	if !ok {
		return
	}
	catalog := json.RawMessage(`[]`)
	if s.cfg.Catalog != nil {
		if c := s.cfg.Catalog(); json.Valid(c) {
			catalog = c
		}
	}
	replyJSON(w, struct {
		Object string            `json:"object"`
		Data   []json.RawMessage `json:"data"`
		Models json.RawMessage   `json:"models"`
	}{"list", list.Data, catalog})
}

// ollamaModel is one model as Ollama lists it.
type ollamaModel struct {
	Name       string        `json:"name"`
	Model      string        `json:"model"`
	ModifiedAt time.Time     `json:"modified_at"`
	Size       int64         `json:"size"`
	Digest     string        `json:"digest"`
	Details    ollamaDetails `json:"details"`
}

type ollamaDetails struct {
	ParentModel       string   `json:"parent_model"`
	Format            string   `json:"format"`
	Family            string   `json:"family"`
	Families          []string `json:"families"`
	ParameterSize     string   `json:"parameter_size"`
	QuantizationLevel string   `json:"quantization_level"`
}

// tags answers clients that look for a local Ollama, as older Codex did for
// its --oss mode.
func (s *Server) tags(w http.ResponseWriter, r *http.Request) {
	list, ok := s.upstreamModels(w, r)
	if !ok {
		return
	}
	models := make([]ollamaModel, 0, len(list.Data))
	for _, raw := range list.Data {
		var m modelID
		if json.Unmarshal(raw, &m) == nil && m.ID != "" {
			models = append(models, ollamaModel{Name: m.ID, Model: m.ID, Details: ollamaDetails{Families: []string{}}})
		}
	}
	replyJSON(w, map[string]any{"models": models})
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	replyJSON(w, map[string]string{"version": s.cfg.Version})
}

// health says that the bridge is up and ours. It has no "wallet" field, by which
// ClawRouter recognises its own kind.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	replyJSON(w, map[string]string{"status": "ok", "service": "clawrouter-codex", "version": s.cfg.Version})
}
