import { resolve } from 'node:path'
import { PkiError } from '../base/errors.ts'
import { KEPT_MS } from '../base/expiry.ts'
import { ours, sentence } from '../base/sentence.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { isOver } from '../identity/dates.ts'
import {
  issueGranted,
  listGranted,
  parseGrantName,
  readGranted,
  removeGranted,
  type Granted,
} from '../keystore/granted.ts'
import { PkiFolder } from '../keystore/keystore.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { editPolicy, type NewRule } from '../policy/file/edit.ts'
import type { HostPath, Level } from '../policy/file/types.ts'
import { withPolicy, type OpenPolicy } from './policy-file.ts'
import { grantOf, isPast, ruleName } from './rules.ts'

/** What to grant. */
export interface GrantOptions {
  /** The folder that `init` created. */
  readonly folder: string
  /** The name of the grant. */
  readonly name: string
  /** The policy file. */
  readonly policy: string
  /** How long it lasts, in milliseconds. */
  readonly lifetime: number
  readonly level: Level
  /** Folders that containers may mount. */
  readonly hostPaths: readonly HostPath[]
  readonly owner?: string
  /** Decrypts the CA key, if it is encrypted. */
  readonly passphrase?: Passphrase
}

/** A grant in force. */
export interface GrantReport {
  readonly name: string
  /** The common name of its certificate. */
  readonly commonName: string
  readonly fingerprint256: string
  /** When certificate and rule end. */
  readonly until: Date
  /** The name of its rule. */
  readonly rule: string
  /** The folder of its files. */
  readonly files: string
  /** Rules of grants that had ended a day before or earlier, which were taken out. */
  readonly removed: readonly string[]
}

/**
 * Issues a client certificate, and writes the rule for it into a policy file, before all other rules. Both end at the same
 * moment. If the rule can't be written, the key is deleted, and if the files can't, the rule is taken out.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID; ERR_GRANT_EXISTS if there is a grant of this name; and those of a CA
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function grant(options: GrantOptions): Promise<GrantReport> {
  const name = parseGrantName(options.name)
  return withPolicy(options.policy, async (open) => {
    const now = Date.now()
    await refuseOpen(options, await readGranted(options.folder, name), now)
    const ended = open.policy.rules.filter((rule) => grantOf(rule) !== undefined && isPast(rule, now - KEPT_MS))
    const removed = ended.map((rule) => rule.name)
    // Before anything is issued.
    ruleInto(open, options, { fingerprint256: NO_FINGERPRINT, until: new Date(now + options.lifetime), removed })
    const authority = await new PkiFolder(options.folder).openAuthority(options.passphrase)
    await removeGranted(await readGranted(options.folder, name))
    const term = { name, until: new Date(Date.now() + options.lifetime) }
    const allow = ({ fingerprint256, validTo: until }: CertificateFacts): Promise<void> =>
      open.replace(ruleInto(open, options, { fingerprint256, until, removed }))
    const issued = await issueGranted(options.folder, authority, term, allow).catch(async (error: unknown) => {
      // The first error is the one to report.
      await open.replace(open.text).catch(() => undefined)
      throw error
    })
    const { fingerprint256, validTo: until } = issued.facts
    await removeEnded(options.folder, now - KEPT_MS)
    const commonName = issued.facts.commonName ?? name
    const rule = ruleName(name, fingerprint256)
    return { name, commonName, fingerprint256, until, rule, files: resolve(issued.paths.folder), removed }
  })
}

const NO_FINGERPRINT = Array.from({ length: 32 }, () => '00').join(':')

interface Entry {
  readonly fingerprint256: string
  readonly until: Date
  readonly removed: readonly string[]
}

/** The text of the policy with the rule, and without those that have ended. */
function ruleInto(
  { text }: OpenPolicy,
  { name, policy, level, owner, hostPaths }: GrantOptions,
  { fingerprint256, until, removed }: Entry,
): string {
  const add: NewRule = {
    name: ruleName(name, fingerprint256),
    fingerprint: fingerprint256,
    level,
    until: until.toISOString().replace('.000Z', 'Z'),
    hostPaths,
    ...(owner !== undefined && { owner }),
  }
  return editPolicy(text, policy, { remove: removed, add, comment: 'docker-mtls grant takes it out after its end' })
}

/** The keys of grants that have ended before are of no use any more. What can't be deleted stays, until the next grant. */
async function removeEnded(folder: string, before: number): Promise<void> {
  const ended = (await listGranted(folder)).filter(
    ({ facts }) => facts !== undefined && isOver(facts.validTo.getTime(), before),
  )
  for (const one of ended) await removeGranted(one).catch(() => undefined)
}

/** A grant never replaces one that is in force: its key would be lost, and its certificate would not. */
async function refuseOpen({ folder, name, policy }: GrantOptions, { facts }: Granted, now: number): Promise<void> {
  if (facts === undefined || isOver(facts.validTo.getTime(), now)) return
  const end = ours('grant', 'end', name, '--policy', policy, '--dir', folder)
  throw new PkiError('ERR_GRANT_EXISTS', {
    tried: `granting access to ${name}`,
    got: `there is a grant of this name until ${facts.validTo.toISOString()}`,
    todo: sentence`Use another name, or end that grant first:  ${end}`,
  })
}
