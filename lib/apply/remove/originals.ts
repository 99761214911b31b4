import { shellFile } from '../../base/shell-file.ts'
import type { HostFile } from '../../host/fact-records.ts'
import { lines, type HostFacts } from '../../host/facts.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { shellProgram } from '../../host/script.ts'
import type { HostShell } from '../../host/shell.ts'
import { sumOf } from '../changes.ts'
import { isFolder } from '../rollback/last-apply.ts'
import { STATE_SH } from '../rollback/state.ts'

const ORIGINALS_SH: string = shellFile(new URL('./originals.sh', import.meta.url))

/** What a host knows of the time before docker-mtls, and of what docker-mtls has written. */
export interface Originals {
  /** Is the first apply among those that are known? Otherwise the files before it are unknown. */
  readonly isComplete: boolean
  /** The path of the oldest copy of each file that an apply has replaced; undefined: there was no such file. */
  readonly copies: ReadonlyMap<string, string | undefined>
  /** All copies. */
  readonly all: readonly { readonly path: string; readonly copy: string }[]
  /** The SHA-256 of all contents that an apply has written to a path. Earlier releases recorded none. */
  readonly written: ReadonlyMap<string, ReadonlySet<string>>
  /** Is anything kept? */
  readonly isAny: boolean
}

/** Has an apply provably written this file, as it is now? Everything else is somebody's own, and stays. */
export function isOwn(file: HostFile, { written }: Pick<Originals, 'written'>): boolean {
  const sum = sumOf(file)
  return sum !== undefined && written.get(file.path)?.has(sum) === true
}

/** Reads what the applies on a host have kept. */
export async function readOriginals(shell: HostShell): Promise<Originals> {
  const { stdout } = await shell.run(shellProgram(STATE_SH, ORIGINALS_SH))
  return parseOriginals(stdout)
}

/** Of these files, an apply changes only its own settings, so nothing of another copy than the oldest is lost. */
const isMerged = (path: string): boolean => !path.endsWith('.pem')

/** An apply adds lines to them, and a removal leaves them as they are. */
const ID_RANGES: ReadonlySet<string> = new Set(['/etc/subuid', '/etc/subgid'])

/**
 * Copies of files that no apply has written, and that would be lost with the backups.
 *
 * @param then - the host afterwards, with the sums of all copies
 */
export function onlyCopies(originals: Originals, then: HostFacts): { path: string; copy: string }[] {
  const seen = new Set<string>()
  return originals.all.filter(({ path, copy }) => {
    const file = then.file(copy)
    if (file === undefined || ID_RANGES.has(path) || isOwn({ ...file, path }, originals)) return false
    if (isMerged(path) && originals.copies.get(path) !== copy) return false
    const sums = [then.file(path), file].map((one) => one && sumOf(one))
    const mark = `${path} ${sums[1]}`
    if (sums[0] === sums[1] || seen.has(mark)) return false
    seen.add(mark)
    return true
  })
}

/** @internal */
export function parseOriginals(printed: string): Originals {
  const copies = new Map<string, string | undefined>()
  const written = new Map<string, Set<string>>()
  const all: { path: string; copy: string }[] = []
  const printedLines = lines(printed)
  let id = ''
  let seen = new Set<string>()
  for (const line of printedLines) {
    const [, kind, word = '', path = ''] = /^(apply|entry|written) (\S+)(?: (.*))?$/.exec(line) ?? []
    if (kind === 'apply') [id, seen] = [word, new Set()]
    if (kind === 'written') written.set(path, (written.get(path) ?? new Set()).add(word))
    if (kind !== 'entry' || isFolder(word)) continue
    const copy = word === '-' ? undefined : `${STATE_FOLDER}/${id}/${word}`
    // The oldest apply comes last, and its first copy of a file is the original.
    if (!seen.has(path)) copies.set(path, copy)
    if (copy !== undefined) all.push({ path, copy })
    seen.add(path)
  }
  return {
    isComplete: printedLines.at(-1) === 'complete',
    copies,
    all,
    written,
    isAny: printedLines.includes('kept'),
  }
}
