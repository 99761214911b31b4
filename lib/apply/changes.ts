import { createHash } from 'node:crypto'
import { PUBLIC_MODE } from '../base/files.ts'
import { sentence, type Sentence } from '../base/sentence.ts'
import type { HostFile } from '../host/fact-records.ts'
import type { HostFacts } from '../host/facts.ts'
import { shellWord } from '../base/quoting/posix.ts'

/** A requested file on the host. */
export interface WantedFile {
  readonly path: string
  readonly mode: number
  readonly text: string
  /** A key: its text is never shown. */
  readonly secret?: boolean
  /** User and group. @defaultValue {@link OWNER} */
  readonly owner?: string
}

/** The same, compared with the file on the host. */
export interface Change extends WantedFile {
  /** `replace` also if only mode or owner differ. `remove`: the text is empty. */
  readonly action: 'create' | 'replace' | 'keep' | 'remove'
  readonly before?: HostFile
  /** The path on the host whose contents it gets, instead of the text. */
  readonly copy?: string
}

/** All written files belong to root, and to its group unless they say otherwise. */
export const OWNER = 'root:root'

/** Compares requested files with those on the host. */
export function changesOf(wanted: readonly WantedFile[], facts: HostFacts): Change[] {
  return wanted.map((file) => {
    const before = facts.file(file.path)
    if (before === undefined) return { ...file, action: 'create' }
    return { ...file, before, action: isSame(file, before) ? 'keep' : 'replace' }
  })
}

/** Will it be written or removed? */
export function isWritten({ action }: Change): boolean {
  return action !== 'keep'
}

/** Paths that would be written and aren't regular files, with a remedy for each. */
export function oddPlaces(
  changes: readonly Change[],
  { fact }: HostFacts,
): { what: string; got: string; todo: Sentence }[] {
  return changes.filter(isWritten).flatMap(({ path }) => {
    const odd = fact(`odd:${path}`)
    if (odd === '') return []
    const target = /^link (.*)$/s.exec(odd)?.[1]
    const got = target === undefined ? "it isn't a regular file" : `it is a link to ${target}`
    const todo =
      target === undefined
        ? 'Move it away.'
        : sentence`If its target doesn't exist, remove the link. Otherwise replace it with a copy of the target:  cp --remove-destination "$(readlink -f ${shellWord(path)})" ${shellWord(path)}`
    return [{ what: path, got: `${got}, and the apply would replace it with a file`, todo }]
  })
}

/** An existing file keeps its mode, except that only root may write to what root's daemon reads. */
export function keptMode(before: HostFile | undefined): number {
  return (before?.mode ?? PUBLIC_MODE) & ~0o022
}

/** The SHA-256 of a file as it was read, in hexadecimal. */
export function sumOf({ text, sha256: sum }: HostFile): string | undefined {
  return text === undefined ? sum : sha256(text)
}

function isSame({ text, mode, owner = OWNER }: WantedFile, before: HostFile): boolean {
  const sameText = before.text === undefined ? before.sha256 === sha256(text) : before.text === text
  return sameText && before.mode === mode && before.owner === owner
}

/** In hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
