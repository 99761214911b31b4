import { PkiError } from '../base/errors.ts'
import { ours, sentence } from '../base/sentence.ts'
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
import { editPolicy, type PolicyEdit } from '../policy/file/edit.ts'
import { parsePolicy } from '../policy/file/parse.ts'
import type { PolicyRule } from '../policy/file/types.ts'
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
  /** The rules that were taken out, because their time had come. */
  readonly removed: readonly string[]
  /** The rules that stay, and allow nothing. */
  readonly kept: readonly string[]
  /** Is there a policy file? If not, nobody has looked for the rule. */
  readonly hasPolicy: boolean
}

/**
 * Ends a grant early: revokes its certificate, which it finds by the ledger if its file is gone, lets its rule in the policy allow
 * nothing, and deletes its files. It does the rest also if there is no policy file. If it fails in between, it can be called again.
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

async function end({ folder, name, policy, passphrase }: EndOptions, open?: OpenPolicy): Promise<EndReport> {
  const granted = await readGranted(folder, name)
  const issued = await listIssuedGranted(folder, name)
  const own = new Set([granted.facts, ...issued].map((one) => one?.fingerprint256))
  const named = open?.policy.rules.filter((rule) => grantOf(rule) === name) ?? []
  // Another folder can have a grant of this name in the same policy.
  const issuedHere = named.filter(({ who }) => who.fingerprint?.some((one) => own.has(one)))
  const written = issuedHere.filter((rule) => !isEndedEarly(rule) || isPast(rule))
  const isOpen = ({ fingerprint256, isRevoked }: IssuedGranted): boolean =>
    !isRevoked || written.some(({ who }) => who.fingerprint?.includes(fingerprint256))
  const valid = issued.filter((one) => isOpen(one) && !isOver(one.validTo.getTime(), Date.now()))
  if (granted.facts === undefined && written.length + valid.length === 0) {
    // Its rule may be in a policy that was not named.
    if (open === undefined) await readPolicyText(policy)
    const [ended] = issuedHere
    if (ended !== undefined) throw endedBefore(folder, policy, name, ended)
    throw named.length > 0 ? issuedElsewhere(folder, name, policy) : notFound(folder, name, policy)
  }
  const revoked: RevokeReport[] = []
  for (const commonName of namesOf(granted, valid))
    revoked.push(await revokeClient({ folder, name: commonName, ...(passphrase !== undefined && { passphrase }) }))
  const text = written.reduce((whole, rule) => editPolicy(whole, policy, editOf(rule)), open?.text ?? '')
  await open?.replace(text)
  await removeGranted(granted)
  const left = new Set(open && parsePolicy(text, policy).rules.map((rule) => rule.name))
  const rules = written.map((rule) => rule.name)
  return {
    name,
    revoked,
    removed: rules.filter((rule) => !left.has(rule)),
    kept: rules.filter((rule) => left.has(rule)),
    hasPolicy: open !== undefined,
  }
}

/**
 * Until the certificate expires, its rule stays, and allows nothing: a gateway that doesn't have the new revocation list would take a later
 * rule for it.
 */
function editOf(rule: PolicyRule): PolicyEdit {
  const { name, who, until = '' } = rule
  if (isPast(rule)) return { remove: [name] }
  const [fingerprint = ''] = who.fingerprint ?? []
  const add = { name, fingerprint, level: 'read-only', until, hostPaths: [], allowsNothing: true } as const
  return { remove: [name], add, comment: 'ended early; docker-mtls grant takes it out after its end' }
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
