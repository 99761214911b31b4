import { PkiError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { parseGrantName, readGranted, removeGranted } from '../keystore/granted.ts'
import { revokeClient, type RevokeReport } from '../keystore/revoke.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { editPolicy } from '../policy/file/edit.ts'
import type { PolicyRule } from '../policy/file/types.ts'
import { withPolicy } from './policy-file.ts'
import { grantOf } from './rules.ts'

/** Which grant to end. */
export interface EndOptions {
  /** The folder that `init` created. */
  readonly folder: string
  readonly name: string
  readonly policy: string
  readonly passphrase?: Passphrase
}

/** What was ended. */
export interface EndReport {
  readonly name: string
  /** The revoked certificate. Absent: it had expired, or isn't in this folder. */
  readonly revoked?: RevokeReport
  /** The rules that were taken out. */
  readonly removed: readonly string[]
  /** The rules that stay because the policy has no others. They end by themselves. */
  readonly kept: readonly string[]
}

/**
 * Ends a grant early: revokes its certificate, takes its rule out of the policy, and deletes its files. If it fails in between,
 * it can be called again.
 *
 * @throws {@link PkiError} ERR_GRANT_NOT_FOUND, ERR_NAME_INVALID, and those of {@link revokeClient}
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function endGrant({ folder, name, policy, passphrase }: EndOptions): Promise<EndReport> {
  parseGrantName(name)
  return withPolicy(policy, async (open) => {
    const granted = await readGranted(folder, name)
    const { facts } = granted
    // Another folder can have a grant of this name in the same policy.
    const isOwn = ({ who }: PolicyRule): boolean =>
      facts === undefined || who.fingerprint?.includes(facts.fingerprint256) === true
    const rules = open.policy.rules.filter((rule) => grantOf(rule) === name && isOwn(rule)).map((rule) => rule.name)
    if (facts === undefined && rules.length === 0) throw notFound(folder, name, policy)
    const isValid = facts?.commonName !== undefined && facts.validTo.getTime() > Date.now()
    const revoked = isValid
      ? await revokeClient({ folder, name: facts.commonName ?? '', ...(passphrase !== undefined && { passphrase }) })
      : undefined
    const text = editPolicy(open.text, policy, { remove: rules })
    await open.replace(text)
    await removeGranted(granted)
    const isChanged = text !== open.text
    return { name, ...(revoked && { revoked }), removed: isChanged ? rules : [], kept: isChanged ? [] : rules }
  })
}

function notFound(folder: string, name: string, policy: string): PkiError {
  const list = ours('grant', 'list', '--policy', policy, '--dir', folder)
  return new PkiError('ERR_GRANT_NOT_FOUND', {
    tried: `ending the grant ${name}`,
    got: `neither ${folder} nor ${policy} has a grant of this name`,
    todo: sentence`List the grants:  ${list}`,
  })
}
