import type { AuditException } from '../../audit/exceptions.ts'
import type { Baseline } from '../../audit/baseline.ts'
import type { Snapshot } from '../../audit/snapshot/snapshot.ts'
import { AuditError, sentencesOf } from '../../base/errors.ts'
import { renderSentence, type Sentence } from '../../base/sentence.ts'
import { printable } from '../../base/text.ts'
import type { Io } from '../terminal/io.ts'
import { inputName, readInput } from './input-file.ts'

/** A snapshot or report of 10,000 containers has some tens of megabytes. */
const MAX_BYTES = 268_435_456

export async function readExceptions(path: string, io: Io): Promise<AuditException[]> {
  const { parseExceptions } = await import('../../audit/exceptions.ts')
  return readParsed(path, io, 'the exceptions', parseExceptions)
}

export async function readBaseline(path: string, io: Io): Promise<Baseline> {
  const { parseBaseline } = await import('../../audit/baseline.ts')
  return readParsed(path, io, 'the baseline', parseBaseline)
}

export async function readSnapshot(path: string, io: Io): Promise<Snapshot> {
  const { parseSnapshot } = await import('../../audit/snapshot/parse.ts')
  return readParsed(path, io, 'the snapshot', parseSnapshot)
}

/** Reads a file, and names it in errors of its parser. */
async function readParsed<Value>(path: string, io: Io, what: string, parse: (text: string) => Value): Promise<Value> {
  const text = (await readInput(path, io, { what, maxBytes: MAX_BYTES })).toString('utf8')
  try {
    return parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    const { tried, got, todo } = sentencesOf(error)
    throw new AuditError(error.code, { tried: inFile(tried, path), got, todo, cause: error })
  }
}

function inFile(tried: Sentence, path: string): string {
  return `${renderSentence(tried)} in ${printable(inputName(path))}`
}
