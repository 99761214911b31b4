import { ByteList } from '../../base/byte-list.ts'
import { BYTES_PER_VALUE, hasMoreValues } from '../json.ts'
import { StreamFault } from './fault.ts'

/** Much longer than any line of the Engine API. A line is kept in memory. In bytes. */
const LONGEST_LINE = 64 * 1024 * 1024
const MOST_VALUES = LONGEST_LINE / BYTES_PER_VALUE
const NEWLINE = 0x0a

/** Splits a stream of JSON objects, one per line (`\n` or `\r\n`), whatever its chunks. */
export class JsonLines {
  readonly #pending = new ByteList();

  /**
   * The values that are now complete. Each is parsed when it is read, so that values before a fault arrive.
   *
   * @throws StreamFault
   */
  *push(chunk: Buffer): Generator<object, void, undefined> {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at))
      from = at + 1
      const text = this.#take()
      if (text !== '') yield parse(text, 'invalid')
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
  }

  /** The last value, if no newline follows it. @throws StreamFault if it is incomplete */
  *end(): Generator<object, void, undefined> {
    const text = this.#take()
    if (text !== '') yield parse(text, 'truncated')
  }

  #keep(bytes: Buffer): void {
    this.#pending.push(bytes)
    if (this.#pending.size > LONGEST_LINE)
      throw new StreamFault('invalid', `a line is longer than ${LONGEST_LINE} bytes`)
  }

  #take(): string {
    const line = this.#pending.take()
    if (hasMoreValues(line, MOST_VALUES))
      throw new StreamFault('invalid', `a line holds more than ${MOST_VALUES} JSON values`)
    return line.toString('utf8').trim()
  }
}

function parse(text: string, kind: StreamFault['kind']): object {
  const value = parseJson(text, kind)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new StreamFault('invalid', `a line is not a JSON object: ${text.slice(0, 100)}`)
}

function parseJson(text: string, kind: StreamFault['kind']): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const got = kind === 'truncated' ? 'it ended in the middle of a JSON value' : 'a line is not JSON'
    throw new StreamFault(kind, `${got}: ${text.slice(0, 100)}`, cause)
  }
}
