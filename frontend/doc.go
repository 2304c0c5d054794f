// Package frontend embeds the built panel page, so that "go build" without Node
// has it inside. It holds no logic: backend/panel serves what is here.
package frontend
