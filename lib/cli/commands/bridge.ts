import { SELF, sentence, type Sentence } from '../../base/sentence.ts'
import { once } from 'node:events'
import type { Command } from 'commander'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { Environment } from '../../endpoint/environment.ts'
import type { DockerClient } from '../../engine/client.ts'
import { isDockerMtlsError, sentencesOf, type AnyDockerMtlsError } from '../../base/errors.ts'
import { escapeText } from '../../base/text.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addConnectOptions, connectBy, localWarning, type ConnectFlags } from '../inputs/connect.ts'
import { nameSource } from '../../endpoint/resolution-log.ts'
import { addJson, once as onlyOnce } from '../command-line/options.ts'
import { shellWord } from '../../base/quoting/posix.ts'

interface BridgeFlags extends ConnectFlags {
  readonly socket: string
  readonly json?: true
}

async function runBridge(flags: BridgeFlags, context: Context): Promise<void> {
  const { bridge } = await import('../../interop/bridge.ts')
  const { docker } = await connectBy(flags, context)
  try {
    const made = await bridge(docker, flags.socket, { onFailure: failureReporter(context) })
    try {
      announce(docker, made.path, flags, context)
      await ended(context.io.signal)
    } finally {
      await made.close()
    }
  } finally {
    await docker.close()
  }
}

function announce(docker: DockerClient, path: string, flags: BridgeFlags, context: Context): void {
  const { kind, source } = docker.endpoint
  const url = formatEndpoint(docker.endpoint)
  const dockerHost = `unix://${path}`
  context.say(
    `Bridge to ${url} (${context.typed(nameSource(source))}), until Ctrl-C. Anyone who can open the socket is root there.`,
  )
  const data = { socket: path, dockerHost, endpoint: { url, kind, source }, warnings: docker.warnings }
  const text = `${variables(dockerHost, context.io.env).join('\n')}\n`
  context.answer({ data, text, warnings: localWarning(docker) }, flags)
}

/** There is no TLS on the socket, and with these variables the docker command would speak it there (seen with 26.1.5). */
const FOR_TLS = ['DOCKER_TLS_VERIFY', 'DOCKER_TLS'] as const

function variables(dockerHost: string, env: Environment): string[] {
  const wrong = FOR_TLS.filter((name) => env[name] !== undefined && env[name] !== '')
  return [`export DOCKER_HOST=${shellWord(dockerHost)}`, ...(wrong.length > 0 ? [`unset ${wrong.join(' ')}`] : [])]
}

/** The docker command tries several times: the same failure is printed once. */
function failureReporter({ say, typed }: Context): (error: unknown) => void {
  let last = ''
  return (error) => {
    const line = escapeText(isDockerMtlsError(error) ? `${error.code}: ${typed(failureOf(error))}` : String(error))
    if (line !== last) say(line)
    last = line
  }
}

function failureOf(error: AnyDockerMtlsError): Sentence {
  const { tried, got } = sentencesOf(error)
  return sentence`${tried}: ${got}`
}

async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

function define(command: Command, context: Context): void {
  command.requiredOption('--socket <path>', 'the socket to create, in a folder of your own', onlyOnce('--socket'))
  addConnectOptions(command)
  addJson(command).action((flags: BridgeFlags) => runBridge(flags, context))
}

export const bridge: CommandSpec = {
  description:
    "Creates a Unix socket that forwards to the daemon over mutual TLS, for tools that can't do mutual TLS themselves: " +
    'set DOCKER_HOST=unix://PATH, and any Docker tool works. It runs until Ctrl-C or SIGTERM, and then removes the socket. ' +
    "Only you can open the socket (mode 0600). Anyone who opens it is root on the daemon's host.",
  examples: [
    [sentence`${SELF} bridge --socket "$XDG_RUNTIME_DIR/docker.sock"`, 'forwards to the daemon of DOCKER_HOST'],
    [sentence`${SELF} bridge --socket ./docker.sock --context build01`, 'forwards to the daemon of a docker context'],
  ],
  json: '{ socket, dockerHost, endpoint: { url, kind, source }, warnings }, printed as soon as it listens',
  stray: (extra) => sentence`Name the socket with an option:  ${SELF} bridge --socket ${extra}`,
  define,
}
