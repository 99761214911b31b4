import { openCertificate, splitPem } from '../identity/certificate.ts'
import { notPem } from '../identity/pem.ts'
import { subjectOf, type DistinguishedName } from './distinguished-name.ts'
import type { ServerReport } from './server.ts'

/**
 * Does the server name this CA among those whose clients it accepts?
 *
 * @param report - the result of {@link probeServer}
 * @param caPem - the certificate of the CA, as PEM; if there are several, all have to be named
 * @returns false also if the server names none (then it may accept clients of any CA), or if that is unknown
 * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
 * @example
 * ```ts
 * const report = await probeServer({ host: 'build01', port: 2376 })
 * if (!namesAuthority(report, await readFile('ca.pem', 'utf8'))) throw new Error('it accepts clients of another CA')
 * ```
 */
export function namesAuthority(report: Pick<ServerReport, 'acceptedAuthorities'>, caPem: string): boolean {
  const names = namesIn(report)
  return subjects(caPem).every((subject) => names.some(({ der }) => equal(der, subject)))
}

/**
 * Does the server accept clients of these CAs, and of no other? False also if it names no CA, or if that is unknown.
 *
 * @param report - the result of {@link probeServer}
 * @param caPem - the certificates of all CAs, as in the daemon's `--tlscacert`
 * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
 * @example
 * ```ts
 * const report = await probeServer({ host: 'build01', port: 2376 })
 * if (!namesOnly(report, await readFile('ca.pem', 'utf8'))) throw new Error('it accepts clients of other CAs, too')
 * ```
 */
export function namesOnly(report: Pick<ServerReport, 'acceptedAuthorities'>, caPem: string): boolean {
  const ours = subjects(caPem)
  return (
    namesAuthority(report, caPem) && namesIn(report).every(({ der }) => ours.some((subject) => equal(der, subject)))
  )
}

function namesIn({
  acceptedAuthorities: names,
}: Pick<ServerReport, 'acceptedAuthorities'>): readonly DistinguishedName[] {
  return typeof names === 'string' ? [] : names
}

/** A text without certificates is an error: every server would match it. */
function subjects(caPem: string): Uint8Array[] {
  const certificates = splitPem(caPem, 'the CA')
  if (certificates.length === 0) throw notPem('the CA', 'there is no certificate in it')
  return certificates.map((pem) => subjectOf(openCertificate(pem, 'the CA').raw))
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
