import { dirname, join } from 'node:path'
import { readIfThere } from '../base/files.ts'
import { appendFlushed, endsWithLine } from './append.ts'
import type { LedgerHead, ReadHead } from './ledger-chain.ts'
import { isState } from './ledger-line.ts'

/** The file beside a ledger that has the state after each of its lines: the last line of a ledger has no successor. */
export function headsPath(ledger: string): string {
  return join(dirname(ledger), 'ledger-heads.jsonl')
}

/** The line of a head, with its line feed. */
export function renderHead({ entries, state }: LedgerHead): string {
  return `${JSON.stringify({ version: 1, entries, state })}\n`
}

export async function appendHead(ledger: string, head: LedgerHead): Promise<void> {
  await appendFlushed(headsPath(ledger), (before) => `${endsWithLine(before) ? '' : '\n'}${renderHead(head)}`)
}

/**
 * Reads the last head. An incomplete line after it doesn't count: a run was killed.
 *
 * @returns undefined if there is none
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readHead(ledger: string): Promise<ReadHead> {
  const line = ((await readIfThere(headsPath(ledger))) ?? '').split('\n').at(-2)
  return line === undefined ? undefined : parseHead(line)
}

function parseHead(line: string): LedgerHead | 'unreadable' {
  try {
    const { version, entries, state } = JSON.parse(line) as Record<string, unknown>
    const isKnown = version === 1 && Number.isSafeInteger(entries) && isState(state)
    return isKnown ? { entries: entries as number, state } : 'unreadable'
  } catch {
    return 'unreadable'
  }
}
