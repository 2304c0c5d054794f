package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A module whose terms do not go with the program's own stops the packages.
func TestLicences(t *testing.T) {
	const mit = "Copyright (c) 2020 Somebody\n\nPermission is hereby granted, free of charge, to any\nperson obtaining a copy of this software"
	for _, c := range []struct{ name, file, text, want string }{
		{"MIT", "LICENSE", mit, ""},
		{"BSD", "COPYING", "Redistribution and use in source and binary forms, with or without\nmodification, are permitted provided", ""},
		{"ISC", "licence.md", "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee", ""},
		{"Apache", "LICENSE.txt", "                 Apache License\n           Version 2.0, January 2004", ""},
		{"GPL", "LICENSE", "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007", "none of MIT"},
		{"not open", "LICENSE", "All rights reserved.", "none of MIT"},
		{"none", "README.md", mit, "no licence file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, c.file), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			err := appendLicences(&text, folder)
			switch {
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q in it", err, c.want)
			case c.want == "" && (err != nil || !strings.Contains(text.String(), c.text[len(c.text)-9:])):
				t.Errorf("got %v and %q", err, text.String())
			}
		})
	}
}
