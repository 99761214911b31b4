import type { X509Certificate } from 'node:crypto'
import { parseHost } from '../../endpoint/host.ts'
import { EndpointError, isDockerMtlsError } from '../../base/errors.ts'
import { option, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { coversName, isIssuedBy, openCertificate } from '../../identity/certificate.ts'
import type { Rotation } from './cas.ts'
import { OWN_NAMES } from '../../pki/server-name.ts'
import { namesAuthority, namesOnly } from '../../probe/accepted-cas.ts'
import { probeServer, type ServerReport } from '../../probe/server.ts'
import { readIssuers } from '../list.ts'
import type { Leaf } from './leaves.ts'
import { readIfThere } from '../../base/files.ts'

/** A daemon to inspect. */
export interface Target {
  /** As you passed it. */
  readonly name: string
  readonly host: string
  readonly port: number
}

/** The result of inspecting a daemon. */
export interface Look {
  /** The daemon that was inspected. */
  readonly target: string
  /** The folder of its certificate: `server`, `hosts/build01`. */
  readonly server: string
  /** Does it use its files of this phase? */
  readonly ok: boolean
  /** A sentence without a full stop. */
  readonly got: string
}

/**
 * Parses the address of a daemon to inspect.
 *
 * @throws {@link EndpointError} ERR_HOST_INVALID, ERR_PLAINTEXT_PORT, ...
 */
export function readTarget(name: string): Target {
  const endpoint = parseHost(name, { source: '--host' })
  if (endpoint.kind === 'tls') return { name, host: endpoint.host, port: endpoint.port }
  throw invalidTarget(
    name,
    'only a daemon that clients reach over TLS can be inspected',
    sentence`Use the name that clients connect to, such as  ${option('host', 'build01')}`,
  )
}

/**
 * Finds the server in the folder that a daemon is: the only one, or the one whose certificate contains the name.
 *
 * @throws {@link EndpointError} ERR_HOST_INVALID if there is none, or more than one
 */
export function serverOf({ name, host }: Target, leaves: readonly Leaf[]): Leaf {
  const candidates = candidatesOf(leaves)
  const found = candidates.length < 2 ? candidates : candidates.filter(({ cert }) => cert && isFor(cert, host))
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  const among = enumerate((first === undefined ? candidates : found).map((leaf) => leaf.name))
  const got = OWN_NAMES.includes(host)
    ? `each server is ${host} to itself, and the folder has several: ${among}`
    : first === undefined
      ? `no certificate in the folder contains this name; the servers are ${among}`
      : `the certificates of ${among} all contain this name`
  const todo = sentence`Use a name that only one of them has, or confirm the server yourself:  ${option('confirmServer', 'SERVER')}`
  throw invalidTarget(name, got, todo)
}

function candidatesOf(leaves: readonly Leaf[]): readonly Leaf[] {
  const servers = leaves.filter(({ kind }) => kind === 'server')
  const certified = servers.filter(({ cert }) => cert !== undefined)
  return certified.length === 0 ? servers.slice(0, 1) : certified
}

/** The first of these names by which {@link serverOf} finds the server. */
export function nameToInspect(names: readonly string[], server: string, leaves: readonly Leaf[]): string | undefined {
  const candidates = candidatesOf(leaves)
  const others = candidates.filter((leaf) => leaf.name !== server)
  return names.find(
    (name) =>
      !name.startsWith('*') &&
      (others.length === 0 ||
        (!OWN_NAMES.includes(name) && !others.some(({ cert }) => cert && coversName(cert, name)))),
  )
}

/** Every server is localhost to itself. */
function isFor(cert: X509Certificate, host: string): boolean {
  return !OWN_NAMES.includes(host) && coversName(cert, host)
}

/** The folder and its rotation, by which a daemon is judged. */
export interface Expected {
  /** The folder that `init` created. */
  readonly root: string
  readonly rotation: Rotation
}

/**
 * Connects to a daemon and checks that it uses its files of this phase: which CAs it trusts, and who issued its
 * certificate. A daemon that can't be reached fails the check.
 */
export async function inspectDaemon(
  { name, host, port }: Target,
  server: Leaf,
  expected: Expected,
  signal?: AbortSignal,
): Promise<Look> {
  const about = { target: name, server: server.name }
  try {
    const report = await probeServer({ host, port, ...(signal && { signal }) })
    return { ...about, ...(await judge(report, server, expected)) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return { ...about, ok: false, got: error.got }
  }
}

type Seen = Pick<Look, 'ok' | 'got'>

async function judge(report: ServerReport, server: Leaf, { root, rotation }: Expected): Promise<Seen> {
  const { state, present, next } = rotation
  const isLast = state.phase === 'finish'
  const trusts = isLast
    ? await namesOnlyOurs(report, (await readIfThere(server.paths.ca)) ?? String(next), root)
    : namesAuthority(report, `${String(present)}${String(next)}`)
  // The phase before has shown that it trusts both CAs. If it shows something else now, that is reported.
  const isHidden = report.acceptedAuthorities === 'unknown' && state.phase === 'server'
  if (!trusts && !isHidden) return { ok: false, got: describeTrust(report) }
  return state.phase === 'trust' ? { ok: true, got: describeTrust(report) } : judgeCertificate(report, next)
}

/** A gateway also names the issuer with which it renews certificates. The folder doesn't say which of its issuers that is. */
async function namesOnlyOurs(report: ServerReport, caPem: string, root: string): Promise<boolean> {
  if (namesOnly(report, caPem)) return true
  const named = (await readIssuers(root)).filter(({ pem }) => namesAuthority(report, pem))
  return namesOnly(report, [caPem, ...named.map(({ pem }) => pem)].join('\n'))
}

function describeTrust({ acceptedAuthorities: names, protocols }: ServerReport): string {
  if (protocols.length === 0) return 'it does not speak TLS there'
  if (names === 'unknown') return 'it speaks only TLS 1.3, which hides the CAs whose clients it accepts'
  if (typeof names === 'string' || names.length === 0) return 'it names no CA whose clients it accepts'
  return `it accepts clients of ${names.map(({ name }) => name).join('; ')}`
}

function judgeCertificate({ chain }: ServerReport, next: X509Certificate): Seen {
  const [own] = chain
  if (own === undefined) return { ok: false, got: 'it presents no certificate' }
  const certificate = openCertificate(own)
  return {
    ok: isIssuedBy(certificate, [next]),
    got: `it presents a certificate issued by ${certificate.issuer.replaceAll('\n', ', ')}`,
  }
}

function invalidTarget(name: string, got: string, todo: Sentence): EndpointError {
  return new EndpointError('ERR_HOST_INVALID', { tried: [option('host', name)], got, todo })
}
