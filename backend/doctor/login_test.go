package doctor

import (
	"context"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

func TestLoginLine(t *testing.T) {
	tests := []struct {
		name  string
		login link.Login
		want  Status
		text  string
	}{
		{"on", link.Login{Available: true, On: true, Path: "/x.desktop"}, OK, "on: /x.desktop"},
		{"off", link.Login{Available: true}, OK, "off; on with: clawrouter-codex login on"},
		{"of a program that is gone", link.Login{Available: true, On: true, Problem: "it is gone"}, Warn, "it is gone"},
		{"not on this system", link.Login{Problem: "not known on plan9"}, Skip, "not known on plan9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := checkLogin(t.Context(), &look{env: Env{Login: func(context.Context) link.Login { return tt.login }}})
			if r.Status != tt.want || r.Text != tt.text || (r.Mend == "") != (tt.want != Warn) {
				t.Errorf("%+v", r)
			}
		})
	}
}
