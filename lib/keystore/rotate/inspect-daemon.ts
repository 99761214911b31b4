import type { X509Certificate } from 'node:crypto'
import { parseHost } from '../../endpoint/host.ts'
import { EndpointError, isDockerMtlsError } from '../../base/errors.ts'
import { coversName, isIssuedBy, openCertificate } from '../../identity/certificate.ts'
import type { Rotation } from './cas.ts'
import { OWN_NAMES } from '../../pki/server-name.ts'
import { namesAuthority, namesOnly } from '../../probe/authorities.ts'
import { probeServer, type ServerReport } from '../../probe/server.ts'
import type { Leaf } from './leaves.ts'
import { readIfThere } from '../../base/files.ts'

/** A daemon that is looked at. */
export interface Target {
  /** As it was given. */
  readonly name: string
  readonly host: string
  readonly port: number
}

/** What was seen of a daemon. */
export interface Look {
  /** The daemon that was inspected. */
  readonly target: string
  /** Whose it is, by its folder. */
  readonly server: string
  /** Is it as the phase wants it? */
  readonly ok: boolean
  /** A sentence without a full stop. */
  readonly got: string
}

/**
 * Reads which daemon is meant.
 *
 * @throws {@link EndpointError} ERR_HOST_INVALID, ERR_PLAINTEXT_PORT, ...
 */
export function readTarget(name: string): Target {
  const endpoint = parseHost(name, { source: '--host' })
  if (endpoint.kind === 'tls') return { name, host: endpoint.host, port: endpoint.port }
  throw notMeant(
    name,
    'a daemon is looked at over TLS, as its clients reach it',
    'Give its name, such as  --host build01',
  )
}

/**
 * Says which of the servers in the folder a daemon is: the only one, or the one whose certificate is for its name.
 *
 * @throws {@link EndpointError} ERR_HOST_INVALID, where that is none, or more than one
 */
export function serverOf({ name, host }: Target, leaves: readonly Leaf[]): Leaf {
  const servers = leaves.filter(({ kind }) => kind === 'server')
  const certified = servers.filter(({ cert }) => cert !== undefined)
  const candidates = certified.length === 0 ? servers.slice(0, 1) : certified
  const found = candidates.length < 2 ? candidates : candidates.filter(({ cert }) => cert && isFor(cert, host))
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  const got =
    first === undefined
      ? `no certificate in the folder is for it; there are those of ${candidates.map((leaf) => leaf.name).join(', ')}`
      : `${found.map((leaf) => leaf.name).join(' and ')} are for it, and it can't be seen which one it is`
  throw notMeant(name, got, 'Give a name that one of them has alone, or its word with  --confirm-server')
}

/** Every server is localhost to itself. */
function isFor(cert: X509Certificate, host: string): boolean {
  return !OWN_NAMES.includes(host) && coversName(cert, host)
}

/**
 * Looks from outside whether a daemon is as the phase wants it: whom it trusts, and whose certificate it shows. A daemon
 * that can't be reached is not seen to be anything.
 */
export async function inspectDaemon(
  { name, host, port }: Target,
  server: Leaf,
  rotation: Rotation,
  signal?: AbortSignal,
): Promise<Look> {
  const about = { target: name, server: server.name }
  try {
    const report = await probeServer({ host, port, ...(signal && { signal }) })
    return { ...about, ...(await judge(report, server, rotation)) }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return { ...about, ok: false, got: error.got }
  }
}

type Seen = Pick<Look, 'ok' | 'got'>

async function judge(report: ServerReport, server: Leaf, rotation: Rotation): Promise<Seen> {
  const { state, present, next } = rotation
  const isLast = state.phase === 'finish'
  const trusts = isLast
    ? namesOnly(report, (await readIfThere(server.paths.ca)) ?? String(next))
    : namesAuthority(report, `${String(present)}${String(next)}`)
  // That it trusts both was seen in the phase before; one that has gone back since is told.
  const isUntold = report.acceptedAuthorities === 'unknown' && state.phase === 'server'
  if (!trusts && !isUntold) return { ok: false, got: askedFor(report) }
  return state.phase === 'trust' ? { ok: true, got: askedFor(report) } : shownBy(report, next)
}

function askedFor({ acceptedAuthorities: names, protocols }: ServerReport): string {
  if (protocols.length === 0) return 'it speaks no TLS there, so it is no daemon that clients reach'
  if (names === 'unknown') return 'it speaks TLS 1.3 alone, and does not tell in clear whose clients it takes'
  const said = typeof names === 'string' ? '' : names.map(({ name }) => name).join('; ')
  return `it asks for clients of ${said === '' ? 'nobody' : said}`
}

function shownBy({ chain }: ServerReport, next: X509Certificate): Seen {
  const [own] = chain
  if (own === undefined) return { ok: false, got: 'it shows no certificate' }
  const certificate = openCertificate(own)
  return {
    ok: isIssuedBy(certificate, [next]),
    got: `it shows a certificate of ${certificate.issuer.replaceAll('\n', ', ')}`,
  }
}

function notMeant(name: string, got: string, todo: string): EndpointError {
  return new EndpointError('ERR_HOST_INVALID', { tried: `--host ${name}`, got, todo })
}
