package app

// programName is how notifications, the tray and the window call themselves.
const programName = "clawrouter-codex"
