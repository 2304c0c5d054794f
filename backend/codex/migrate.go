package codex

import (
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// legacyOf names what stands in a base config of the profiles of older releases:
// with either of them Codex refuses to start under --profile clawrouter.
func legacyOf(doc *tomledit.Doc) []string {
	found := []string{}
	if doc.Has("profiles", ProfileName) {
		found = append(found, "the table [profiles."+ProfileName+"]")
	}
	if literal, ok := doc.Get("profile"); ok && doc.String("profile") == ProfileName {
		found = append(found, "the line profile = "+literal)
	}
	return found
}
