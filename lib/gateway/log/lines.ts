import { createReadStream } from 'node:fs'
import { FileError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'

/** Longer than any line of a log. */
const LONGEST_LINE = 4 * 1024 * 1024

/** A line of a file. */
export interface Line {
  readonly bytes: Buffer
  readonly line: number
  readonly isWhole: boolean
}

/** @throws {@link FileError} ERR_FILE_READ */
export async function* linesOf(file: string): AsyncGenerator<Line, void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  let line = 0
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      const bytes = Buffer.concat([rest, chunk])
      let from = 0
      for (let to = bytes.indexOf(0x0a); to !== -1; to = bytes.indexOf(0x0a, from)) {
        yield { bytes: bytes.subarray(from, to), line: ++line, isWhole: true }
        from = to + 1
      }
      rest = bytes.subarray(from)
      if (rest.length > LONGEST_LINE) throw new RangeError('it has a line of more than 4 MiB')
    }
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried: `reading the audit log ${file}`,
      got: readFault(cause),
      todo: 'Name the files of an audit log that you can read.',
      cause,
    })
  }
  if (rest.length > 0) yield { bytes: rest, line: ++line, isWhole: false }
}
