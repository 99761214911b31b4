import { isDockerMtlsError } from '../../base/errors.ts'
import { sentence } from '../../base/sentence.ts'
import type { GatewayFlags } from '../../daemon-config/gateway-unit.ts'
import type { HostFacts } from '../../host/facts.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import { READ_GATEWAY_LOG } from '../carry-out.ts'
import type { Conflict } from '../conflicts.ts'
import type { LastApply } from '../rollback/last-apply.ts'
import { GATEWAY_FILES, gatewayFlags, listsOf, UNIT_PATH } from './files.ts'
import { filesNotInForce } from './in-force.ts'
import { issuerFilesIn } from './issuer-files.ts'
import { unusedList } from './lists.ts'

/** The files with which a gateway starts. */
export function startFiles(flags: GatewayFlags): {
  readonly files: readonly string[]
  readonly secrets: readonly string[]
} {
  const { ca, cert, key, policy } = GATEWAY_FILES
  const issuer = flags.issuer === undefined ? undefined : issuerFilesIn(flags.issuer)
  return {
    files: [policy, ca, cert, ...(issuer ? [issuer.cert] : []), ...listsOf(flags)],
    secrets: [key, ...(issuer ? [issuer.key] : [])],
  }
}

/**
 * Finds files that stay as they are in a rollback, and with which the gateway could not restart, or would let in who was revoked.
 * What the running gateway uses, it can start with.
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
  const flags = gatewayFlags(facts)
  const lists = listsOf(flags)
  const { files, secrets } = startFiles(flags)
  const stay = [...files, ...secrets].filter(
    // Without a list that is gone, the gateway would start. Of one that returns, a warning tells.
    (path) => !restored.includes(path) && (lists.includes(path) || !removed.includes(path)),
  )
  const policy = stay.includes(GATEWAY_FILES.policy) ? invalidPolicy(facts, kept) : []
  const unused = (filesNotInForce(facts, stay) ?? []).filter((path) => !policy.some(({ what }) => what === path))
  return [...policy, ...unused.map((path) => (lists.includes(path) ? unusedList(path) : unusedFile(path)))]
}

function invalidPolicy({ file }: HostFacts, kept: readonly string[]): Conflict[] {
  const path = GATEWAY_FILES.policy
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
