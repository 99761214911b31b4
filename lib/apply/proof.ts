import { isDockerMtlsError } from '../base/errors.ts'
import { openCertificate, readCertificate } from '../identity/certificate.ts'
import { createAuthority } from '../pki/ca.ts'
import { issueClient } from '../pki/issue.ts'
import { namesOnly } from '../probe/authorities.ts'
import { probeServer, type ServerReport } from '../probe/server.ts'
import { tryClient } from '../probe/client.ts'
import type { ProbeIdentity } from './options.ts'
import type { ServerFiles } from './server-files.ts'
import { formatTarget } from '../daemon-config/listener-target.ts'

/** One thing that was tried from outside. */
export interface ProofCheck {
  /** For programs, and stable. */
  readonly name:
    | 'certificate'
    | 'authorities'
    | 'no-certificate'
    | 'plaintext'
    | 'server-certificate'
    | 'foreign-ca'
    | 'same-named-ca'
    | 'client'
  readonly ok: boolean
  /** Where it was tried: `tcp://127.0.0.1:2376`. */
  readonly at: string
  /** What was seen: a sentence without a full stop. */
  readonly got: string
}

/** Where the daemon is knocked at, and what it should be. */
export interface ProofOptions {
  readonly host: string
  readonly port: number
  readonly server: ServerFiles
  readonly probe?: ProbeIdentity | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Tries a daemon from outside: a client of ours gets in, and nobody else does.
 *
 * @returns what was tried; `client` is missing where no client's certificate is there to be tried
 * @throws {@link ConnectionError} where it can't be reached
 */
export async function prove(options: ProofOptions): Promise<ProofCheck[]> {
  const at = formatTarget(options)
  return (await tryAll(options)).map((check) => ({ ...check, at }))
}

/** What was tried, wherever that was. */
type Seen = Omit<ProofCheck, 'at'>

async function tryAll({ host, port, server, probe, signal }: ProofOptions): Promise<Seen[]> {
  const servername = nameOf(server)
  const target = { host, port, servername, ...(signal && { signal }) }
  const report = await probeServer(target)
  const knock = (shown?: Shown): ReturnType<typeof tryClient> =>
    tryClient({ ...target, ca: server.ca, ...(shown && { cert: shown.cert, key: shown.key }) })
  const checks = [shownCertificate(report, server), authorities(report, server), plaintext(report)]
  // There is no TLS to try anything with.
  if (report.protocols.length === 0) return checks
  checks.push(await refused('no-certificate', NOBODY, () => knock()))
  const { key, cert } = server
  if (key !== undefined) {
    const own = (): ReturnType<typeof tryClient> => knock({ cert, key })
    checks.push(await refused('server-certificate', OWN, own))
  }
  checks.push(...(await foreigners(server, knock)))
  if (probe !== undefined) checks.push(await accepted(() => knock(probe)))
  return checks
}

/** What is shown as a client's. */
type Shown = Pick<ProbeIdentity, 'cert' | 'key'>

/** A name that its certificate is for: it is the address that may be another one here, and not the server. */
function nameOf({ facts: { names } }: ServerFiles): string {
  const all = [...names.dns, ...names.ip].filter((name) => !name.startsWith('*'))
  return all.find((name) => name === 'localhost') ?? all[0] ?? 'localhost'
}

function shownCertificate({ certificate }: ServerReport, { facts }: ServerFiles): Seen {
  const ok = certificate?.fingerprint256 === facts.fingerprint256
  const got = ok
    ? `it shows the new certificate, until ${facts.validTo.toISOString().slice(0, 10)}`
    : `it shows ${certificate === undefined ? 'no certificate' : `another certificate, ${certificate.subject} of ${certificate.issuer}`}`
  return { name: 'certificate', ok, got }
}

/** An empty list would mean every CA that the system trusts. */
function authorities(report: ServerReport, { ca }: ServerFiles): Seen {
  const { acceptedAuthorities: names } = report
  const ok = namesOnly(report, ca)
  const said =
    typeof names === 'string' ? names : names.map(({ name }) => name).join('; ') || 'none, so any of its system'
  return {
    name: 'authorities',
    ok,
    got: ok ? `it takes clients of ${said}, and of no other CA` : `the CAs whose clients it takes: ${said}`,
  }
}

function plaintext({ plaintext: answer }: ServerReport): Seen {
  const ok = answer === 'refused'
  return { name: 'plaintext', ok, got: ok ? 'plain HTTP is refused' : `plain HTTP is answered (${answer})` }
}

/** What is said where somebody is refused, and what where not. */
type Words = readonly [good: string, bad: string]

const NOBODY: Words = ['nobody without a certificate gets in', 'everybody gets in, without any certificate']
const OWN: Words = [
  "the server's own certificate does not get in",
  "the server's own certificate gets in as a client's",
]
const FOREIGN: Words = ['no client of a foreign CA gets in', 'a client of a foreign CA gets in']
const NAMESAKE: Words = [
  'no client of another CA of the same name gets in',
  'a client of another CA of the same name gets in',
]

async function refused(
  name: ProofCheck['name'],
  [good, bad]: Words,
  knock: () => ReturnType<typeof tryClient>,
): Promise<Seen> {
  const { accepted: isIn, ...verdict } = await knock()
  const alert = 'alert' in verdict && verdict.alert !== '' ? ` (${verdict.alert})` : ''
  return { name, ok: !isIn, got: isIn ? bad : `${good}${alert}` }
}

async function accepted(knock: () => ReturnType<typeof tryClient>): Promise<Seen> {
  const verdict = await knock()
  const got = verdict.accepted
    ? `a client's certificate gets in, by ${verdict.protocol}`
    : `a client's certificate is refused: ${verdict.alert}`
  return { name: 'client', ok: verdict.accepted, got }
}

/** One CA of its own name, and one of ours: who only compares names would take the second. */
async function foreigners({ ca }: ServerFiles, knock: (shown: Shown) => ReturnType<typeof tryClient>): Promise<Seen[]> {
  const strange = await issueClient(await createAuthority({ days: 1 }), { name: 'stranger', days: 1 })
  const checks = [await refused('foreign-ca', FOREIGN, () => knock(strange))]
  const commonName = commonNameOf(ca)
  if (commonName === undefined) return checks
  const namesake = await issueClient(await createAuthority({ days: 1, commonName }), { name: 'stranger', days: 1 })
  return [...checks, await refused('same-named-ca', NAMESAKE, () => knock(namesake))]
}

function commonNameOf(ca: string): string | undefined {
  try {
    return readCertificate(openCertificate(ca)).commonName
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}
