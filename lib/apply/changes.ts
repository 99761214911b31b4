import { createHash } from 'node:crypto'
import { PUBLIC_MODE } from '../base/files.ts'
import type { HostFacts, HostFile } from '../host/facts.ts'
import { shellWord } from '../base/shell-quote.ts'

/** A file that shall be on the host. */
export interface WantedFile {
  readonly path: string
  readonly mode: number
  readonly text: string
  /** A key: its text is shown to nobody. */
  readonly secret?: boolean
}

/** The same, held against what is there. */
export interface Change extends WantedFile {
  /** `replace` also where only mode or owner differ. */
  readonly action: 'create' | 'replace' | 'keep'
  readonly before?: HostFile
}

/** All that we write belongs to root. */
export const OWNER = 'root:root'

/** What has to be written, and what is as it should be already. */
export function changesOf(wanted: readonly WantedFile[], facts: HostFacts): Change[] {
  return wanted.map((file) => {
    const before = facts.file(file.path)
    if (before === undefined) return { ...file, action: 'create' }
    return { ...file, before, action: isSame(file, before) ? 'keep' : 'replace' }
  })
}

/** Which of them are to be written. */
export function isWritten({ action }: Change): boolean {
  return action !== 'keep'
}

/** What is in the place of a file that would be written, and is none: a sentence about each. */
export function oddPlaces(
  changes: readonly Change[],
  { fact }: HostFacts,
): { what: string; got: string; todo: string }[] {
  return changes.filter(isWritten).flatMap(({ path }) => {
    const odd = fact(`odd:${path}`)
    if (odd === '') return []
    const todo = odd.startsWith('a link')
      ? `Whoever has made that link may change its target later. Make a file of it:  cp --remove-destination "$(readlink -f ${shellWord(path)})" ${shellWord(path)} ; if it leads nowhere, remove it.`
      : 'Move it away.'
    return [{ what: path, got: `it is ${odd}, and a file of ours would take its place`, todo }]
  })
}

/** What is there keeps its mode, but nobody else gets to write to what root's daemon reads. */
export function keptMode(before: HostFile | undefined): number {
  return (before?.mode ?? PUBLIC_MODE) & ~0o022
}

/** The SHA-256 of a file as it was read, in hexadecimal. */
export function sumOf({ text, sha256: sum }: HostFile): string | undefined {
  return text === undefined ? sum : sha256(text)
}

function isSame({ text, mode }: WantedFile, before: HostFile): boolean {
  const sameText = before.text === undefined ? before.sha256 === sha256(text) : before.text === text
  return sameText && before.mode === mode && before.owner === OWNER
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
