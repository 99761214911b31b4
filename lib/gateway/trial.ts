import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NEWEST_API_VERSION } from '../engine/version.ts'
import type { Decision } from '../policy/decide.ts'
import type { PolicyRequest } from '../policy/request.ts'
import { isJson } from './body.ts'
import { socketEnvironment } from './socket-environment.ts'

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
  /** What the command printed on stderr, at most 64 KiB. */
  readonly stderr: string
}

/** How requests of a command are decided. */
export interface TrialOptions {
  readonly decide: (request: PolicyRequest) => Decision | Promise<Decision>
  /** Variables of the command. Those that choose a daemon are replaced. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
}

/**
 * Runs a command such as `docker run` against a daemon that doesn't exist: each request is decided, and none is carried out.
 *
 * @throws the error of spawn(), if there is no such command
 */
export async function tryCommand([file = '', ...args]: readonly string[], options: TrialOptions): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-mtls-trial-'))
  const socket = join(folder, 'docker.sock')
  const requests: TriedRequest[] = []
  const server = createServer((request, response) => void answer(request, response, options, requests))
  try {
    await listen(server, socket)
    const stderr = await run(file, args, { ...options.env, ...socketEnvironment(socket) }, options.signal)
    return { requests: withoutFirstQuestions(requests), stderr }
  } finally {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  }
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
}

const MOST_STDERR = 64 * 1024

function run(file: string, args: readonly string[], env: TrialOptions['env'], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'], ...(signal && { signal }) })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(0, MOST_STDERR)))
    child.once('error', reject)
    child.once('close', () => resolve(stderr))
  })
}

/** Questions that say nothing about what a command is for. */
const FIRST_QUESTIONS = new Set(['system.ping', 'system.pingHead', 'system.version', 'system.info'])

const isFirstQuestion = ({ operation = '' }: Decision): boolean => FIRST_QUESTIONS.has(operation)

/** Clients ask them again and again. */
function withoutFirstQuestions(requests: readonly TriedRequest[]): readonly TriedRequest[] {
  const others = requests.filter(
    ({ line, decision }, index) =>
      !isFirstQuestion(decision) ||
      (decision.verdict !== 'allow' && requests.findIndex((one) => one.line === line) === index),
  )
  return others.length > 0 ? others : requests
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { decide }: TrialOptions,
  requests: TriedRequest[],
): Promise<void> {
  const { method = '', url: target = '', headers } = request
  try {
    const body = await readBody(request)
    const decision = await decide({ method, target, headers, ...(body !== undefined && { body }) })
    const { operation = '', verdict } = decision
    const status = isFirstQuestion(decision) || verdict === 'allow' ? statusOf(operation) : 403
    const unanswered = verdict !== 'refuse' && status === 403
    requests.push({ line: `${method} ${target}`, decision, ...(unanswered && { unanswered }) })
    if (status === 403) send(response, 403, { message: `docker-mtls policy test: ${verdict}` })
    else if (status === 101) response.socket?.end(UPGRADED)
    else send(response, status, ANSWERS[operation] ?? '')
  } catch (error) {
    send(response, 400, { message: (error as Error).message })
  }
}

/** The container that a command creates. */
export const CREATED: string = 'c'.repeat(64)

/** Of answers that aren't 200. */
const STATUSES: Readonly<Record<string, number>> = {
  'containers.attach': 101,
  'containers.create': 201,
  'containers.kill': 204,
  'containers.remove': 204,
  'containers.restart': 204,
  'containers.start': 204,
  'containers.stop': 204,
}

const statusOf = (operation: string): number => STATUSES[operation] ?? (operation in ANSWERS ? 200 : 403)

/** A stream that ends at once. */
const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'

/** What lets clients go on to what they are for. Nothing exists on this daemon, but whatever they inspect or create. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'system.ping': 'OK',
  'system.pingHead': '',
  'system.version': { Version: '0', ApiVersion: NEWEST_API_VERSION, MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' },
  'system.info': { OSType: 'linux', Architecture: 'x86_64', IndexServerAddress: 'https://index.docker.io/v1/' },
  'containers.list': [],
  'containers.inspect': {
    Id: '0'.repeat(64),
    Name: '/trial',
    State: { Running: true, Status: 'running' },
    Config: {},
    HostConfig: {},
    NetworkSettings: { Networks: {} },
  },
  'containers.create': { Id: CREATED, Warnings: [] },
  'containers.wait': { StatusCode: 0 },
  'images.list': [],
  'images.inspect': { Id: `sha256:${'0'.repeat(64)}`, Config: {} },
  'networks.list': [],
  'volumes.list': { Volumes: [] },
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  response.writeHead(status, {
    'Api-Version': NEWEST_API_VERSION,
    Ostype: 'linux',
    'Content-Type': typeof value === 'string' ? 'text/plain' : 'application/json',
  })
  response.end(text)
}

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
