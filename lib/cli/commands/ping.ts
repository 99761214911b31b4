import { ours, partsOf, SELF, sentence, type Sentence, type SentencePart } from '../../base/sentence.ts'
import { ConnectionError, IdentityError, sentencesOf } from '../../base/errors.ts'
import type { Command } from 'commander'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { DockerClient } from '../../engine/client.ts'
import { engineName } from '../../engine/version.ts'
import type { SystemVersion } from '../../engine/system/types/system.ts'
import type { Peer } from '../../transport/peer.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addConnectOptions, connectBy, localWarning, type ConnectFlags } from '../inputs/connect.ts'
import { noteConnection } from '../inputs/note-connection.ts'
import { certificateData } from '../reports/data.ts'
import { nameSource } from '../../endpoint/resolution-log.ts'
import { addJson, once, readTime } from '../command-line/options.ts'
import { facts } from '../terminal/layout.ts'
import { keyName } from '../reports/dates.ts'
import { until } from '../reports/time-left.ts'
import { printable } from '../../base/text.ts'

interface PingFlags extends ConnectFlags {
  readonly wait?: string
  readonly json?: true
}

interface Measured {
  readonly version: SystemVersion
  /** From nothing to the daemon's first answer, in milliseconds. */
  readonly connected: number
  /** A ping on the open connection, in milliseconds. */
  readonly ping: number
}

async function runPing(flags: PingFlags, context: Context): Promise<void> {
  const { docker, milliseconds: connected } = await connectBy(flags, context, waitOf(flags))
  try {
    const measured = { connected, ...(await measure(docker, context.io.signal)) }
    await noteConnection(docker, context)
    const text = pingText(docker, measured, context)
    context.answer({ data: pingData(docker, measured), text, warnings: localWarning(docker) }, flags)
  } finally {
    await docker.close()
  }
}

function waitOf({ wait }: PingFlags): number | undefined {
  return wait === undefined ? undefined : readTime('--wait', wait)
}

async function measure(docker: DockerClient, signal: AbortSignal): Promise<Omit<Measured, 'connected'>> {
  const version = await docker.version({ signal })
  const start = performance.now()
  await docker.ping({ signal })
  return { version, ping: performance.now() - start }
}

