import { isDockerMtlsError } from '../../base/errors.ts'
import { sentence } from '../../base/sentence.ts'
import type { HostFacts } from '../../host/facts.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import { READ_GATEWAY_LOG } from '../carry-out.ts'
import type { Conflict } from '../conflicts.ts'
import type { LastApply } from '../rollback/last-apply.ts'
import { gatewayFlags, startFiles, UNIT_PATH } from './files.ts'
import { filesNotInForce } from './in-force.ts'
import { unusedList } from './lists.ts'

/**
 * Finds files that a rollback leaves as they are, and with which the gateway couldn't restart, or would accept revoked clients.
 * The gateway can restart with the files that it uses now.
 *
 * @param last - without the files that are kept
 * @param facts - with {@link startFiles}
 */
export function restartConflicts(
  facts: HostFacts,
  { isPending, restored, removed }: LastApply,
  kept: readonly string[],
): Conflict[] {
  if (isPending || removed.includes(UNIT_PATH)) return []
  const { files, secrets, lists, policy } = startFiles(gatewayFlags(facts))
  const stay = [...files, ...secrets].filter(
    // The gateway would start without its list, so a removed list is checked, too. A warning reports a restored one.
    (path) => !restored.includes(path) && (lists.includes(path) || !removed.includes(path)),
  )
  const invalid = stay.includes(policy) ? invalidPolicy(policy, facts, kept) : []
  const unused = (filesNotInForce(facts, stay) ?? []).filter((path) => !invalid.some(({ what }) => what === path))
  return [...invalid, ...unused.map((path) => (lists.includes(path) ? unusedList(path) : unusedFile(path)))]
}

function invalidPolicy(path: string, { file }: HostFacts, kept: readonly string[]): Conflict[] {
  const there = file(path)
  if (there === undefined) return []
  try {
    parsePolicy(there.text ?? '', path)
    return []
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const got = sentence`it was changed since the apply, and the gateway could not start with it: ${error.got}`
    const todo = kept.includes(path) ? 'Correct it, or remove it.' : 'Correct it.'
    return [{ code: 'ERR_APPLY_CONFLICT', kind: 'changed-since', what: path, got, todo }]
  }
}

function unusedFile(path: string): Conflict {
  const got = "the running gateway doesn't use it as it is, and could not start with it"
  return { code: 'ERR_APPLY_CONFLICT', kind: 'changed-since', what: path, got, todo: READ_GATEWAY_LOG }
}
