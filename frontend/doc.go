// Package frontend embeds the built panel page, so that "go build" without Node
// has it inside. It holds no logic: backend/panel serves what is here.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

// Dist is the built page: index.html and what it loads.
func Dist() fs.FS {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		panic("frontend: " + err.Error()) // the name is a constant
	}
	return dist
}
