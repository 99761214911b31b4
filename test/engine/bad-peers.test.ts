import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDockerMtlsError, type DockerClient } from '../../lib/index.ts'
import { readByClients } from '../support/read-by-clients.ts'
import { startBadPeer, untilIdle, type BadPeer, type Behave } from './support/bad-peer.ts'

interface Options {
  readonly signal?: AbortSignal
}

/** Reads to the end, and says that something has come. */
async function drain(items: AsyncIterable<unknown>, came: () => void): Promise<void> {
  for await (const _ of items) came()
}

/** One operation of each kind, read to its end; `came` is told of everything that comes. */
const VERBS = {
  json: (docker: DockerClient, options: Options) => docker.info(options),
  none: (docker: DockerClient, options: Options) => docker.volumes.remove('x', options),
  stream: async (docker: DockerClient, options: Options, came: () => void) =>
    drain(await docker.containers.export('x', options), came),
  output: async (docker: DockerClient, options: Options, came: () => void) =>
    drain(await docker.containers.logs('x', options), came),
  'json stream': async (docker: DockerClient, options: Options, came: () => void) =>
    drain(await docker.system.events(options), came),
  progress: async (docker: DockerClient, options: Options, came: () => void) =>
    drain(docker.images.pull('x', options), came),
  hijack: async (docker: DockerClient, options: Options, came: () => void) =>
    drain(await docker.exec.start('x', {}, options), came),
  'web socket': async (docker: DockerClient, options: Options, came: () => void) =>
    drain(await docker.containers.attachWebSocket('x', options), came),
} satisfies Record<string, (docker: DockerClient, options: Options, came: () => void) => Promise<unknown>>

type Verb = keyof typeof VERBS
const verbs = Object.keys(VERBS) as Verb[]

const FRAMES = 'Content-Type: application/vnd.docker.multiplexed-stream\r\n'
const UPGRADED = `HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n${FRAMES}\r\n`
const head = (length: number | undefined): string =>
  `HTTP/1.1 200 OK\r\n${FRAMES}${length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`

