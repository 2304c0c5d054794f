package app

import "testing"

func TestOnlyCodeOfAFileIsGivenBack(t *testing.T) {
	tests := []struct {
		name, line string
		from, to   uintptr
		ok         bool
	}{
		{"our code", "00400000-00bbe000 r-xp 00000000 fe:00 134 /usr/bin/clawrouter-codex", 0x400000, 0xbbe000, true},
		{"what is only read may have been relocated", "00bbe000-01220000 r--p 007be000 fe:00 134 /usr/bin/clawrouter-codex", 0, 0, false},
		{"data", "01220000-01290000 rw-p 00e20000 fe:00 134 /usr/bin/clawrouter-codex", 0, 0, false},
		{"the heap", "c000000000-c000400000 rw-p 00000000 00:00 0", 0, 0, false},
		{"the system's own", "7ffd1b7f2000-7ffd1b7f4000 r-xp 00000000 00:00 0 [vdso]", 0, 0, false},
		{"nothing that is known", "wonderful", 0, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, to, ok := code(tt.line)
			if ok != tt.ok || ok && (from != tt.from || to != tt.to) {
				t.Errorf("%x-%x %v", from, to, ok)
			}
		})
	}
	rest() // and the program runs on
}
