import { nodeFault, pathFault, type ProgramPath } from '../../apply/gateway/program.ts'
import { ProvisionError } from '../../base/errors.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'
import type { FactCall } from '../../host/facts-script.ts'
import { gatherFurtherFacts, type HostFacts } from '../../host/facts.ts'
import { readParents } from '../../host/parents.ts'
import type { HostShell } from '../../host/shell.ts'

/** The question that {@link findNode} needs. */
export const NODE_QUESTION: FactCall = ['nodes']

const INSTALL_NODE: Sentence = sentence`Install Node.js 20.19, 22.12 or a later version there for all users, as nodejs.org/en/download describes, then run this again. On Debian 13:  ${command('apt-get', 'install', 'nodejs')}`

/**
 * Finds a Node.js on a host that a service can run, and that nobody but root can replace.
 *
 * @param facts - with {@link NODE_QUESTION}
 * @returns its path, without links
 * @throws {@link ProvisionError} ERR_HOST_NO_NODE, with everything that was found
 */
export async function findNode(shell: HostShell, facts: HostFacts, signal: AbortSignal | undefined): Promise<string> {
  const paths = facts.fact('nodes').split(' ').filter(Boolean)
  const faults = new Map(paths.map((path) => [path, pathFault(path, wayTo(path, facts, false))]))
  // Others could put anything into the place of the others.
  const sound = paths.filter((path) => faults.get(path) === undefined)
  const versions = await versionsOf(sound, { shell, facts, signal })
  for (const path of sound) {
    const fault = versionFault(versions.get(path) ?? '')
    if (fault === undefined) return path
    faults.set(path, fault)
  }
  const found = paths.map((path) => `${path}: ${faults.get(path)}`).join('; ')
  throw new ProvisionError('ERR_HOST_NO_NODE', {
    tried: `looking for Node.js on ${shell.name}, which its gateway needs`,
    got: found || "there is none in root's PATH, in the PATH of its login shell, /usr/bin or /usr/local/bin",
    todo: INSTALL_NODE,
  })
}

interface Asking {
  readonly shell: HostShell
  readonly facts: HostFacts
  readonly signal: AbortSignal | undefined
}

async function versionsOf(
  paths: readonly string[],
  { shell, facts, signal }: Asking,
): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map()
  const more = paths.map((path): FactCall => ['said', `version:${path}`, 'timeout', '10', path, '--version'])
  const seen = await gatherFurtherFacts(shell, facts, { more }, signal)
  return new Map(paths.map((path) => [path, seen.fact(`version:${path}`)]))
}

function versionFault(printed: string): string | undefined {
  const version = /^v(\d+\.\d+\.\d+)\s*$/.exec(printed)?.[1]
  return version === undefined ? "it doesn't say its version" : nodeFault(version)
}

/** The facts `parents:PATH`, as a way to a program. */
export function wayTo(path: string, { fact }: HostFacts, isScript: boolean): ProgramPath {
  const all = readParents(fact(`parents:${path}`))
  const file = all.find((step) => step.path === path)
  return { folders: all.filter((step) => step !== file).toReversed(), file, isScript }
}
