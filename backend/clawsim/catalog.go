package clawsim

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

//go:embed data/v1-models.json
var modelsBody []byte

//go:embed data/prices.json
var pricesFile []byte

// price is what is known of one model: list price in USD per million tokens.
type price struct {
	ID        string  `json:"id"`
	In        float64 `json:"in"`
	Out       float64 `json:"out"`
	Context   int     `json:"context"`
	MaxOutput int     `json:"max_output"`
	Reasoning bool    `json:"reasoning"`
	Tools     bool    `json:"tools"`
}

func (p price) free() bool { return strings.HasPrefix(p.ID, "free/") }

type catalog struct {
	prices  map[string]price
	aliases map[string]string
}

// loadCatalog decodes the embedded list once; the result is never written to.
var loadCatalog = sync.OnceValue(func() *catalog {
	var file struct {
		Models  []price           `json:"models"`
		Aliases map[string]string `json:"aliases"`
	}
	if err := json.Unmarshal(pricesFile, &file); err != nil {
		panic(fmt.Sprintf("clawsim: data/prices.json: %v", err))
	}
	c := &catalog{prices: map[string]price{}, aliases: file.Aliases}
	for _, p := range file.Models {
		c.prices[p.ID] = p
	}
	return c
})

func (c *catalog) price(id string) (price, bool) {
	p, ok := c.prices[id]
	return p, ok
}

// resolve names the model that a request means: trimmed, lower-cased, its
// blockrun/ prefix taken off, aliases followed. Unknown names stay as they are,
// as the real proxy leaves them to the gateway.
func (c *catalog) resolve(model string) string {
	m := strings.ToLower(strings.TrimSpace(model))
	m = strings.TrimPrefix(m, "blockrun/")
	if to, ok := c.aliases[m]; ok {
		return to
	}
	return m
}

// upstreamID is how the gateway calls a model: the free tier is named after the
// company that hosts it.
func upstreamID(model string) string {
	if rest, ok := strings.CutPrefix(model, "free/"); ok {
		return "nvidia/" + rest
	}
	return model
}

const freeModel = "free/gpt-oss-120b"

// Micros is money in millionths of a US dollar, the unit of USDC: sums of it are exact.
type Micros int64

// USD is the sum in dollars, for printing and for JSON only.
func (m Micros) USD() float64 { return float64(m) / 1e6 }

// parseMicros reads "12.34" as dollars.
func parseMicros(s string) (Micros, error) {
	whole, frac, _ := strings.Cut(strings.TrimPrefix(s, "$"), ".")
	if len(frac) > 6 || whole+frac == "" {
		return 0, fmt.Errorf("%q is no amount in dollars", s)
	}
	var n int64
	for _, r := range whole + (frac + "000000")[:6] {
		if r < '0' || r > '9' || n > 1e15 {
			return 0, fmt.Errorf("%q is no amount in dollars", s)
		}
		n = n*10 + int64(r-'0')
	}
	return Micros(n), nil
}

// flatFee is added by the gateway to every paid call.
const flatFee Micros = 1000

// assumedOutput is what the gateway and the proxy count when a request names no maximum.
const assumedOutput = 4096

// quote is the gateway's price for one call: list price of the input and of all
// the output that the request allows, rounded up, plus the fee. Prices carry at
// most three decimals, so that thousandths of a micro-dollar are whole numbers.
func quote(p price, inputTokens, maxOutput int) Micros {
	if p.free() {
		return 0
	}
	nanos := int64(p.In*1000+0.5)*int64(inputTokens) + int64(p.Out*1000+0.5)*int64(maxOutput)
	return Micros((nanos+999)/1000) + flatFee
}
