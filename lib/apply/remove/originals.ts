import { shellFile } from '../../base/shell-file.ts'
import { lines } from '../../host/facts.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { shellProgram } from '../../host/script.ts'
import type { HostShell } from '../../host/shell.ts'
import { isFolder } from '../rollback/last-apply.ts'
import { STATE_SH } from '../rollback/state.ts'

const ORIGINALS_SH: string = shellFile(new URL('./originals.sh', import.meta.url))

/** What a host keeps of the time before docker-mtls. */
export interface Originals {
  /** Is the first apply among those that are kept? Otherwise the files before it are unknown. */
  readonly isComplete: boolean
  /** The path of the copy of each file that an apply has replaced; undefined: there was no such file. */
  readonly copies: ReadonlyMap<string, string | undefined>
  /** The SHA-256 of each file as an apply has written it last. Earlier releases recorded none. */
  readonly written: ReadonlyMap<string, string>
  /** Is anything kept? */
  readonly isAny: boolean
}

/** Reads what the applies that can be rolled back have kept. */
export async function readOriginals(shell: HostShell): Promise<Originals> {
  const { stdout } = await shell.run(shellProgram(STATE_SH, ORIGINALS_SH))
  return parseOriginals(stdout)
}

/** @internal */
export function parseOriginals(printed: string): Originals {
  const copies = new Map<string, string | undefined>()
  const written = new Map<string, string>()
  const all = lines(printed)
  let id = ''
  for (const line of all) {
    const [, kind, word = '', path = ''] = /^(apply|entry|written) (\S+)(?: (.*))?$/.exec(line) ?? []
    if (kind === 'apply') id = word
    // The oldest apply comes last, and its copy is the original.
    if (kind === 'entry' && !isFolder(word))
      copies.set(path, word === '-' ? undefined : `${STATE_FOLDER}/${id}/${word}`)
    if (kind === 'written' && !written.has(path)) written.set(path, word)
  }
  return { isComplete: all.at(-1) === 'complete', copies, written, isAny: all.includes('kept') }
}
