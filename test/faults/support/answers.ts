import { pack } from 'tar-stream'
import { frame } from '../../support/pretend.ts'
import { chunked, MULTIPLEXED, upgraded, webSocket, whole, type Reply } from './reply.ts'

export const ID: string = 'c0ffee'.repeat(10) + '0123'
const IMAGE = `sha256:${'ab'.repeat(32)}`
/** What every stream of output says. */
export const TEXTS: readonly string[] = ['the first line\n', 'the second line\n', 'the third line\n']
/** So many values that they come in many chunks. */
const MANY = 20_000
const PART = 64 * 1024

const JSON_LINES = 'application/json'
const lines = (...values: readonly object[]): Reply =>
  chunked(
    values.map((value) => `${JSON.stringify(value)}\n`),
    JSON_LINES,
  )

function large(): Reply {
  const text = JSON.stringify(Array.from({ length: MANY }, (_, index) => ({ Id: `${IMAGE}${index}`, Size: index })))
  const parts = Array.from({ length: Math.ceil(text.length / PART) }, (_, index) =>
    text.slice(index * PART, (index + 1) * PART),
  )
  return chunked(parts, JSON_LINES)
}

async function tar(): Promise<Buffer[]> {
  const archive = pack()
  archive.entry({ name: 'file', size: 100_000 }, 'x'.repeat(100_000))
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const data of archive) chunks.push(data as Buffer)
  const bytes = Buffer.concat(chunks)
  return [bytes.subarray(0, 40_000), bytes.subarray(40_000, 80_000), bytes.subarray(80_000)]
}
const TAR = await tar()
const LARGE = large()
/** The attributes of a path that is copied. */
const STAT = Buffer.from(JSON.stringify({ name: 'file', size: 100_000, mode: 0o644, mtime: '', linkTarget: '' }))
const STATE = { State: { Status: 'exited', Running: false, ExitCode: 0, OOMKilled: false }, HostConfig: {} }
const DONE = { Running: false, ExitCode: 0, Pid: 42 }

/** What is answered to a request, by method and path: the first row that fits. */
const ANSWERS: readonly (readonly [pattern: RegExp, answer: (request: string) => Reply])[] = [
  [/^GET \/_ping/, () => whole('OK')],
  [/^GET \/images\/json/, () => LARGE],
  [/^GET \/containers\/json/, () => whole(JSON.stringify([{ Id: ID, Names: ['/web'] }]))],
  [/^POST \/containers\/create/, () => whole(JSON.stringify({ Id: ID, Warnings: [] }), { status: '201 Created' })],
  [
    /^GET \/containers\/\w+\/logs/,
    () =>
      chunked(
        TEXTS.map((text) => frame(1, text)),
        MULTIPLEXED,
      ),
  ],
  [/^GET \/containers\/\w+\/stats/, () => lines({ id: ID, n: 1 }, { id: ID, n: 2 }, { id: ID, n: 3 })],
  [/^GET \/containers\/\w+\/attach\/ws/, (request) => webSocket(TEXTS, request)],
  [
    /^GET \/containers\/\w+\/archive/,
    () => chunked(TAR, 'application/x-tar', `X-Docker-Container-Path-Stat: ${STAT.toString('base64')}`),
  ],
  [/^GET \/containers\/\w+\/json/, () => whole(JSON.stringify({ Id: ID, ...STATE }))],
  [/^POST \/containers\/\w+\/wait/, () => lines({ StatusCode: 0 })],
  [/^POST \/(containers\/\w+\/attach|exec\/\w+\/start)/, () => upgraded(TEXTS)],
  [/^POST \/containers\/\w+\/exec/, () => whole(JSON.stringify({ Id: ID }), { status: '201 Created' })],
  [/^POST \/containers\/\w+\/start/, () => whole('', { status: '204 No Content' })],
  [/^(DELETE|PUT) /, () => whole('')],
  [/^GET \/exec/, () => whole(JSON.stringify(DONE))],
  [/^GET \/events/, () => lines({ Action: 'create' }, { Action: 'start' }, { Action: 'die' })],
  [/^GET \/images\/\w+\/get/, () => chunked(TAR, 'application/x-tar')],
  [/^POST \/images\/load/, () => lines({ stream: 'Loading\n' }, { stream: 'Loaded image: app:1\n' })],
  [
    /^POST \/images\/create/,
    () =>
      lines(
        { status: 'Pulling fs layer', id: 'a' },
        { status: `Digest: ${IMAGE}` },
        { status: 'Status: Downloaded newer image for app:1' },
      ),
  ],
  [
    /^POST \/build\?.*version=2/,
    () => lines({ id: 'moby.buildkit.trace', aux: '' }, { id: 'moby.image.id', aux: { ID: IMAGE } }),
  ],
  [/^POST \/build/, () => lines({ stream: 'Step 1/1 : FROM scratch\n' }, { aux: { ID: IMAGE } })],
]

/** The answer to a request, of which the head is given. */
export function answerTo(head: string): Reply {
  const line = head.replace(/^(\w+) \/v[\d.]+/, '$1 ')
  const found = ANSWERS.find(([pattern]) => pattern.test(line))
  return found
    ? found[1](head)
    : whole(JSON.stringify({ message: `not known here: ${line.split('\r\n')[0]}` }), { status: '404 Not Found' })
}
