import { DAY_MS, expiryOf } from '../../base/expiry.ts'
import { worst } from '../worst.ts'
import { tlsCheck, type Check, type Severity } from '../check.ts'
import type { AuditedCertificate, TlsFacts } from '../snapshot/tls-schema.ts'
import { fail, pass, unknown, warn, type Verdict } from '../verdict.ts'

const RFC_EKU = 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12'
const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'
const INSTALL = 'docker-mtls daemon apply (behind a gateway: docker-mtls gateway apply --from server)'

const serverPurpose = tlsCheck({
  id: 'T-EKU-S',
  title: "The server's certificate is valid only for servers",
  severity: 'high',
  cis: {},
  why: 'dockerd accepts a certificate of its CA as a client if it allows clientAuth or names no purpose. An attacker who reads the key of one daemon can then control every daemon that accepts this CA.',
  remedy: `Issue it again, and install it on the host:  docker-mtls cert server NAME... --force --renew, then ${INSTALL}`,
  references: [RFC_EKU],
  test: ({ server }) => judgePurpose(server, 'serverAuth'),
})

const clientPurpose = tlsCheck({
  id: 'T-EKU-C',
  title: 'The client certificate is valid only for clients',
  severity: 'medium',
  cis: {},
  why: 'If it also allows serverAuth, or names no purpose, anyone with its key can impersonate the daemons whose name is in the certificate.',
  remedy:
    'Issue it again, and give it to its client:  docker-mtls cert client NAME --force --renew, then docker-mtls client export NAME --out NAME.tar',
  references: [RFC_EKU],
  test: ({ client }) => judgePurpose(client, 'clientAuth'),
})

function judgePurpose({ purposes }: AuditedCertificate, only: string): Verdict {
  if (!purposes) return fail('it has no extended key usage, so it is valid for any purpose')
  const others = purposes.filter((purpose) => purpose !== only)
  if (!purposes.includes(only)) return fail(`its extended key usage is ${purposes.join(', ')}, not ${only}`)
  const risky = others.filter((purpose) => /^(?:serverAuth|clientAuth|anyExtendedKeyUsage)$/.test(purpose))
  return risky.length === 0 ? pass() : fail(`it also allows ${risky.join(', ')}`)
}

interface Expiring {
  readonly id: string
  readonly whose: string
  readonly severity: Severity
  readonly remedy: string
  readonly of: (tls: TlsFacts) => readonly AuditedCertificate[]
}

const EXPIRING: readonly Expiring[] = [
  {
    id: 'T-EXP-S',
    whose: "The server's certificate",
    severity: 'high',
    remedy: `Renew it, and install it on the host:  docker-mtls cert renew --server --probe, then ${INSTALL}`,
    of: ({ server }) => [server],
  },
  {
    id: 'T-EXP-C',
    whose: 'The client certificate',
    severity: 'medium',
    remedy:
      'Renew it, and give it to its client:  docker-mtls cert renew NAME, then docker-mtls client export NAME --out NAME.tar',
    of: ({ client }) => [client],
  },
  {
    id: 'T-EXP-CA',
    whose: 'The CA certificate',
    severity: 'high',
    remedy: 'Replace the CA in four phases, without locking anyone out:  docker-mtls cert rotate-ca',
    of: casInUse,
  },
]

/** During a rotation, the old CA expires beside the new one, and nothing has to be done. */
function casInUse({ cas, server, client }: TlsFacts): readonly AuditedCertificate[] {
  const inUse = cas.filter(({ subject }) => subject === server.issuer || subject === client.issuer)
  return inUse.length === 0 ? cas : inUse
}

const expiry = EXPIRING.map(({ id, whose, severity, remedy, of }) =>
  tlsCheck({
    id,
    title: `${whose} does not expire soon`,
    severity,
    cis: {},
    why: 'When it expires, every connection that depends on it fails. dockerd does not warn you.',
    remedy,
    references: ['https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5'],
    test: (tls, { at }) =>
      worst(
        of(tls).map((certificate) => judgeExpiry(certificate, Date.parse(at))),
        NONE,
      ),
  }),
)

export function judgeExpiry(
  { validFrom, validTo }: Pick<AuditedCertificate, 'validFrom' | 'validTo'>,
  now: number,
): Verdict {
  const lifetime = { from: Date.parse(validFrom), to: Date.parse(validTo) }
  if (Number.isNaN(lifetime.to - lifetime.from + now)) return unknown('its dates cannot be read')
  const end = expiryOf(lifetime, now)
  if (end === 'expired') return fail(`it expired on ${validTo.slice(0, 10)}`)
  const detail = `it expires on ${validTo.slice(0, 10)}, in ${Math.floor((lifetime.to - now) / DAY_MS)} days`
  if (end === 'urgent') return fail(detail)
  return end === 'soon' ? warn(detail) : pass(detail)
}

const keys = tlsCheck({
  id: 'T-KEY',
  title: 'All certificates have strong keys',
  severity: 'high',
  cis: {},
  why: 'An attacker can compute the private key from a public key that is too short, and then impersonate the daemon, the client or the CA.',
  remedy:
    'Issue the certificate again with a P-256 key:  docker-mtls cert server NAME... --renew --key-type p256, or docker-mtls cert client NAME --renew --key-type p256',
  references: ['https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final'],
  test: (tls) => worst(each(tls, judgeKey)),
})

function judgeKey({ keyType, keyBits, curve }: AuditedCertificate, whose: string): Verdict {
  if (keyType === 'ed25519') return pass()
  if (keyType === 'ec') {
    if (curve === undefined) return unknown(`the curve of ${whose} is not known`)
    return /^P-(?:256|384|521)$/.test(curve) ? pass() : warn(`${whose} uses the curve ${curve}`)
  }
  if (!keyType.startsWith('rsa') || keyBits === undefined) return unknown(`the key of ${whose} has the type ${keyType}`)
  if (keyBits < 2048) return fail(`${whose} has an RSA key of ${keyBits} bits`)
  return keyBits < 3072 ? warn(`${whose} has an RSA key of ${keyBits} bits, enough until 2030`) : pass()
}