/** How it misbehaves, and what each verb has to say to it; `any` for those that aren't named. */
interface Fault {
  readonly behave: Behave
  readonly codes: Partial<Record<Verb, string | undefined>> & { readonly any: string | undefined }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'hangs up': { behave: ({ socket }) => socket.end(), codes: { any: 'ERR_CONNECTION_CLOSED' } },
  'cuts the connection': { behave: ({ reset }) => reset(), codes: { any: 'ERR_CONNECTION_RESET' } },
  'hangs up in the head': {
    behave: ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
    codes: { any: 'ERR_CONNECTION_CLOSED' },
  },
  'speaks no HTTP': {
    behave: ({ socket }) => socket.end('220 mail.example ESMTP\r\n'),
    codes: { any: 'ERR_SERVER_NOT_DOCKER' },
  },
  'hangs up in the body': {
    behave: ({ socket }) => socket.end(`${head(100)}{"half`),
    codes: { hijack: 'ERR_SERVER_NOT_DOCKER', 'web socket': 'ERR_SERVER_NOT_DOCKER', any: 'ERR_CONNECTION_CLOSED' },
  },
  'hangs up in a chunk of the body': {
    behave: ({ socket }) => socket.end(`${head(undefined)}64\r\n{"half`),
    codes: { hijack: 'ERR_SERVER_NOT_DOCKER', 'web socket': 'ERR_SERVER_NOT_DOCKER', any: 'ERR_CONNECTION_CLOSED' },
  },
  'cuts the connection in the body': {
    behave: ({ socket, reset }) => void socket.write(`${head(100)}{"half`, () => void readByClients(30).then(reset)),
    codes: { hijack: 'ERR_SERVER_NOT_DOCKER', 'web socket': 'ERR_SERVER_NOT_DOCKER', any: 'ERR_CONNECTION_RESET' },
  },
  'ends its answer in the middle of a value': {
    behave: ({ socket }) => void socket.write(`${head(6)}{"half`),
    codes: {
      json: 'ERR_API_RESPONSE_INVALID',
      none: undefined,
      stream: undefined,
      hijack: 'ERR_SERVER_NOT_DOCKER',
      'web socket': 'ERR_SERVER_NOT_DOCKER',
      any: 'ERR_API_STREAM_TRUNCATED',
    },
  },
  'answers nonsense': {
    behave: ({ socket, request }) => {
      const text = 'not at all what was asked\n'
      if (request.includes('upgrade: tcp')) socket.end(UPGRADED + text)
      else socket.write(head(text.length) + text)
    },
    codes: {
      json: 'ERR_API_RESPONSE_INVALID',
      none: undefined,
      stream: undefined,
      'web socket': 'ERR_SERVER_NOT_DOCKER',
      any: 'ERR_API_STREAM_INVALID',
    },
  },
  'ends its answer in the middle of a frame': {
    behave: ({ socket, request }) => {
      const frame = '\x01\0\0\0\0\0\0\x09half'
      const upgrades = request.includes('upgrade: tcp')
      if (upgrades) socket.end(UPGRADED + frame, 'latin1')
      else socket.write(`${head(frame.length)}${frame}`, 'latin1')
    },
    codes: {
      json: 'ERR_API_RESPONSE_INVALID',
      none: undefined,
      stream: undefined,
      output: 'ERR_API_STREAM_TRUNCATED',
      hijack: 'ERR_API_STREAM_TRUNCATED',
      'web socket': 'ERR_SERVER_NOT_DOCKER',
      any: 'ERR_API_STREAM_TRUNCATED',
    },
  },
  'redirects elsewhere': {
    behave: ({ socket }) =>
      void socket.write('HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
    codes: { any: 'ERR_REDIRECT_REFUSED' },
  },
  'fails without a word': {
    behave: ({ socket }) => void socket.write('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n'),
    codes: { any: 'ERR_API_SERVER_ERROR' },
  },
}

/** What is begun well, and never goes on. */
const begin: Behave = ({ socket, request }) => {
  const frame = '\x01\0\0\0\0\0\0\x05hello'
  if (request.includes('upgrade: tcp')) return void socket.write(UPGRADED + frame, 'latin1')
  // A frame of five bytes, binary and whole (RFC 6455, section 5.2).
  if (upgradesWebSocket(request)) return void socket.write(`${webSocketHead(request)}\x82\x05hello`, 'latin1')
  const isJson = request.startsWith('GET /v1.45/events') || request.startsWith('POST /v1.45/images')
  const text = isJson ? '{"status":"begun"}\n' : frame
  socket.write(`${head(undefined)}${text.length.toString(16)}\r\n${text}\r\n`, 'latin1')
}

/** RFC 6455, section 1.3: what a server makes of the key that a client has sent. */
function acceptOf(request: string): string {
  const key = /^sec-websocket-key: (\S+)/im.exec(request)?.[1] ?? ''
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

const upgradesWebSocket = (request: string): boolean => /^upgrade: websocket/im.test(request)
const webSocketHead = (request: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(request)}\r\n\r\n`

/** All that was asked for. */
const wholly: Behave = ({ socket, request }) => {
  const frame = '\x01\0\0\0\0\0\0\x05hello'
  if (request.includes('upgrade: tcp')) return void socket.end(UPGRADED + frame, 'latin1')
  // The close frame of a web socket, without a reason (RFC 6455, section 5.5.1).
  if (upgradesWebSocket(request)) return void socket.end(`${webSocketHead(request)}\x88\x02\x03\xe8`, 'latin1')
  const text = answerOf(request, frame)
  socket.write(head(text.length) + text, 'latin1')
}

function answerOf(request: string, frame: string): string {
  if (/ \/v1\.45\/images/.test(request))
    return '{"status":"Digest: sha256:1"}\n{"status":"Status: Image is up to date for x"}\n'
  return / \/v1\.45\/(info|events|exec)/.test(request) ? '{"ExitCode":0}\n' : frame
}

async function untilBusy({ busy }: BadPeer): Promise<void> {
  for (let waited = 0; busy() === 0; waited += 5) {
    assert.ok(waited < 5_000, 'nothing was asked')
    await delay(5)
  }
}

/** Whatever comes later, nobody may have to catch it. */
const settle = (): Promise<void> => delay(20)

/** Nobody listens to the signal any more: on a busy machine, some time after the end of the call. */
async function untilUnheard(signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < 2_000 && getEventListeners(signal, 'abort').length > 0; waited += 20) await settle()
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
}

describe('a daemon over TLS that', () => {
  let peer: BadPeer
  before(async () => {
    peer = await startBadPeer()
  })
  after(() => peer?.close())
  afterEach(() => {
    peer.behave = () => {}
    peer.accepts = true
  })

  for (const [fault, { behave, codes }] of Object.entries(FAULTS)) {
    for (const verb of verbs) {
      const code = verb in codes ? codes[verb] : codes.any
      test(`${fault}: ${verb}: ${code ?? 'it says nothing'}`, async () => {
        peer.behave = behave
        const docker = await peer.connect()
        try {
          const call = VERBS[verb](docker, {}, () => {})
          if (code === undefined) await call
          else
            await assert.rejects(call, (error: unknown) => {
              assert.ok(isDockerMtlsError(error), String(error))
              assert.equal(error.code, code, error.message)
              return true
            })
          await settle()
        } finally {
          await docker.close()
        }
        await untilIdle(peer)
      })
    }
  }

  /** Where a call can be when it is given up: what the daemon does then, and what comes before. */
  const STAGES: Readonly<Record<string, { readonly accepts: boolean; readonly behave: Behave }>> = {
    'while the connection is made': { accepts: false, behave: () => {} },
    'before the head': { accepts: true, behave: () => {} },
    'in the body': { accepts: true, behave: begin },
  }

  for (const [stage, { accepts, behave }] of Object.entries(STAGES)) {
    for (const verb of verbs) {
      for (const how of ['abort', 'close'] as const) {
        test(`is given up ${stage} by ${how}: ${verb}`, async () => {
          const docker = await peer.connect()
          Object.assign(peer, { accepts, behave })
          const controller = new AbortController()
          const { signal } = controller
          const reason = { any: 'thing' }
          try {
            const call = VERBS[verb](docker, { signal }, () => {})
            const ended = assert.rejects(call, (error: unknown) => {
              if (how === 'abort') assert.equal(error, reason)
              else assert.equal((error as { code?: string }).code, 'ERR_CLIENT_CLOSED', String(error))
              return true
            })
            await untilBusy(peer)
            await settle()
            if (how === 'abort') controller.abort(reason)
            else await docker.close()
            await ended
            // A handshake that has begun may still serve the next request, until the time-out for connecting.
            if (accepts) await untilIdle(peer)
            await untilUnheard(signal)
          } finally {
            await docker.close()
          }
          await untilIdle(peer)
        })
      }
    }
  }

  for (const verb of verbs) {
    test(`is not asked at all by what was given up before: ${verb}`, async () => {
      const docker = await peer.connect()
      const reason = new Error('never')
      try {
        const call = VERBS[verb](docker, { signal: AbortSignal.abort(reason) }, () => {})
        await assert.rejects(call, (error) => error === reason)
        await settle()
        assert.equal(peer.busy(), 0)
      } finally {
        await docker.close()
      }
    })

    test(`hears nothing of what is given up after its end: ${verb}`, async () => {
      peer.behave = wholly
      const docker = await peer.connect()
      const controller = new AbortController()
      try {
        await VERBS[verb](docker, { signal: controller.signal }, () => {})
        await untilUnheard(controller.signal)
        controller.abort(new Error('too late'))
        await settle()
        await docker.ping()
      } finally {
        await docker.close()
      }
      await untilIdle(peer)
    })
  }

  for (const verb of ['stream', 'output', 'json stream', 'progress', 'hijack', 'web socket'] as const) {
    test(`is left by whoever leaves the loop: ${verb}`, async () => {
      peer.behave = begin
      const docker = await peer.connect()
      const enough = new Error('enough')
      try {
        const call = VERBS[verb](docker, {}, () => {
          throw enough
        })
        await assert.rejects(call, (error) => error === enough)
        await untilIdle(peer)
        await settle()
      } finally {
        await docker.close()
      }
    })
  }
})
