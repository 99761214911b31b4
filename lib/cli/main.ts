#!/usr/bin/env node
import { Interrupted, SIGINT_CODE } from './io.ts'
import { run } from './run.ts'

/** A shell reports 128 and the signal's number (signal(7)). */
const SIGNALS = { SIGINT: SIGINT_CODE, SIGTERM: 143, SIGHUP: 129 } as const

const interrupted = new AbortController()
for (const [signal, exitCode] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // What is being written is written to its end; who can't wait for that asks twice.
    if (interrupted.signal.aborted) process.exit(exitCode)
    interrupted.abort(new Interrupted(exitCode))
  })
}

for (const stream of [process.stdout, process.stderr]) {
  // Nobody reads on, as with `| head`: that is no reason to stop halfway, nor to complain.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** Looked at only where something is asked: to touch process.stdin opens it. */
const io = {
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupted.signal,
  root: '/',
}

void run(process.argv.slice(2), io).then((exitCode) => (process.exitCode = exitCode))
