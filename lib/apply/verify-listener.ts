import { formatDay } from '../base/text.ts'
import { createAuthority } from '../pki/ca.ts'
import { issueClient } from '../pki/issue.ts'
import { namesOnly } from '../probe/accepted-cas.ts'
import { probeServer, type ServerReport } from '../probe/server.ts'
import { tryClient } from '../probe/client.ts'
import { certificatesIn } from './certificates-in.ts'
import type { ProbeIdentity } from './options.ts'
import type { ServerFiles } from './server-files.ts'
import { formatTarget } from '../daemon-config/listener-target.ts'

/** A check by a real connection. */
export interface VerificationCheck {
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
    | 'gateway'
    | 'policy'
    | 'files'
    | 'daemon'
  readonly ok: boolean
  /** The tested address: `tcp://127.0.0.1:2376`. */
  readonly at: string
  /** The result: a sentence without a full stop. */
  readonly got: string
}

/** Where to connect, and the expected server. */
export interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly server: ServerFiles
  /** Certificates of CAs besides those in its `ca.pem` whose clients it accepts, as PEM. */
  readonly others?: string | undefined
  readonly probe?: ProbeIdentity | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Tests a daemon from outside: it must accept our client certificate, and reject all other clients.
 *
 * @returns the checks; without a client certificate to test, `client` is missing
 * @throws {@link ConnectionError} if it can't be reached
 */
export async function verifyListener(options: ListenerOptions): Promise<VerificationCheck[]> {
  const at = formatTarget(options)
  return (await tryAll(options)).map((check) => ({ ...check, at }))
}

/** A check without its address. */
type Check = Omit<VerificationCheck, 'at'>

async function tryAll({ host, port, server, others = '', probe, signal }: ListenerOptions): Promise<Check[]> {
  const servername = nameOf(server)
  const target = { host, port, servername, ...(signal && { signal }) }
  const report = await probeServer(target)
  const attempt = (shown?: Shown): ReturnType<typeof tryClient> =>
    tryClient({ ...target, ca: server.ca, ...(shown && { cert: shown.cert, key: shown.key }) })
  const checks = [shownCertificate(report, server), authorities(report, `${server.ca}\n${others}`), plaintext(report)]
  // Without TLS there is nothing more to test.
  if (report.protocols.length === 0) return checks
  checks.push(await refused('no-certificate', NOBODY, () => attempt()))
  const { key, cert } = server
  if (key !== undefined) {
    const own = (): ReturnType<typeof tryClient> => attempt({ cert, key })
    checks.push(await refused('server-certificate', OWN, own))
  }
  checks.push(...(await foreignClients(server, attempt)))
  if (probe !== undefined) checks.push(await accepted(() => attempt(probe)))
  return checks
}

/** The client certificate that is presented. */
type Shown = Pick<ProbeIdentity, 'cert' | 'key'>

/** A name in the server's certificate: the address from here may differ from the server's own. */
function nameOf({ facts: { names } }: ServerFiles): string {
  const all = [...names.dns, ...names.ip].filter((name) => !name.startsWith('*'))
  return all.find((name) => name === 'localhost') ?? all[0] ?? 'localhost'
}

function shownCertificate({ certificate }: ServerReport, { facts }: ServerFiles): Check {
  const ok = certificate?.fingerprint256 === facts.fingerprint256
  const got = ok
    ? `it presents the new certificate, valid until ${formatDay(facts.validTo)}`
    : `it presents ${certificate === undefined ? 'no certificate' : `another certificate, ${certificate.subject}, issued by ${certificate.issuer}`}`
  return { name: 'certificate', ok, got }
}

/** An empty list means every CA that the system trusts. */
function authorities(report: ServerReport, cas: string): Check {
  const { acceptedAuthorities: names } = report
  const ok = namesOnly(report, cas)
  const said =
    typeof names === 'string' ? names : names.map(({ name }) => name).join('; ') || 'none, so any CA of its system'
  return {
    name: 'authorities',
    ok,
    got: ok ? `it accepts clients of ${said} and of no other CA` : `it accepts clients of these CAs: ${said}`,
  }
}

function plaintext({ plaintext: answer }: ServerReport): Check {
  const ok = answer === 'refused'
  return { name: 'plaintext', ok, got: ok ? 'it refuses plain HTTP' : `it answers plain HTTP (${answer})` }
}

/** The results for a refused and for an accepted client. */
type Results = readonly [good: string, bad: string]

const NOBODY: Results = ['it refuses clients without a certificate', 'it accepts clients without a certificate']
const OWN: Results = [
  "it refuses the server's own certificate as a client certificate",
  "it accepts the server's own certificate as a client certificate",
]
const FOREIGN: Results = ['it refuses clients of a foreign CA', 'it accepts a client of a foreign CA']
const NAMESAKE: Results = [
  'it refuses clients of another CA with the same name',
  'it accepts a client of another CA with the same name',
]

async function refused(
  name: VerificationCheck['name'],
  [good, bad]: Results,
  attempt: () => ReturnType<typeof tryClient>,
): Promise<Check> {
  const { accepted: isIn, ...verdict } = await attempt()
  const alert = 'alert' in verdict && verdict.alert !== '' ? ` (${verdict.alert})` : ''
  return { name, ok: !isIn, got: isIn ? bad : `${good}${alert}` }
}

async function accepted(attempt: () => ReturnType<typeof tryClient>): Promise<Check> {
  const verdict = await attempt()
  const got = verdict.accepted
    ? `it accepts the client certificate, over ${verdict.protocol}`
    : `it refuses the client certificate: ${verdict.alert}`
  return { name: 'client', ok: verdict.accepted, got }
}

/** A CA with another name, and a CA with ours: a server that only compares names would accept the second. */
async function foreignClients(
  { ca }: ServerFiles,
  attempt: (shown: Shown) => ReturnType<typeof tryClient>,
): Promise<Check[]> {
  const stranger = await issueClient(await createAuthority({ days: 1 }), { name: 'stranger', days: 1 })
  const checks = [await refused('foreign-ca', FOREIGN, () => attempt(stranger))]
  const commonName = certificatesIn(ca)[0]?.commonName
  if (commonName === undefined) return checks
  const namesake = await issueClient(await createAuthority({ days: 1, commonName }), { name: 'stranger', days: 1 })
  return [...checks, await refused('same-named-ca', NAMESAKE, () => attempt(namesake))]
}
