import { archiveStream } from '../../../lib/engine/stream/archive.ts'
import { StreamFault } from '../../../lib/engine/stream/fault.ts'
import { FrameSplitter } from '../../../lib/engine/stream/frames.ts'
import { JsonStream } from '../../../lib/engine/stream/json-stream.ts'
import { OutputStream } from '../../../lib/engine/stream/output.ts'
import { BuildkitReader } from '../../../lib/engine/workflows/build/buildkit/reader.ts'
import { chunksOf, streamOf } from '../chunks.ts'
import { Random, seedOf } from '../random.ts'
import { demand, type Target } from '../target.ts'

const request = { method: 'GET', path: '/containers/web/logs' }

const frame = (stream: number, text: string | Buffer): Buffer => {
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

const FRAMES = [
  Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n'), frame(1, 'no line feed')]),
  Buffer.concat([frame(0, 'echo\r\n'), frame(1, ''), frame(1, '\u{1f4a9}é\n'.repeat(20))]),
  Buffer.concat([frame(1, 'out\n'), frame(3, 'the daemon failed')]),
]

/** The lines of a container's output, whatever the chunks of its frames. */
async function readLines(bytes: Buffer, tty: boolean): Promise<void> {
  const maxLength = new Random(seedOf(bytes)).pick([2, 10, 1000, 1024 * 1024])
  let characters = 0
  for await (const line of new OutputStream({ body: streamOf(bytes), tty, request }).lines({ maxLength })) {
    demand(line.length <= maxLength, `a line has ${line.length} characters; the longest is ${maxLength}`)
    characters += line.length
  }
  demand(characters <= bytes.length, 'the lines are longer than the input')
}

async function readJsonLines(bytes: Buffer): Promise<void> {
  for await (const value of new JsonStream<object>(streamOf(bytes), request)) {
    demand(typeof value === 'object' && !Array.isArray(value), 'a value is not an object')
  }
}

/** Frames with right lengths: the first character of each part of the text is the stream. */
function framed(text: Buffer): Buffer {
  const parts = text.toString('latin1').split('\f')
  return Buffer.concat(parts.map((part) => frame(Number(part[0]) % 4 || 0, Buffer.from(part.slice(1), 'latin1'))))
}

/** The splitter alone, which must find in all chunks together what it finds in the whole. */
function splitFrames(bytes: Buffer): void {
  const sizes = [[bytes], chunksOf(bytes)].map((chunks) => {
    const splitter = new FrameSplitter()
    const found = { stdout: 0, stderr: 0 }
    for (const chunk of chunks) {
      for (const { stream, data } of splitter.push(Buffer.from(chunk))) found[stream] += data.length
      splitter.check()
    }
    splitter.end()
    return JSON.stringify(found)
  })
  demand(sizes[0] === sizes[1], `whole: ${sizes[0]}, in chunks: ${sizes[1]}`)
}

function readBuild(bytes: Buffer): void {
  const reader = new BuildkitReader()
  for (const event of reader.read({ id: 'moby.buildkit.trace', aux: bytes.toString('base64') })) {
    demand(typeof event.type === 'string', 'an event has no type')
  }
  demand(typeof reader.failed.log === 'string', 'there is no log')
}

/** A step, its status, a line of its output, and a warning; then the shortest of each, most of whose changes can be read. */
const BUILD_STATUS = [
  '0a2b0a0473686131120473686130220973746570206f6e653a0608d285d8cc04420308d286d8cc04',
  '0a0e0a04736861311a067374657020311a100a0473686131180222066f75747075740a',
  '12140a0269641204736861312005280a3a0408011002220d0a04736861311a05776f726473',
  '0a030a0161',
  '12060a0161120162',
  '1a060a0161220178',
  '22060a01611a0178',
].map((hex) => Buffer.from(hex, 'hex'))

export const targets: readonly Target[] = [
  {
    name: 'output-lines',
    seeds: () => ['1out\n\f2err\n\f1no line feed', '0a\r\n\f1\f1é\n\n', '1a\n\f3the daemon failed'],
    read: (bytes) => readLines(framed(bytes), false),
    words: ['\f1', '\f2', '\n', '\r\n'],
    pace: 8,
    accepts: 0.2,
  },
  { name: 'terminal-lines', seeds: () => ['a\r\nb\n', 'é\n\n'], read: (bytes) => readLines(bytes, true), pace: 8 },
  {
    name: 'frames',
    seeds: () => FRAMES,
    read: splitFrames,
    mayThrow: (error) => error instanceof StreamFault,
    accepts: 0.002,
  },
  { name: 'json-lines', read: readJsonLines, format: 'json', words: ['\n', '{}', '[]', '{"a":', '"'], pace: 8 },
  {
    name: 'archive-end',
    words: ['{"errorDetail":{"message":"x"}}\n', '{"message":"', '\n'],
    read: async (bytes) => {
      let size = 0
      for await (const chunk of archiveStream(streamOf(bytes), request)) size += (chunk as Buffer).length
      demand(size === bytes.length, `${size} of ${bytes.length} bytes were passed on`)
    },
    seeds: () => ['a tar\0\0', '0123{"errorDetail":{"message":"no space left"}}\n', 'x{"message":"gone"}\n'],
    pace: 8,
  },
  {
    name: 'build-status',
    seeds: () => BUILD_STATUS,
    read: readBuild,
    // The caller turns any error into one of ours.
    mayThrow: (error) => error instanceof Error,
    accepts: 0.05,
  },
]
