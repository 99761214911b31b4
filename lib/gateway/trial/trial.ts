import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { join } from 'node:path'
import { NEWEST_API_VERSION } from '../../base/api-version.ts'
import { childEnvironment } from '../../base/child-environment.ts'
import type { Decision } from '../../policy/decide.ts'
import type { Need } from '../../policy/facts.ts'
import type { PolicyRequest } from '../../policy/request.ts'
import { isJson } from '../arriving/body.ts'
import { asksForDaemon, isDocker } from './docker-command.ts'
import { missingOf } from '../deciding/missing.ts'
import type { ServedVersion } from '../forwarding/served-version.ts'
import { socketEnvironment } from './socket-environment.ts'
import { TrialDaemon, type TrialAnswer } from './daemon.ts'

/** A request of a command, and what a policy says about it. */
export interface TriedRequest {
  /** `POST /v1.47/containers/create`. */
  readonly line: string
  readonly decision: Decision
  /** The trial has no answer for it, so the command could not go on. */
  readonly unanswered?: true
}

/** How a trial ended. */
export interface Trial {
  /** In order. The first questions of clients (ping, version and info) only if they are refused, or if there is nothing else. */
  readonly requests: readonly TriedRequest[]
  /** That of the command; null if a signal has ended it. */
  readonly exitCode: number | null
  /** What the command printed on stderr, at most 64 KiB. */
  readonly stderr: string
}

/** What the command itself has created: what an inspection says, or undefined if it hasn't. */
export type Own = (need: Need) => object | undefined

/** How requests of a command are decided. */
export interface TrialOptions {
  /** The version of the API that the daemon of the trial serves. */
  readonly served: ServedVersion
  readonly decide: (request: PolicyRequest, own: Own) => Decision | Promise<Decision>
  /** What a real daemon answers to a request that only lists or inspects. Omitted: there is none. */
  readonly ask?: ((decision: Decision) => Promise<TrialAnswer>) | undefined
  /** Variables of the command. Those that choose a daemon are replaced. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
}

/**
 * Runs a command such as `docker run` against a daemon that doesn't exist: each request is decided, and none is carried out.
 *
 * @throws the error of spawn(), if there is no such command; that of `decide` or `ask`
 */
export async function tryCommand(command: readonly string[], options: TrialOptions): Promise<Trial> {
  const trial = await tryOnce(command, options)
  const words = withoutTerminal(command)
  // docker run -it creates nothing without a terminal.
  const isStuck = trial.exitCode !== 0 && NO_TERMINAL.test(trial.stderr)
  return isStuck && words !== undefined ? tryCommand(words, options) : trial
}

const NO_TERMINAL = /the input device is not a TTY/

/** Without the first `-t` of the docker command, alone or as in `-it`. Undefined: it has none. */
function withoutTerminal([file = '', ...words]: readonly string[]): readonly string[] | undefined {
  const at = words.findIndex((word) => TERMINAL.test(word))
  if (at < 0 || !isDocker(file)) return undefined
  const rest = words[at]?.replace(TERMINAL, '$1') ?? ''
  return [file, ...words.toSpliced(at, 1, ...(/^-?$/.test(rest) ? [] : [rest]))]
}

const TERMINAL = /^(?:--tty(?:=true)?$|(-[diPq]*)t)/

async function tryOnce([file = '', ...args]: readonly string[], options: TrialOptions): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-mtls-trial-'))
  const socket = join(folder, 'docker.sock')
  const version = (await options.served.newest()) ?? NEWEST_API_VERSION
  const daemon = new TrialDaemon(options.ask !== undefined, version)
  const attempt: Attempt = { ...options, daemon, version, requests: [], errors: [] }
  const server = createServer((request, response) => void answer(request, response, attempt))
  try {
    await listen(server, socket)
    const ended = await run(file, args, { ...options.env, ...socketEnvironment(socket) }, options.signal)
    if (attempt.errors.length > 0) throw attempt.errors[0]
    return { ...ended, requests: withoutFirstQuestions(withUntried(attempt), ended.exitCode) }
  } finally {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Attempt extends TrialOptions {
  readonly daemon: TrialDaemon
  readonly version: string
  readonly requests: TriedRequest[]
  readonly errors: unknown[]
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
}

const MOST_STDERR = 64 * 1024

/** To prompts of docker, such as that of `docker system prune`. */
const YES = 'y\n'.repeat(16)

function run(
  file: string,
  args: readonly string[],
  env: TrialOptions['env'],
  signal?: AbortSignal,
): Promise<Omit<Trial, 'requests'>> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: childEnvironment(env),
      stdio: ['pipe', 'ignore', 'pipe'],
      ...(signal && { signal }),
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(0, MOST_STDERR)))
    // Most commands don't read it.
    child.stdin.once('error', () => undefined).end(asksForDaemon([file, ...args]) ? YES : '')
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stderr }))
  })
}

/** Questions that say nothing about what a command is for. */
const FIRST_QUESTIONS = new Set(['system.ping', 'system.pingHead', 'system.version', 'system.info'])

const isFirstQuestion = ({ operation = '' }: Decision): boolean => FIRST_QUESTIONS.has(operation)

