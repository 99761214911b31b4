import { readIfThere } from '../../base/files.ts'
import { GATEWAY_FILES } from '../../apply/gateway/files.ts'
import type { ServerFiles } from '../../apply/server-files.ts'
import { PkiError } from '../../base/errors.ts'
import { ours, sentence } from '../../base/sentence.ts'
import { Trust } from '../../gateway/trust.ts'
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
 * Reads the policy for a gateway of this host: the named one, or the one that the gateway has.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function gatewayPolicy(path: string | undefined, { io }: Context): Promise<PolicyText> {
  if (path !== undefined) {
    const bytes = await readInput(path, io, { what: 'the policy', names: /\.ya?ml$/ })
    const text = bytes.toString('utf8')
    return { text, policy: parsePolicy(text, inputName(path)) }
  }
  const text = await readIfThere(GATEWAY_FILES.policy)
  if (text !== undefined) return { text, policy: parsePolicy(text, GATEWAY_FILES.policy) }
  throw usageError(
    'the option --policy',
    `it is missing, and there is no ${GATEWAY_FILES.policy}`,
    'Name a policy:  --policy FILE',
  )
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
  const texts = await Promise.all(
    paths.map(async (path) =>
      (await readInput(path, io, { what: 'the revocation list', names: /\.pem$|\.crl$/ })).toString('utf8'),
    ),
  )
  return texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('')
}

/**
 * Checks certificates and revocation lists together, as the gateway does when it starts. With a list that has expired, or with
 * none of one of its CAs, it would refuse every client of that CA.
 *
 * @throws {@link IdentityError} ERR_GATEWAY_TLS_INVALID
 * @throws {@link PkiError} ERR_CRL_INVALID
 */
export function checkTrust({ ca, cert, key = '' }: ServerFiles, crl: string | undefined): void {
  const trust = new Trust({ ca, cert, key }, crl)
  if (crl === undefined || trust.hasCurrentLists(Date.now())) return
  throw new PkiError('ERR_CRL_INVALID', {
    tried: 'checking the revocation lists of the gateway',
    got: 'a CA in ca.pem has no list among them, or only one that has expired',
    todo: sentence`Write the list again where the CA is, copy it here, and name it with --crl:  ${ours('cert', 'crl')}`,
  })
}
