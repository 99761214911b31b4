import { SELF, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import type { Refusal } from '../../gateway/refusal.ts'
import type { Policy } from '../../policy/file/types.ts'
import type { PolicyIdentity } from '../../policy/who/identity.ts'
import type { Context } from '../command.ts'
import { usageError } from '../errors.ts'
import { readInput } from './input-file.ts'

/** Options that describe a caller. */
export interface CallerFlags {
  readonly as?: string
  readonly group?: readonly string[]
  readonly cert?: string
  readonly ca?: string
  readonly socket?: string
}

/** A caller, as the options describe it. */
export interface Caller {
  readonly identity: PolicyIdentity
  /** A gateway refuses its certificate before it asks the policy. */
  readonly refusal?: Refusal | undefined
}

const WHERE = sentence`${SELF} policy test`

/** Reads who asks. */
export async function readCaller(flags: CallerFlags, policy: Policy, context: Context): Promise<Caller> {
  const { as, group = [], cert, ca, socket } = flags
  const ways = [cert, socket, as ?? group[0]].filter((one) => one !== undefined)
  if (ways.length !== 1)
    throw usageError(
      WHERE,
      ways.length === 0 ? 'nothing says who asks' : 'several options say who asks',
      'Give one of  --as NAME ,  --cert FILE  and  --socket NAME .',
    )
  if (socket !== undefined) return { identity: { socket } }
  if (cert !== undefined) return ofCertificate(cert, ca, policy, context)
  const named = {
    organizationalUnits: group,
    dns: [],
    uris: [],
    ips: [],
    fingerprint256: '',
    issuerFingerprints256: [],
  }
  return { identity: { certificate: { ...named, ...(as !== undefined && { commonName: as }) } } }
}

async function ofCertificate(
  cert: string,
  ca: string | undefined,
  { rules }: Policy,
  { io, warn }: Context,
): Promise<Caller> {
  const { triedCaller } = await import('../../gateway/trial/caller.ts')
  const authorities = ca === undefined ? undefined : (await readInput(ca, io, { what: 'the CAs' })).toString('utf8')
  const own = (await readInput(cert, io, { what: 'the certificate' })).toString('utf8')
  const { missing, ...caller } = triedCaller(own, authorities, Date.now())
  if (missing === 'ca')
    throw usageError(
      WHERE,
      'a gateway has renewed this certificate, and --ca is missing',
      'Add  --ca FILE , the ca.pem of the gateway.',
    )
  if (missing === 'issuer')
    throw usageError(
      WHERE,
      'a gateway has renewed this certificate, and the certificate of its issuer is neither in --cert nor in --ca',
      'Give the cert.pem that  client renew  wrote: it contains both.',
    )
  const byIssuer = rules.filter(({ who }) => who.issuer !== undefined).map(({ name }) => name)
  if (authorities === undefined && byIssuer.length > 0)
    warn(`${enumerate(byIssuer)}: without --ca, a rule with issuer applies to nobody here. Add  --ca FILE .`)
  return caller
}
