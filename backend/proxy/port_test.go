package proxy

import (
	"testing"
)

func TestPortOwnerInWords(t *testing.T) {
	for want, o := range map[string]portOwner{
		"nginx (pid 812, user www-data)": {PID: 812, Name: "nginx", User: "www-data"},
		"nginx (pid 812)":                {PID: 812, Name: "nginx"},
		"another program (user root)":    {User: "root"},
		"another program":                {},
	} {
		if got := o.String(); got != want {
			t.Errorf("%+v is %q, want %q", o, got, want)
		}
	}
}

func TestParseLsof(t *testing.T) {
	out := "p101\ncnode\nLalice\nf12\nn*:8404\np202\ncnode\nLbob\nf7\nn127.0.0.1:8404\n"
	want := portOwner{PID: 202, Name: "node", User: "bob"}
	if got, ok := parseLsof(out); !ok || got != want {
		t.Errorf("got %+v, want the one on 127.0.0.1: %+v", got, want)
	}
	if got, ok := parseLsof("p101\ncnode\nLalice\nf12\nn*:8404\n"); !ok || got.PID != 101 {
		t.Errorf("got %+v, want the one on all addresses", got)
	}
	if got, ok := parseLsof("p1\ncnode\nLalice\nf1\nn[::1]:8404\n\n"); ok {
		t.Errorf("got %+v, which does not serve 127.0.0.1", got)
	}
}