const signatures = tlsCheck({
  id: 'T-SIG',
  title: 'All certificates are signed with SHA-256 or better',
  severity: 'high',
  cis: {},
  why: 'With MD5 or SHA-1, an attacker can create two certificates with the same signature. If your CA signs the harmless one, the other one is valid, too.',
  remedy:
    'Issue the certificate again:  docker-mtls cert server NAME... --force --renew, or docker-mtls cert client NAME --force --renew',
  references: ['https://www.rfc-editor.org/rfc/rfc9155'],
  test: (tls) =>
    worst(
      each(tls, ({ signatureAlgorithm, subject, issuer }, whose) => {
        // Nobody verifies the signature of a self-signed CA certificate.
        if (subject === issuer || /sha-?(?:256|384|512)|^ed25519$/i.test(signatureAlgorithm)) return pass()
        return fail(`${whose} is signed with ${signatureAlgorithm}`)
      }),
    ),
})

const constraints = tlsCheck({
  id: 'T-CA',
  title: 'The CA certificate may sign only leaf certificates',
  severity: 'low',
  cis: {},
  why: 'Without pathlen:0, anyone with the key of a CA that it has signed can issue client certificates for the daemon. Some clients reject a CA without a critical basicConstraints or without keyCertSign.',
  remedy: 'Replace the CA in four phases, without locking anyone out:  docker-mtls cert rotate-ca',
  references: ['https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9'],
  test: ({ cas }) => worst(cas.map(judgeCa), NONE),
})

function judgeCa({ isCa, extensions }: AuditedCertificate): Verdict {
  if (!isCa) return fail('it is not marked as a CA (basicConstraints CA:TRUE)')
  if (!extensions) return unknown('its extensions cannot be read')
  const { keyUsage, pathLength, criticalExtensions } = extensions
  if (!criticalExtensions.includes('basicConstraints')) return warn('basicConstraints is not critical')
  if (!keyUsage?.includes('keyCertSign')) return warn('its key usage does not include keyCertSign')
  return pathLength === 0 ? pass() : warn('it may sign further CAs (no pathlen:0)')
}

const count = tlsCheck({
  id: 'T-MULTI',
  title: 'The client trusts only one CA',
  severity: 'low',
  cis: {},
  why: 'Anyone with the key of any CA in ca.pem can impersonate your daemon. You need a second CA only during a rotation.',
  remedy:
    "If a rotation is in progress, finish it (docker-mtls cert rotate-ca --status shows its phase). Otherwise, remove the CA that has not issued the server's certificate from ca.pem.",
  references: [PROTECT],
  test: ({ cas }) => (cas.length === 1 ? pass() : warn(`ca.pem contains ${cas.length} CA certificates`)),
})

const sharedName = tlsCheck({
  id: 'T-SHAREDCN',
  title: 'The client certificate names its owner',
  severity: 'medium',
  cis: {},
  why: 'Authorization plugins and their logs use the common name as the user name. If several clients share one, you cannot tell which of them an attacker has used, and a plugin cannot block only that one.',
  remedy: 'Issue one certificate for each person and program:  docker-mtls cert client NAME',
  references: ['https://docs.docker.com/engine/extend/plugins_authorization/'],
  test: ({ client: { commonName } }) => {
    if (commonName === undefined || commonName === '') return fail('it has no common name')
    return /^(?:docker[ _-]?)?(?:client|user|admin|root|default|docker|test)$/i.test(commonName)
      ? warn(`its common name is ${commonName}`)
      : pass(`its common name is ${commonName}`)
  },
})

/** In days. 398 and 825 are the present and the former limit of browsers for servers. */
const MOST_DAYS = { ca: 3660, leaf: 825, usualLeaf: 398 } as const

const lifetimes = tlsCheck({
  id: 'T-LIFE',
  title: 'No certificate is valid for too long',
  severity: 'low',
  cis: {},
  why: 'dockerd does not check revocation. An attacker with a stolen key can log in until its certificate expires.',
  remedy:
    'Renew the certificates for a year, install the new files, and renew them automatically:  docker-mtls cert renew --all --days 365, then docker-mtls cert schedule --renew',
  references: [PROTECT],
  test: (tls) =>
    worst(
      each(tls, ({ validFrom, validTo, isCa }, whose) => {
        const days = Math.round((Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS)
        if (Number.isNaN(days)) return unknown(`the dates of ${whose} cannot be read`)
        if (days <= (isCa ? MOST_DAYS.ca : MOST_DAYS.usualLeaf)) return pass()
        const detail = `${whose} is valid for ${days} days`
        return !isCa && days > MOST_DAYS.leaf ? fail(detail) : warn(detail)
      }),
    ),
})

function each(
  { server, client, cas }: TlsFacts,
  judge: (certificate: AuditedCertificate, whose: string) => Verdict,
): Verdict[] {
  return [
    judge(server, "the server's certificate"),
    judge(client, 'the client certificate'),
    ...cas.map((ca) => judge(ca, 'the CA certificate')),
  ]
}

/** If there are none: what isn't there can't be in order. */
const NONE: Verdict = unknown('there is no certificate')

/** The certificates of both sides. */
export const CERTIFICATE_CHECKS: readonly Check[] = [
  serverPurpose,
  clientPurpose,
  ...expiry,
  keys,
  signatures,
  constraints,
  count,
  sharedName,
  lifetimes,
]
