#!/usr/bin/env node
// Starts the program of this system, which a package of its own brings: npm
// installs the one whose "os" and "cpu" fit. Nothing is downloaded here.
'use strict'

const { spawn } = require('node:child_process')

const system = `${process.platform}-${process.arch}`
const file = process.platform === 'win32' ? 'clawrouter-codex.exe' : 'clawrouter-codex'

let program
try {
  program = require.resolve(`@blockrun/clawrouter-codex-${system}/bin/${file}`)
} catch {
  console.error(`clawrouter-codex: there is no program for ${system} in this installation
  → install it without --omit=optional: npm install -g @blockrun/clawrouter-codex
  → or build it: go install github.com/BlockRunAI/clawrouter-codex@latest`)
  process.exit(3)
}

const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' })

// A terminal sends Ctrl-C to both; a second one would end the program at once.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal))
}

child.on('error', (error) => {
  console.error(`clawrouter-codex: ${program} cannot be started: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(signal ? 1 : code)
})
