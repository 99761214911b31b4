import { createHash } from 'node:crypto'
import type { HostFacts, HostFile } from '../host/facts.ts'

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

function isSame({ text, mode }: WantedFile, before: HostFile): boolean {
  const sameText = before.text === undefined ? before.sha256 === sha256(text) : before.text === text
  return sameText && before.mode === mode && before.owner === OWNER
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
