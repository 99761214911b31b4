import type { Warning } from '../base/warning.ts'
import type { SettingsInForce } from '../daemon-config/settings-in-force.ts'
import type { HostFacts } from '../host/facts.ts'
import { publicKeyOf, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { certificatesIn, openedIn } from './certificates-in.ts'
import type { ServerFiles } from './server-files.ts'

/** The CAs of the clients, and the certificate of the server, as PEM. Undefined: there is none. */
export interface FilesBefore {
  readonly ca: string | undefined
  readonly cert: string | undefined
}

/** The files that dockerd, or the gateway, uses now. */
export function filesBefore({ ca = '', cert = '' }: SettingsInForce['tlsFiles'], { file }: HostFacts): FilesBefore {
  return { ca: file(ca)?.text, cert: file(cert)?.text }
}

/** Warnings about clients that can connect now, and can't any more with other files of the server. */
export function lostClients(before: FilesBefore, server: Pick<ServerFiles, 'ca' | 'facts'>): Warning[] {
  const removed = casOnlyIn(before.ca, server.ca)
  if (removed.length > 0) return removed.map(refusedClients)
  const lost = lostNames(before, server)
  if (lost.length === 0) return []
  const text = `The server's current certificate is also for ${lost.join(', ')}. Clients that use such a name will reject the new certificate.`
  return [{ code: 'names-lost', text }]
}

/** The warning that the clients of a CA are refused. */
export function refusedClients({ subject }: CertificateFacts): Warning {
  return { code: 'clients-refused', text: `Clients of the CA ${subject} can no longer connect.` }
}

/** Names that only the current certificate has. */
export function lostNames({ cert }: FilesBefore, { facts }: Pick<ServerFiles, 'facts'>): string[] {
  const now = new Set([...facts.names.dns, ...facts.names.ip])
  const names = certificatesIn(cert).flatMap(({ names: { dns, ip } }) => [...dns, ...ip])
  return names.filter((name) => !now.has(name))
}

/** The CAs in a file that another file lacks. A renewed CA has the same name and key: the clients of both are the same. */
export function casOnlyIn(some: string | undefined, others: string | undefined): CertificateFacts[] {
  const known = new Set(authoritiesIn(others).map(({ id }) => id))
  return authoritiesIn(some).flatMap(({ id, facts }) => (known.has(id) ? [] : [facts]))
}

function authoritiesIn(pem: string | undefined): { id: string; facts: CertificateFacts }[] {
  return openedIn(pem).map((certificate) => {
    const facts = readCertificate(certificate)
    const key = publicKeyOf(certificate).export({ type: 'spki', format: 'pem' }).toString()
    return { id: `${facts.subject} ${key}`, facts }
  })
}
