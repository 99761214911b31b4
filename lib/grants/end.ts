import { DockerMtlsError, isDockerMtlsError, PkiError, sentencesOf } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
import { isThere } from '../base/files.ts'
import { enumerate } from '../base/text.ts'
import { isOver } from '../identity/dates.ts'
import {
  listIssuedGranted,
  parseGrantName,
  readGranted,
  removeGranted,
  type Granted,
  type IssuedGranted,
} from '../keystore/granted.ts'
import { revokeClient, type RevokeReport } from '../keystore/revoke.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import type { PolicyRule } from '../policy/file/types.ts'
import { endRules, findNamed, type GrantCertificate, type NamedCertificate } from './end-rules.ts'
import { isPolicyMissing, readPolicyText, withPolicy, type OpenPolicy } from './policy-file.ts'
import { grantOf, isEndedEarly, isPast } from './rules.ts'

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
  /** The revoked certificates. Usually one; none, if it had expired. */
  readonly revoked: readonly RevokeReport[]
  /** The rules that were taken out, because they ended a day before or earlier. */
  readonly removed: readonly string[]
  /** The rules that stay, and allow nothing. */
  readonly kept: readonly string[]
  /** Is there a policy file? If not, nobody has looked for the rule. */
  readonly hasPolicy: boolean
  /** Has the policy a rule for the certificate? If not, another file may have one. True if it has expired. */
  readonly hasRule: boolean
  /** Nobody knows the certificate: its file can't be read, and the ledger has no valid one. Only its files were deleted. */
  readonly unreadable?: UnreadableGrant
}

/** A grant whose certificate nobody knows. */
export interface UnreadableGrant {
  /** Where its certificate was. */
  readonly path: string
  /** The rules of grants with its name that still allow something. */
  readonly rules: readonly string[]
}

/**
 * Ends a grant early. Its rule in the policy then allows nothing, which needs no CA key; its certificate is revoked, and its files are
 * deleted. If the files are gone, the ledger shows the certificate. It works without a policy file, too. If it fails halfway, call it again.
 *
 * @throws {@link PkiError} ERR_GRANT_NOT_FOUND, ERR_NAME_INVALID, and those of {@link revokeClient}
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ, also if there is neither such a policy nor a certificate; ERR_FILE_WRITE
 */
export async function endGrant(options: EndOptions): Promise<EndReport> {
  const { name, policy } = options
  parseGrantName(name)
  return (await isPolicyMissing(policy)) ? end(options) : withPolicy(policy, (open) => end(options, open))
}

async function end(options: EndOptions, open?: OpenPolicy): Promise<EndReport> {
  const { folder, name, policy } = options
  const granted = await readGranted(folder, name)
  const issued = await listIssuedGranted(folder, name)
  const own = [...(granted.facts ? [granted.facts] : []), ...issued]
  const certificates = [...new Map(own.map((one) => [one.fingerprint256, one])).values()]
  const named = open ? findNamed(open.policy, name, certificates) : []
  const toEnd = new Set(named.flatMap(({ edit, fingerprint256 }) => (edit ? [fingerprint256] : [])))
  const valid = issued.filter((one) => (!one.isRevoked || toEnd.has(one.fingerprint256)) && isCurrent(one))
  const isUnread = granted.facts === undefined
  // An old rule may be of an earlier certificate.
  if (isUnread && valid.length === 0 && (await isThere(granted.paths.cert))) return endUnreadable(granted, open)
  if (isUnread && toEnd.size + valid.length === 0) throw await nothingToEnd(options, open, named)
  // Whatever happens to the rule, the certificate must be revoked.
  const [rules] = await Promise.allSettled([open && endRules(open, policy, name, named)])
  const { removed = [], kept = [] } = rules.status === 'fulfilled' ? (rules.value ?? {}) : {}
  const revoked = await revoke(options, namesOf(granted, valid), kept)
  if (rules.status === 'rejected') throw rules.reason
  await removeGranted(granted)
  const wanted = [...(granted.facts ? [granted.facts] : []), ...valid].filter(isCurrent)
  const hasRule = wanted.every((one) => named.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256))
  return { name, revoked, removed, kept, hasPolicy: open !== undefined, hasRule }
}

