import { posix } from 'node:path'
import { otherWriter } from '../base/folder-writers.ts'
import { command, option, sentence, type Sentence } from '../base/sentence.ts'
import { DEFAULT_TLS_DIR } from '../daemon-config/options.ts'
import { DAEMON_JSON, DROP_IN } from '../daemon-config/render-files.ts'
import { STATE_FOLDER, type FactCall } from '../host/facts-script.ts'
import type { HostFacts } from '../host/facts.ts'
import { readParents } from '../host/parents.ts'

/** A folder in which somebody other than root can replace files. */
export interface OpenFolder {
  readonly path: string
  /** Who can, without a full stop. */
  readonly got: string
  readonly todo: Sentence
}

/** The folders that every apply writes to, unlike the TLS folder. */
const FIXED = [DROP_IN, DAEMON_JSON].map((path) => posix.dirname(path)).concat(STATE_FOLDER)

/** The facts that {@link openFolders} needs. */
export function parentsQuestions(tlsDir: string): FactCall[] {
  return [...FIXED, tlsDir].map((folder) => ['parents', folder])
}

/**
 * Finds the folders above the written files that aren't root's alone. Whoever can rename an entry of such a folder can replace
 * the CA that dockerd trusts, and can make root write elsewhere through a symbolic link. The sticky bit of /tmp prevents
 * neither: everybody may create the missing folders there first.
 */
export function openFolders(facts: HostFacts, tlsDir: string): OpenFolder[] {
  const fixed = FIXED.flatMap((folder) => openAbove(folder, facts)).map((one) => ({ ...one, todo: close(one) }))
  const chosen = openAbove(tlsDir, facts).map((one) => ({ ...one, todo: CHOOSE_ANOTHER }))
  const all = new Map([...chosen, ...fixed].map((one) => [one.path, one]))
  return [...all.values()].map(({ path, whose, todo }) => ({
    path,
    got: `${whose}, and could replace the files that dockerd reads, or make root write elsewhere`,
    todo,
  }))
}

const CHOOSE_ANOTHER: Sentence = sentence`Choose a folder that only root can write to, in folders that only root can write to:  ${option('tlsDir', DEFAULT_TLS_DIR)}`

/** One folder, as the host describes it. */
interface Open {
  readonly path: string
  readonly whose: string
}

const PERMISSIONS = 0o777

function openAbove(folder: string, { fact }: HostFacts): Open[] {
  return readParents(fact(`parents:${folder}`)).flatMap(({ path, mode, uid }) => {
    const writer = otherWriter({ mode: mode & PERMISSIONS, uid })
    if (writer === undefined) return []
    const octal = mode.toString(8)
    const whose =
      writer === 'owner' ? `the user ${uid} owns it` : `users other than root can write to it (mode ${octal})`
    return [{ path, whose }]
  })
}

function close({ path }: Open): Sentence {
  return sentence`Let only root write to it:  ${command('chown', 'root:root', path)}  and  ${command('chmod', 'go-w', path)}`
}
