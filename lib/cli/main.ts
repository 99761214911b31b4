#!/usr/bin/env node
import { Interrupted, SIGINT_CODE } from './io.ts'
import { run } from './run.ts'

/** A shell reports 128 and the signal's number (signal(7)). */
const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGINT: SIGINT_CODE, SIGTERM: 143, SIGHUP: 129 }

const interrupted = new AbortController()
let heard: NodeJS.Signals | undefined
for (const [signal, exitCode] of Object.entries(SIGNALS) as [NodeJS.Signals, number][]) {
  process.on(signal, () => {
    // What is being written is written to its end; who can't wait for that asks twice.
    if (heard !== undefined) return endBy(signal)
    heard = signal
    interrupted.abort(new Interrupted(exitCode))
  })
}

/** The parent is told of the signal itself: systemd takes that for a clean end, and 143 for a failure (systemd.service(5)). */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

let isBroken = false
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Nobody reads on, as with `| head`: that is no reason to stop halfway, nor to complain.
    if (error.code === 'EPIPE' || isBroken) return
    isBroken = true
    process.exitCode = 1
    process.stderr.write(`ERR_FILE_WRITE: writing the output: ${error.message}.\n`)
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

void run(process.argv.slice(2), io).then((exitCode) => {
  if (heard !== undefined && exitCode === SIGNALS[heard]) return endBy(heard)
  process.exitCode = isBroken && exitCode === 0 ? 1 : exitCode
})