/** A damaged file of a grant keeps everybody from getting a certificate, so it has to go. */
async function endUnreadable(granted: Granted, open: OpenPolicy | undefined): Promise<EndReport> {
  const { name, paths } = granted
  await removeGranted(granted)
  const left = open?.policy.rules.filter((rule) => grantOf(rule) === name && !isEndedEarly(rule) && !isPast(rule)) ?? []
  const unreadable = { path: paths.cert, rules: left.map((rule) => rule.name) }
  return { name, revoked: [], removed: [], kept: [], hasPolicy: open !== undefined, hasRule: false, unreadable }
}

const isCurrent = ({ validTo }: GrantCertificate): boolean => !isOver(validTo.getTime(), Date.now())

/** Revokes the certificates. The CA key may be elsewhere, and the rules have ended already. */
async function revoke(
  { folder, name, policy, passphrase }: EndOptions,
  commonNames: ReadonlySet<string>,
  ended: readonly string[],
): Promise<RevokeReport[]> {
  const revoked: RevokeReport[] = []
  try {
    for (const commonName of commonNames)
      revoked.push(await revokeClient({ folder, name: commonName, ...(passphrase !== undefined && { passphrase }) }))
    return revoked
  } catch (error) {
    if (ended.length === 0 || !isDockerMtlsError(error)) throw error
    const { tried, got, details = [], todo } = sentencesOf(error)
    const done = `The rule ${enumerate(ended)} in ${policy} allows nothing any more, but the certificate is not revoked.`
    const again = ours('grant', 'end', name, '--policy', policy, '--dir', folder)
    const then = sentence`${todo}  Then end the grant once more:  ${again}`
    throw new DockerMtlsError(error.code, { tried, got, details: [...details, done], todo: then, cause: error })
  }
}

async function nothingToEnd(
  { folder, name, policy }: EndOptions,
  open: OpenPolicy | undefined,
  named: readonly NamedCertificate[],
): Promise<PkiError> {
  // Its rule may be in a policy that was not named.
  if (open === undefined) await readPolicyText(policy)
  const ended = named.flatMap(({ rules }) => rules.slice(0, 1)).find(isEndedEarly)
  if (ended !== undefined) return endedBefore(folder, policy, name, ended)
  // Another folder can have a grant of this name in the same policy.
  const isElsewhere = open?.policy.rules.some((rule) => grantOf(rule) === name) === true
  return isElsewhere ? issuedElsewhere(folder, name, policy) : notFound(folder, name, policy)
}

/** The common names to revoke: by the ledger, also if the files are gone, and by a file that the ledger lacks. */
function namesOf({ facts }: Granted, valid: readonly IssuedGranted[]): Set<string> {
  const isValid = facts?.commonName !== undefined && !isOver(facts.validTo.getTime(), Date.now())
  return new Set([...valid.map(({ commonName }) => commonName), ...(isValid ? [facts.commonName ?? ''] : [])])
}

function endedBefore(folder: string, policy: string, name: string, { name: rule, until = '' }: PolicyRule): PkiError {
  return new PkiError('ERR_GRANT_NOT_FOUND', {
    tried: `ending the grant ${name}`,
    got: `it has been ended: its certificate is revoked, and its rule ${rule} in ${policy} allows nothing until ${until}`,
    todo: sentence`See all grants:  ${ours('grant', 'list', '--policy', policy, '--dir', folder)}`,
  })
}

function issuedElsewhere(folder: string, name: string, policy: string): PkiError {
  const command = ours('grant', 'end', name, '--policy', policy, '--dir')
  return new PkiError('ERR_GRANT_NOT_FOUND', {
    tried: `ending the grant ${name}`,
    got: `the CA in ${folder} did not issue the certificate of its rule in ${policy}`,
    todo: sentence`Name the folder of the CA that did:  ${command} DIR`,
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
