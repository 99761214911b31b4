import { readIfThere } from '../../base/files.ts'
import { GATEWAY_FILES } from '../../apply/gateway/files.ts'
import { issuerFilesIn } from '../../apply/gateway/issuer-files.ts'
import type { GatewayPlan } from '../../apply/gateway/plan.ts'
import type { IssuerTexts } from '../../apply/gateway/requested.ts'
import { PkiError } from '../../base/errors.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { Trust, type IssuerFault } from '../../gateway/trust/trust.ts'
import { MOST_LIST_BYTES } from '../../identity/crl.ts'
import { loadIssuer } from '../../pki/issuer.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import type { Policy } from '../../policy/file/types.ts'
import type { Context } from '../command.ts'
import { usageError } from '../errors.ts'
import { inputName, readInput } from './input-file.ts'

/** A valid policy, and its text. */
export interface PolicyText {
  readonly policy: Policy
  readonly text: string
}

/**
 * Reads the policy that is named for a gateway.
 *
 * @returns undefined if none is named
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function gatewayPolicy(path: string | undefined, { io }: Context): Promise<PolicyText | undefined> {
  if (path === undefined) return undefined
  const bytes = await readInput(path, io, { what: 'the policy', names: /\.ya?ml$/ })
  const text = bytes.toString('utf8')
  return { text, policy: parsePolicy(text, inputName(path)) }
}

/**
 * The policy that a gateway has, if it is valid.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link ArgumentError} ERR_USAGE, if it has none
 */
export function keptPolicy(existing: string | undefined): string {
  if (existing === undefined)
    throw usageError(
      'the option --policy',
      `it is missing, and there is no ${GATEWAY_FILES.policy}`,
      'Name a policy:  --policy FILE',
    )
  parsePolicy(existing, GATEWAY_FILES.policy)
  return existing
}

/** A policy that lets one client do everything, as dockerd itself would, and refuses everybody else. */
export function policyOfClient(name: string): string {
  return `# Written by docker-mtls setup --gateway. docs/policy.md describes policies.
version: 1
rules:
  # The client of that setup, who is root on this host. Everybody else is refused.
  - { name: administrator, who: { commonName: ${JSON.stringify(name)} }, level: privileged }
`
}

/** Reads revocation lists; several become one text. Without any, the gateway keeps the list that it has. */
export async function gatewayLists(paths: readonly string[] | undefined, { io }: Context): Promise<string | undefined> {
  if (paths === undefined) return undefined
  const input = { what: 'the revocation list', maxBytes: MOST_LIST_BYTES, names: /\.pem$|\.crl$/ }
  const texts = await Promise.all(paths.map(async (path) => (await readInput(path, io, input)).toString('utf8')))
  return texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('')
}

/**
 * Reads the issuer in a folder that `cert issuer` has created.
 *
 * @returns undefined: none is named, so the gateway keeps the one that it has; `false`: it gets none
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function gatewayIssuer(
  folder: string | false | undefined,
  { io }: Context,
): Promise<IssuerTexts | false | undefined> {
  if (folder === undefined || folder === false) return folder
  const { cert, key } = issuerFilesIn(folder)
  const read = async (path: string, what: string): Promise<string> =>
    (await readInput(path, io, { what, todo: NAME_ISSUER })).toString('utf8')
  return { cert: await read(cert, "the issuer's certificate"), key: await read(key, "the issuer's key") }
}

const NAME_ISSUER: Sentence = sentence`Name a copy of the folder that this creates where the CA is:  ${ours('cert', 'issuer')}`

/**
 * Checks certificates, revocation lists and the issuer together, as the gateway does when it starts. With a list that has expired,
 * or with none of one of its CAs, it would refuse every client of that CA.
 *
 * @throws {@link IdentityError} ERR_GATEWAY_TLS_INVALID
 * @throws {@link PkiError} ERR_CRL_INVALID, ERR_ISSUER_INVALID
 */
export async function checkTrust(files: CheckedFiles, now: number = Date.now()): Promise<void> {
  const { server, crl, issuer } = files
  const { ca, cert, key = '' } = server
  const loaded = issuer && loadIssuer(issuer.texts ?? (await issuerIn(issuer.folder)))
  const trust = new Trust({ ca, cert, key }, crl, loaded)
  if (crl !== undefined && !trust.hasCurrentLists(now))
    throw new PkiError('ERR_CRL_INVALID', {
      tried: 'checking the revocation lists of the gateway',
      got: 'a CA in ca.pem has no list among them, or only one that has expired',
      todo: sentence`Where the CA is, write the list again:  ${ours('cert', 'crl')}  Then copy it here. gateway apply needs it with --crl.`,
    })
  const fault = trust.issuerFault(now)
  // One that is there already, and may not renew any more, does no harm.
  if (loaded && fault && (fault === 'unsigned' || issuer?.texts))
    throw new PkiError('ERR_ISSUER_INVALID', {
      tried: 'checking the issuer of the gateway',
      ...FAULTS[fault](loaded.facts.commonName ?? loaded.facts.subject),
    })
}

/** What a gateway will have. */
export type CheckedFiles = Pick<GatewayPlan, 'server' | 'crl' | 'issuer'>

interface Remedy {
  readonly got: string
  readonly todo: Sentence
}

const FAULTS: Readonly<Record<IssuerFault, (name: string) => Remedy>> = {
  unsigned: (name) => ({
    got: `no CA in ca.pem has signed ${name}`,
    todo: sentence`Name one that the CA of the clients has signed, with --issuer, or drop it:  ${ours('gateway', 'apply', '--no-issuer')}`,
  }),
  expired: (name) => ({
    got: `${name}, or the CA that signed it, has expired or is not valid yet`,
    todo: sentence`Renew it where the CA is, and copy the folder here:  ${ours('cert', 'issuer', name, '--renew')}`,
  }),
  revoked: (name) => ({
    got: `${name} is in a revocation list`,
    todo: sentence`Create a new key where the CA is, and copy the folder here:  ${ours('cert', 'issuer', name, '--force')}`,
  }),
  'ca-revoked': (name) => ({
    got: `the CA that signed ${name}, or one above it, is in a revocation list`,
    todo: sentence`Create one with another CA, and copy the folder here:  ${ours('cert', 'issuer', name)}`,
  }),
  unlisted: (name) => ({
    got: `the revocation list of a CA of ${name} is missing or not current`,
    todo: sentence`Write the list again where the CA is, copy it here, and name it with --crl:  ${ours('cert', 'crl')}`,
  }),
}

async function issuerIn(folder: string): Promise<IssuerTexts> {
  const { cert, key } = issuerFilesIn(folder)
  return { cert: (await readIfThere(cert)) ?? '', key: (await readIfThere(key)) ?? '' }
}
