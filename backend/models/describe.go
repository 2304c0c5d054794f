package models

import (
	"fmt"
	"strconv"
	"strings"
)

// Describe tells a model's price, window and senses in one line:
// "$3 in / $15 out per 1M · 200k context · vision".
func (m Model) Describe() string {
	parts := []string{m.price()}
	if m.Window > 0 {
		parts = append(parts, size(m.Window)+" context")
	}
	if m.Vision {
		parts = append(parts, "vision")
	}
	if m.Deprecated {
		parts = append(parts, "about to be withdrawn")
	}
	return strings.Join(parts, " · ")
}

func (m Model) price() string {
	switch {
	case RoutingProfile(m.ID) != "":
		return "costs what it routes to"
	case Free(m.ID):
		return "free"
	case m.In == 0 && m.Out == 0:
		return "price not known"
	}
	return fmt.Sprintf("$%s in / $%s out per 1M", dollars(m.In), dollars(m.Out))
}

// dollars writes no more digits than the price has.
func dollars(price float64) string { return strconv.FormatFloat(price, 'f', -1, 64) }

// size writes a number of tokens as people say it: 200k, 1.05M, 1M for 1048576.
func size(tokens int) string {
	if tokens >= 1_000_000 {
		return strconv.FormatFloat(float64(tokens/10_000)/100, 'f', -1, 64) + "M"
	}
	return strconv.Itoa(tokens/1000) + "k"
}
