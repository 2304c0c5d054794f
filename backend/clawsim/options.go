package clawsim

import (
	"io"
	"slices"
	"time"
)

// Versions at which ClawRouter's behaviour changes in a way that matters here.
const (
	// MeasuredVersion is the release that the recorded exchanges come from.
	MeasuredVersion  = "0.12.246"
	versionKeepPairs = "0.12.252" // the cut to 200 messages keeps tool pairs whole
	versionAbort     = "0.12.254" // a client that goes away ends the paid call
	versionDays      = "0.12.263" // /stats?days= is validated
	versionAPIKey    = "0.12.268" // BLOCKRUN_API_KEY
	// NewestVersion has all that is known of later releases: a guard against
	// foreign Host and Origin, --no-reuse, the environment's key before files.
	NewestVersion = "0.12.270"
)

// Options says which ClawRouter to stand in for. The zero value is release
// 0.12.246 with TestWalletKey, $12.34 on Base, and everything spoiled.
type Options struct {
	// WalletKey is what BLOCKRUN_WALLET_KEY would hold. Empty means
	// TestWalletKey. A key that is not exactly "0x" and 64 digits is ignored in
	// silence and a new, empty wallet on Solana is used instead.
	WalletKey string
	// APIKey ("brk_…") puts the proxy into API-key mode; releases before
	// 0.12.268 do not know it.
	APIKey string
	// Balance of the wallet in dollars, such as "12.34"; "" means 12.34 (0 for
	// a generated wallet), "fail" a balance that cannot be read.
	Balance string
	// Chain is "base" or "solana"; "" follows the wallet.
	Chain string
	// Version is the release to imitate; "" means MeasuredVersion.
	Version string
	// Off lists what is not to be spoiled.
	Off []Spoiling
	// Reply is the text of a plain answer; {model} and {prompt} are replaced.
	Reply string
	// Scripts are conversations that a prompt can name: [[script NAME]].
	Scripts []Script
	// HideDebugHeaders is CLAWROUTER_DEBUG_HEADERS=off.
	HideDebugHeaders bool
	// KeepBytes bounds the bodies kept in the record (oldest go first, counters
	// stay exact); 0 means 256 MB.
	KeepBytes int
	// Books gets lines of JSON, BookedRequest, for each chat request: books that
	// outlive a stand-in which is killed. nil keeps none.
	Books io.Writer
	// Clock, Random and Log default to the system's clock, crypto/rand and nothing.
	Clock  Clock
	Random io.Reader
	Log    io.Writer
}

// Clock is the time that the stand-in lives in.
type Clock interface {
	Now() time.Time
	// After is time.After: the channel is sent one value when d has passed.
	After(d time.Duration) <-chan time.Time
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Spoiling names one thing that ClawRouter does to a request or an answer.
type Spoiling string

// Each is on unless Options.Off names it, so that a test can prove that the
// protection against it is what makes the difference.
const (
	SpoilWhitespace Spoiling = "whitespace"  // string contents rewritten in bodies over 180 KB
	SpoilCut        Spoiling = "cut"         // only the last messages of more than 200
	SpoilCommands   Spoiling = "commands"    // /debug, /imagegen, /cr-imagegen, /img2img obeyed
	SpoilReplay     Spoiling = "replay"      // same body within 30 s: same answer, errors too
	SpoilCache      Spoiling = "cache"       // same body within 10 min: cached answer
	SpoilPin        Spoiling = "pin"         // a session keeps its model for 30 min
	SpoilJournal    Spoiling = "journal"     // a note on past work put into the system message
	SpoilUpgrade    Spoiling = "upgrade"     // dearer tier after three look-alike turns
	SpoilBurst      Spoiling = "burst"       // streams in one burst, no reasoning, no index
	SpoilErrors     Spoiling = "errors"      // streams: status 200 whatever happened
	SpoilRetryAfter Spoiling = "retry-after" // Retry-After dropped
	SpoilPreamble   Spoiling = "preamble"    // text beside tool calls becomes ""
	SpoilNull       Spoiling = "null"        // notice + null content becomes "…null"
	SpoilFreeSwap   Spoiling = "free-swap"   // wallet too small: a free model instead, with a notice
	SpoilBalance    Spoiling = "balance"     // the balance shown is an estimate for 30 s
	SpoilRoles      Spoiling = "roles"       // developer becomes system, unknown roles user
	SpoilToolIDs    Spoiling = "tool-ids"    // odd characters of call ids become _
	SpoilBrand      Spoiling = "brand"       // "blockrun/…" erased from system strings
	SpoilReasoning  Spoiling = "reasoning"   // assistant messages get reasoning_content ""
	SpoilGoogle     Spoiling = "google"      // a user message put before a leading assistant one
	SpoilThink      Spoiling = "think"       // <think>…</think> stripped
	SpoilTextCalls  Spoiling = "text-calls"  // XML in the text becomes tool calls
	SpoilHeaders    Spoiling = "headers"     // the client's headers go on to the gateway
	SpoilFailures   Spoiling = "failures"    // a failed call is paid for as well
)

// Spoilings lists all of them.
func Spoilings() []Spoiling {
	return []Spoiling{
		SpoilWhitespace, SpoilCut, SpoilCommands, SpoilReplay, SpoilCache, SpoilPin, SpoilJournal,
		SpoilUpgrade, SpoilBurst, SpoilErrors, SpoilRetryAfter, SpoilPreamble, SpoilNull, SpoilFreeSwap,
		SpoilBalance, SpoilRoles, SpoilToolIDs, SpoilBrand, SpoilReasoning, SpoilGoogle, SpoilThink,
		SpoilTextCalls, SpoilHeaders, SpoilFailures,
	}
}

// KnownSpoiling tells whether a name from a flag or a request is one of them.
func KnownSpoiling(name string) bool { return slices.Contains(Spoilings(), Spoiling(name)) }

// atLeast compares dotted release numbers part by part.
func atLeast(version, min string) bool {
	a, b := versionParts(version), versionParts(min)
	return slices.Compare(a, b) >= 0
}

func versionParts(v string) []int {
	parts, n := []int{}, 0
	for _, r := range v {
		switch {
		case r >= '0' && r <= '9':
			n = n*10 + int(r-'0')
		case r == '.':
			parts, n = append(parts, n), 0
		default:
			return append(parts, n)
		}
	}
	return append(parts, n)
}
