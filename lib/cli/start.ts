import { systemReason } from '../base/system-error.ts'
import { complete, COMPLETE_WORDS } from './command-line/complete.ts'
import { Interrupted, SIGINT_CODE, type Io } from './terminal/io.ts'
import { parsePluginCall, PLUGIN_VARIABLE, variablesOf, type PluginCall } from './plugin/call.ts'
import { run } from './run.ts'

/** A shell reports 128 and the signal's number (signal(7)). */
const SIGNALS = { SIGINT: SIGINT_CODE, SIGTERM: 143, SIGHUP: 129 } as const

/** The socket on which the docker command announces its end: see `followDocker`. */
const SOCKET_VARIABLE = 'DOCKER_CLI_PLUGIN_SOCKET'

const interrupted = new AbortController()
let heard: keyof typeof SIGNALS | undefined
let isBroken = false
/** Who gets signals while another command runs. */
let taker: ((signal: NodeJS.Signals) => void) | undefined

/** Runs the command line that this process was started with. */
export async function start(): Promise<void> {
  listenForSignals()
  watchOutputs()
  const call = parsePluginCall(process.argv.slice(2), process.env)
  if (call === undefined) delete process.env[PLUGIN_VARIABLE]
  else await becomePlugin(call)
  if (call !== undefined && COMPLETE_WORDS.includes(call.argv[0] ?? '')) {
    process.stdout.write(complete(call.argv))
    return
  }
  const exitCode = await run(call?.argv ?? process.argv.slice(2), ioOf(call))
  // If a signal ended the plugin, the docker command would exit with 255.
  if (call === undefined && heard !== undefined && exitCode === SIGNALS[heard]) return endBy(heard)
  process.exitCode = isBroken && exitCode === 0 ? 1 : exitCode
}

function listenForSignals(): void {
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(signal, () => {
      if (taker !== undefined) return taker(signal)
      // The first signal lets the current write finish; the second one ends the process at once.
      if (heard !== undefined) return endBy(signal)
      heard = signal
      interrupted.abort(new Interrupted(SIGNALS[signal]))
    })
  }
}

/** Ends by the signal itself, which systemd treats as a clean exit, unlike exit code 143 (systemd.service(5)). */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

function watchOutputs(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has closed the pipe, as `| head` does: finish the work, without an error.
      if (error.code === 'EPIPE' || isBroken) return
      isBroken = true
      process.exitCode = 1
      process.stderr.write(`ERR_FILE_WRITE: writing the output: ${systemReason(error)}.\n`)
    })
  }
}

/** Adapts to a call by the docker command. Its options become variables, if Docker has a variable for them. */
async function becomePlugin({ flags }: PluginCall): Promise<void> {
  Object.assign(process.env, variablesOf(flags))
  const { followDocker } = await import('../interop/follow-docker.ts')
  followDocker(process.env[SOCKET_VARIABLE], () => {
    if (heard === undefined) interrupted.abort(new Interrupted(SIGNALS.SIGTERM))
  })
}

function ioOf(call: PluginCall | undefined): Io {
  return {
    /** A getter, because accessing process.stdin opens it. */
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: interrupted.signal,
    root: '/',
    takeSignals: (take) => {
      taker = take
      return () => (taker = undefined)
    },
    ...(call !== undefined && { docker: call.flags }),
  }
}