function pingData({ endpoint, warnings, apiVersion, dispatcher: { peer } }: DockerClient, measured: Measured): object {
  const { Version, ApiVersion, MinAPIVersion, Os, Arch } = measured.version
  return {
    endpoint: { url: formatEndpoint(endpoint), kind: endpoint.kind, source: endpoint.source },
    ...(peer !== undefined && {
      tls: {
        version: peer.tlsVersion,
        cipher: peer.cipher,
        keyExchange: peer.keyExchange,
        remoteAddress: peer.remoteAddress,
      },
      server: certificateData(peer.certificate),
      client: certificateData(peer.client),
    }),
    engine: { version: Version, os: Os, arch: Arch },
    api: { version: apiVersion, newest: ApiVersion, oldest: MinAPIVersion },
    milliseconds: { connected: round(measured.connected), ping: round(measured.ping) },
    warnings,
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}

function pingText(
  docker: DockerClient,
  { version, connected, ping }: Measured,
  { paint, width, typed }: Context,
): string {
  const { endpoint, apiVersion, dispatcher } = docker
  const { Version, ApiVersion, MinAPIVersion, Os, Arch } = version
  const serves = MinAPIVersion === undefined ? `up to ${ApiVersion}` : `${MinAPIVersion} to ${ApiVersion}`
  const rows: [string, string][] = [
    ['Reached', `${formatEndpoint(endpoint)} (${typed(nameSource(endpoint.source))})`],
    ...(dispatcher.peer === undefined ? [] : peerRows(dispatcher.peer)),
    ['Engine', `${engineName(version)} ${Version}, ${Os}/${Arch}`],
    ['API', `${apiVersion} (the daemon serves ${serves})`],
    ['Time', `${round(connected)} ms to connect, ${round(ping)} ms for a ping`],
  ]
  const shown = rows.map(([label, value]) => [label, value.split('\n').map(printable).join('\n')] as const)
  return `${facts(shown, { paint, width })}\n`
}

function peerRows({ tlsVersion, cipher, keyExchange, remoteAddress, certificate, client }: Peer): [string, string][] {
  const names = [...certificate.names.dns, ...certificate.names.ip].join(', ')
  return [
    ['Server', `${names}\n${keyName(certificate)}, ${until(certificate.validTo)}, issued by ${certificate.issuer}`],
    ['Address', remoteAddress ?? 'known only to the proxy'],
    [
      'You',
      `${client.commonName ?? client.subject}\n${keyName(client)}, ${until(client.validTo)}, issued by ${client.issuer}`,
    ],
    ['TLS', [tlsVersion, cipher, ...(keyExchange === undefined ? [] : [keyExchange])].join(', ')],
  ]
}

function define(command: Command, context: Context): void {
  addConnectOptions(command)
  command.option(
    '--wait <time>',
    "wait this long until the daemon answers, such as 60s or 5m; errors that don't pass with time end the wait",
    once('--wait'),
  )
  addJson(command).action((flags: PingFlags) => runPing(flags, context))
}

/**
 * An error names the first thing that failed. Doctor also says what was in order, and what else is wrong. Through a proxy it can't
 * see more; and a host that is refused may contain a password, which must not be repeated.
 */
function doctorHint(error: unknown, words: readonly string[]): Sentence | undefined {
  const isAboutConnection = error instanceof ConnectionError || error instanceof IdentityError
  if (!isAboutConnection || error.code.startsWith('ERR_PROXY_') || namesDoctor(error)) return undefined
  return sentence`To check the connection step by step:  ${ours('doctor', ...wordsForDoctor(words))}`
}

/** A remedy that names doctor names it for the same connection. */
function withArguments(error: unknown, words: readonly string[]): unknown {
  if (!(error instanceof ConnectionError) || !namesDoctor(error)) return error
  const { todo, ...rest } = sentencesOf(error)
  const complete = partsOf(todo).map((part) => (isDoctor(part) ? ours('doctor', ...wordsForDoctor(words)) : part))
  return new ConnectionError(error.code, { ...rest, todo: complete, cause: error })
}

function namesDoctor(error: ConnectionError | IdentityError): boolean {
  return partsOf(sentencesOf(error).todo).some(isDoctor)
}

function isDoctor(part: SentencePart): boolean {
  return typeof part !== 'string' && 'command' in part && part.command[1] === 'doctor'
}

/** Without the options of ping that doctor doesn't have. */
function wordsForDoctor(words: readonly string[]): string[] {
  return words.filter((word, index) => !/^--(?:json|wait(?:=.*)?)$/s.test(word) && words[index - 1] !== '--wait')
}

export const ping: CommandSpec = {
  description:
    "Connects to the daemon that the options or the environment select, and shows who answered: the server's names, the " +
    'TLS version and key exchange, the client certificate that the daemon accepted, and when both certificates expire.' +
    '\n\n' +
    'With --wait it tries again while the daemon refuses the connection, its host is unreachable, its name is unknown, or the ' +
    'certificate files are missing. Then it fails with the last error. A wrong certificate, a plaintext port or a refused ' +
    'login is an error at once.',
  examples: [
    [sentence`${SELF} ping`, 'the daemon of DOCKER_HOST, or the local one'],
    [sentence`${SELF} ping --dotenv docker-mtls/clients/alice/.env`, 'right after init'],
    [sentence`${SELF} ping --wait 60s`, 'wait for a daemon that is starting, up to a minute'],
    [sentence`${SELF} ping --host build01.example.com --cert-path ~/.docker`, 'without any variables'],
  ],
  json: '{ endpoint: { url, kind, source }, tls: { version, cipher, keyExchange, remoteAddress }, server, client,\n  engine: { version, os, arch }, api: { version, newest, oldest }, milliseconds: { connected, ping }, warnings }',
  stray: (extra) => sentence`Name the host with an option:  ${SELF} ping --host ${extra}`,
  hint: doctorHint,
  improve: withArguments,
  define,
}
