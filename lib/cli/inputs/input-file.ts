import { createReadStream, promises as fs } from 'node:fs'
import type { Readable } from 'node:stream'
import { onAbort } from '../../base/abort.ts'
import { FileError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import { codeOf } from '../../base/system-error.ts'
import type { Sentence } from '../../base/sentence.ts'
import type { Io } from '../terminal/io.ts'

/** More than any PEM file that people send each other. */
const MAX_PEM_BYTES = 1_048_576

/** A file to read. */
export interface InputFile {
  /** What it should be, for messages: `the request`. */
  readonly what: string
  /** A wrong path may lead to a large file, or to one without end. @defaultValue 1 MiB */
  readonly maxBytes?: number
  /** The remedy if it can't be read. */
  readonly todo?: Sentence
  /** The names that such files have: the error for a folder lists those in it. */
  readonly names?: RegExp
}

/**
 * Reads a file, or stdin for `-`.
 *
 * @throws {@link FileError} ERR_FILE_READ
 * @throws the reason of `io.signal` when it aborts, even while stdin is idle
 */
export async function readInput(path: string, io: Io, input: InputFile): Promise<Buffer> {
  const { signal } = io
  const { what, maxBytes = MAX_PEM_BYTES, todo = 'Name an existing file that you can read.', names } = input
  try {
    const bytes = path === '-' ? await readLimited(io.stdin, signal, maxBytes) : await readPath(path, signal, maxBytes)
    if (bytes.length > maxBytes) throw new RangeError(`it has more than ${maxBytes} bytes, which is too large`)
    return bytes
  } catch (cause) {
    signal.throwIfAborted()
    const files = names !== undefined && codeOf(cause) === 'EISDIR' ? await filesIn(path, names) : undefined
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${what} from ${inputName(path)}`,
      got: readFault(cause),
      todo: files === undefined ? todo : `Name a file in it: ${files}.`,
      cause,
    })
  }
}

/** A stream takes milliseconds to load. Only what may be without an end, or large, needs one: a pipe, or a file in /proc. */
async function readPath(path: string, signal: AbortSignal, maxBytes: number): Promise<Buffer> {
  const found = await fs.stat(path)
  const isSmall = found.isFile() && found.size > 0 && found.size <= maxBytes
  return isSmall ? fs.readFile(path) : readLimited(createReadStream(path), signal, maxBytes)
}

async function filesIn(folder: string, names: RegExp): Promise<string | undefined> {
  const { namesBelow } = await import('./files-below.ts')
  return namesBelow(folder, names)
}

/** Reads a stream to its end, or until it has given more than `maxBytes`. */
export async function readLimited(source: Readable, signal: AbortSignal, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const cancel = onAbort(signal, () => source.destroy(signal.reason as Error))
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      if ((size += chunk.length) > maxBytes) break
    }
  } finally {
    cancel()
  }
  return Buffer.concat(chunks)
}

/** The name of an input in messages. */
export function inputName(path: string): string {
  return path === '-' ? 'stdin' : path
}
