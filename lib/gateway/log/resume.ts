import { FileError } from '../../base/errors.ts'
import { hashOf, isBefore, readLine, START, type HeadFault, type Link } from './chain.ts'
import type { LogFile, Tail } from './file.ts'
import { linesOf } from './lines.ts'

/** Where a log goes on. */
export interface Resumption {
  /** The line that the next one follows. */
  readonly link: Link
  /** How many bytes a line has that was never finished; 0 if there is none. */
  readonly torn: number
  /** What is wrong with the head, and no later line would show. */
  readonly headFault: HeadFault | undefined
}

/** Reads how a log ends, and whether its head belongs to it: the next head covers that up. */
export async function resume(file: LogFile): Promise<Resumption> {
  const tail = await file.readTail()
  const found = await file.readHead()
  const head = typeof found === 'string' ? undefined : found
  const link = lastLink(file.path, tail, head)
  const headFault = typeof found === 'string' ? found : await faultOf(file.path, found, link)
  return { link: afterTorn(link, tail), torn: tail.torn.length, headFault }
}

/**
 * The last line, unless the head names a later or another one. Then lines were removed or changed, and the next line shows that, since it
 * follows one that isn't there.
 */
function lastLink(path: string, { last }: Tail, head: Link | undefined): Link {
  if (last === undefined) return head ?? START
  const n = readLine(last)?.n
  if (n === undefined && head === undefined) throw notLog(path)
  const link = { n: n ?? 0, hash: hashOf(last) }
  return head === undefined || link.n > head.n ? link : head
}

/** A killed gateway leaves a head that is behind the lines. But it names one of them, or the last one of the file before. */
async function faultOf(path: string, head: Link, link: Link): Promise<HeadFault | undefined> {
  if (link === head) return undefined
  // As `chain()` begins a line: so only one line has to be read and hashed.
  const start = Buffer.from(`{"n":${head.n},`)
  try {
    for await (const { bytes, line } of linesOf(path)) {
      const first = line === 1 ? readLine(bytes) : undefined
      if (first && isBefore(head, first)) return undefined
      if (bytes.subarray(0, start.length).equals(start) && hashOf(bytes) === head.hash) return undefined
    }
  } catch (error) {
    // A line that no gateway has written must not keep this one from starting.
    if (!(error instanceof FileError && error.cause instanceof RangeError)) throw error
  }
  return 'other'
}

/** A line that was never finished counts as a line. */
function afterTorn(link: Link, { torn }: Tail): Link {
  return torn.length === 0 ? link : { n: link.n + 1, hash: hashOf(torn) }
}

function notLog(path: string): FileError {
  return new FileError('ERR_FILE_WRITE', {
    tried: `opening the audit log ${path}`,
    got: 'its last line is not one of an audit log',
    todo: 'Choose another path, or move that file away.',
  })
}
