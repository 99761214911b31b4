import type { HostFacts, HostFile } from '../snapshot/host/schema.ts'
import { fail, pass, warn, type Verdict } from '../verdict.ts'
import { hidden, isRootless, mayOwn, type PathVerdict } from './host-check.ts'

/** What others than the owner may do with a file. */
export interface Allowed {
  /** The bits for its group and for everybody else. */
  readonly mode: number
  /** Groups that may have what the mode gives to a group. @defaultValue root */
  readonly groups?: readonly string[]
  /** Also a right to read is too much. */
  readonly isSecret?: true
}

const OTHERS = 0o077
const WRITE = 0o022
const GROUP = 0o070
const ROOT_GROUP = 'root'

/** Judges the owner and the mode of each file. */
export function judgeFiles(files: readonly HostFile[], allowed: Allowed, host: HostFacts): PathVerdict[] {
  return files.map((file) => [file.path, judgeFile(file, allowed, host)])
}

/** The owner's own bits don't matter: an owner may change them. */
export function judgeFile({ path, state }: HostFile, allowed: Allowed, host: HostFacts): Verdict {
  if (!('mode' in state)) return hidden(path)
  const { mode, uid, owner, group } = state
  const detail = `${owner}:${group}, mode ${mode.toString(8).padStart(4, '0')}`
  if (!mayOwn(host, uid)) return fail(detail)
  const excess = mode & OTHERS & ~allowed.mode
  if ((excess & WRITE) !== 0 || (excess !== 0 && allowed.isSecret === true)) return fail(detail)
  if (excess !== 0 || !isGroupAllowed(state, allowed, host)) return warn(detail)
  return pass(detail)
}

/** A group with no right of its own doesn't matter. */
function isGroupAllowed(
  { mode, gid, group }: { readonly mode: number; readonly gid: number; readonly group: string },
  { groups = [ROOT_GROUP] }: Allowed,
  host: HostFacts,
): boolean {
  const everybodys = (mode & 0o007) << 3
  return gid === 0 || isRootless(host) || groups.includes(group) || (mode & GROUP & ~everybodys) === 0
}