/** Clients ask them again and again. A command that fails after them, or has only pinged, may have more to send: a prompt had no answer. */
function withoutFirstQuestions(requests: readonly TriedRequest[], exitCode: number | null): readonly TriedRequest[] {
  const others = requests.filter(
    ({ line, decision }, index) =>
      !isFirstQuestion(decision) ||
      (decision.verdict !== 'allow' && requests.findIndex((one) => one.line === line) === index),
  )
  const isOnlyPings = requests.every(({ decision }) => decision.operation?.startsWith('system.ping'))
  return others.length > 0 || exitCode !== 0 || isOnlyPings ? others : requests
}

/** Without a real daemon, a command that creates nothing for its project has nothing to work on. */
function withUntried({ requests, ask }: Attempt): readonly TriedRequest[] {
  const creates = ({ decision }: TriedRequest): boolean =>
    /^(?:containers|services)\.create$/.test(decision.operation ?? '')
  if (ask !== undefined || requests.some(creates)) return requests
  return requests.map((one) => {
    const { verdict, read } = one.decision
    return verdict !== 'refuse' && read && TrialDaemon.asksForProject(read) ? { ...one, unanswered: true } : one
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, attempt: Attempt): Promise<void> {
  const { method = '', url: target = '', headers } = request
  const body = await readBody(request).catch(() => undefined)
  response.setHeader('Api-Version', attempt.version)
  try {
    const asked: PolicyRequest = { method, target, headers, isRewritten: true, ...(body !== undefined && { body }) }
    const decision = await attempt.decide(asked, (need) => attempt.daemon.own(need))
    if (attempt.requests.some(isUntriedBuild)) return send(response, 403, UNTRIED)
    const tooNew = await attempt.served.refuseNewer(target)
    if (tooNew) {
      attempt.requests.push({ line: `${method} ${target}`, decision })
      return send(response, tooNew.status, { message: tooNew.message })
    }
    const { verdict } = decision
    const reply = isFirstQuestion(decision) || verdict !== 'refuse' ? await answerTo(decision, attempt) : undefined
    const unanswered = verdict !== 'refuse' && reply === undefined
    attempt.requests.push({ line: `${method} ${target}`, decision, ...(unanswered && { unanswered }) })
    const missing = missingOf(decision)
    if (decision.operation === 'system.events' && verdict === 'allow') await sendEvents(response, attempt)
    // As a gateway does.
    else if (reply === undefined && missing) send(response, missing.status, { message: missing.message })
    else if (reply === undefined) send(response, 403, { message: `docker-mtls policy test: ${verdict}` })
    else if (reply.status === 101) response.socket?.end(UPGRADED)
    else send(response, reply.status, reply.value)
  } catch (error) {
    attempt.errors.push(error)
    send(response, 500, { message: 'docker-mtls policy test: it failed' })
  }
}

const UNTRIED = { message: 'docker-mtls policy test: a build is not tried' }

/** Without BuildKit, clients look for a builder of their own, which no gateway would see. */
const isUntriedBuild = ({ decision, unanswered }: TriedRequest): boolean =>
  unanswered === true && decision.operation === 'session.open'

/** A client that asks the same again and again waits for what doesn't happen here. */
const MOST_EQUAL = 100

function isLoop({ operation, read }: Decision, requests: readonly TriedRequest[]): boolean {
  const name = read?.parameters['id']
  const equal = requests.filter(
    ({ decision: one }) => one.operation === operation && one.read?.parameters['id'] === name,
  )
  return equal.length >= MOST_EQUAL && /\.(?:list|inspect)$/.test(operation ?? '')
}

/** A real daemon knows what the command hasn't created itself. */
async function answerTo(decision: Decision, { daemon, ask, requests }: Attempt): Promise<TrialAnswer | undefined> {
  const { read, verdict } = decision
  if (read === undefined || isLoop(decision, requests)) return undefined
  const own = daemon.answer(read)
  if (ask === undefined || verdict !== 'allow' || !daemon.isForReal(read)) return own
  const { status, value } = await ask(decision)
  return { status, value: Array.isArray(value) && Array.isArray(own?.value) ? [...value, ...own.value] : value }
}

/** A stream that ends at once. */
const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'

/** How long a client has to be silent before what it has started ends. */
const SILENCE_MS = 1000

/** Compose watches what it starts until all has ended. */
async function sendEvents(response: ServerResponse, { daemon, requests }: Attempt): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders()
  for (let count = -1; count !== requests.length && !response.destroyed; await setTimeout(SILENCE_MS)) {
    count = requests.length
  }
  response.write(daemon.end())
  await setTimeout(SILENCE_MS)
  response.end()
}

/** A folder, for `docker cp`. */
const STAT = Buffer.from(
  JSON.stringify({ name: 'trial', size: 0, mode: 0o20000000755, mtime: '2000-01-01T00:00:00Z', linkTarget: '' }),
)

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value, plain)
  response.writeHead(status, {
    'Docker-Experimental': 'true',
    Ostype: 'linux',
    'X-Docker-Container-Path-Stat': STAT.toString('base64'),
    'Content-Type': typeof value === 'string' ? 'text/plain' : 'application/json',
  })
  response.end(text)
}

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)

/** The policy refuses larger ones by their size. */
const MOST_BYTES = 5 * 1024 * 1024

/** JSON as bytes; archives are read to their end, and `unseen`. */
async function readBody(request: IncomingMessage): Promise<PolicyRequest['body']> {
  const isText = isJson(request)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (isText && length <= MOST_BYTES) chunks.push(chunk)
  }
  if (length === 0) return undefined
  return isText ? Buffer.concat(chunks) : 'unseen'
}
