import { isDockerMtlsError } from '../../base/errors.ts'
import { sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { IN_FORCE_PATH, parseInForce } from '../../daemon-config/gateway-in-force.ts'
import type { GatewayFlags } from '../../daemon-config/gateway-unit.ts'
import type { HostFile } from '../../host/fact-records.ts'
import type { HostFacts } from '../../host/facts.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import { READ_GATEWAY_LOG } from '../carry-out.ts'
import { sumOf } from '../changes.ts'
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
 * @param facts - with {@link startFiles} of both units
 * @param then - of the unit after the rollback
 */
export function restartConflicts(
  facts: HostFacts,
  { isPending, restored, removed, copies }: LastApply,
  kept: readonly string[],
  then: GatewayFlags,
): Conflict[] {
  if (isPending || removed.includes(UNIT_PATH)) return []
  const now = startFiles(gatewayFlags(facts))
  const { files, secrets, lists, policy } = startFiles(then)
  const stay = [...files, ...secrets].filter(
    // The gateway would start without its list, so a removed list is checked, too. A warning reports a restored one.
    (path) => !restored.includes(path) && (lists.includes(path) || !removed.includes(path)),
  )
  const copy = restored.includes(policy) ? copies.get(policy) : undefined
  const invalid = stay.includes(policy) ? changedPolicy(policy, facts, kept) : restoredPolicy(policy, facts, copy)
  // The running gateway says nothing about files that only the unit from before names.
  const named = stay.filter((path) => [...now.files, ...now.secrets].includes(path))
  const unused = (filesNotInForce(facts, named) ?? []).filter((path) => !invalid.some(({ what }) => what === path))
  return [
    ...invalid,
    ...otherLists(facts, now.lists, lists, copies.get(UNIT_PATH)),
    ...unused.map((path) => (lists.includes(path) ? unusedList(path) : unusedFile(path))),
  ]
}

/** The unit from before, of which this is the copy, may name other lists than that of the running gateway. */
function otherLists(
  facts: HostFacts,
  now: readonly string[],
  then: readonly string[],
  copy: string = UNIT_PATH,
): Conflict[] {
  if (now.join('\n') === then.join('\n') || filesNotInForce(facts, []) === undefined) return []
  const sums = parseInForce(facts.file(IN_FORCE_PATH)?.text)?.sums
  const after = new Set(then.flatMap((path) => sumIn(facts, path) ?? []))
  const lost = now.filter((path) => sums?.has(path) && !after.has(sums.get(path) ?? ''))
  return lost.map((path) => ({
    code: 'ERR_APPLY_CONFLICT',
    kind: 'older-list',
    what: path,
    got: `the running gateway uses this revocation list, and with the unit from before the apply it would use ${enumerate(then)}: revoked certificates could work again`,
    // Each list may be of another CA, so none replaces another.
    todo: `Add --crl ${path} to the command in ${copy}.`,
  }))
}

const sumIn = ({ file }: HostFacts, path: string): string | undefined => {
  const there = file(path)
  return there && sumOf(there)
}

/** A policy that somebody has changed since the apply. */
function changedPolicy(path: string, facts: HostFacts, kept: readonly string[]): Conflict[] {
  const todo = kept.includes(path) ? 'Correct it, or remove it.' : 'Correct it.'
  return mistakeIn(facts.file(path), path, { what: 'it was changed since the apply', todo })
}

/** The policy from before the apply may have had a mistake already, and the gateway that ran then used an older one. */
function restoredPolicy(path: string, { file }: HostFacts, copy: string | undefined): Conflict[] {
  if (copy === undefined) return []
  return mistakeIn(file(copy), path, { what: 'it would be as before the apply again', todo: `Correct ${copy}.` })
}

function mistakeIn(
  policy: HostFile | undefined,
  path: string,
  { what, todo }: { readonly what: string; readonly todo: string },
): Conflict[] {
  if (policy === undefined) return []
  try {
    parsePolicy(policy.text ?? '', path)
    return []
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const got = sentence`${what}, and the gateway could not start with it: ${error.got}`
    return [{ code: 'ERR_APPLY_CONFLICT', kind: 'changed-since', what: path, got, todo }]
  }
}

function unusedFile(path: string): Conflict {
  const got = "the running gateway doesn't use it as it is, and could not start with it"
  return { code: 'ERR_APPLY_CONFLICT', kind: 'changed-since', what: path, got, todo: READ_GATEWAY_LOG }
}
