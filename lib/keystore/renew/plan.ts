import { formatDay } from '../../base/text.ts'
import { renewAfter } from './due.ts'
import { isInPlace, type KnownCertificate, type PlacedCertificate } from './known.ts'

/** Which certificates to renew: those that are due, all of them, or certain ones. */
export type RequestedRenewal =
  | { readonly what: 'due' }
  | { readonly what: 'all' }
  | {
      readonly what: 'named'
      /** All servers? */
      readonly server: boolean
      /** Certain servers, by the paths of their certificates. */
      readonly servers?: readonly string[]
      readonly clients: readonly string[]
    }

/** Why a certificate is renewed. */
export type RenewalReason = 'asked for' | 'past two thirds of its life' | 'ended' | 'of a replaced CA'

/** A certificate to renew, and the reason. */
export interface RenewalItem {
  /** The certificate to renew. */
  readonly certificate: PlacedCertificate
  /** Why it is renewed. */
  readonly reason: RenewalReason
}

/** A server or a client, by its name. */
export interface Named {
  readonly kind: 'server' | 'client'
  readonly name: string
}

/** The plan of a renewal. */
export interface RenewalPlan {
  /** Certificates to issue here: the servers' first, then the clients' by their names. */
  readonly renew: readonly RenewalItem[]
  /** Clients whose keys are on their own machines: each has to send a request. */
  readonly elsewhere: readonly RenewalItem[]
  /** The CA, if it has used two thirds of its lifetime. It has to be rotated. */
  readonly authority?: RenewalItem
  /** Named servers and clients that don't exist. */
  readonly missing: readonly Named[]
  /** The certificate that will be due next, and when. */
  readonly next?: {
    /** The certificate that is due next. */
    readonly certificate: PlacedCertificate
    /** When it is due. */
    readonly on: Date
  }
}

/**
 * Selects the certificates to renew. Replaced and revoked ones are never renewed.
 *
 * @param known - the certificates
 * @param requested - which of them
 * @param now - the current time, in milliseconds since 1970
 */
export function planRenewal(known: readonly KnownCertificate[], requested: RequestedRenewal, now: number): RenewalPlan {
  const placed = known.filter(isInPlace)
  const leaves = placed.filter(({ kind, state }) => kind !== 'ca' && state !== 'revoked').toSorted(byKindAndName)
  const chosen = leaves.flatMap((certificate) => itemFor(certificate, requested, now))
  const authority = placed.filter(({ kind }) => kind === 'ca').flatMap((one) => dueItem(one, now))[0]
  const next = nextDue(leaves, now)
  return {
    renew: chosen.filter(({ certificate }) => certificate.keyHeld !== 'client'),
    elsewhere: chosen.filter(({ certificate }) => certificate.keyHeld === 'client'),
    ...(authority && { authority }),
    missing: missingOf(leaves, requested),
    ...(next && { next }),
  }
}

function itemFor(certificate: PlacedCertificate, requested: RequestedRenewal, now: number): RenewalItem[] {
  if (requested.what === 'due') return dueItem(certificate, now)
  return requested.what === 'all' || isNamed(certificate, requested) ? [{ certificate, reason: 'asked for' }] : []
}

function isNamed(
  { kind, name, path }: PlacedCertificate,
  requested: Extract<RequestedRenewal, { what: 'named' }>,
): boolean {
  const { server, servers = [], clients } = requested
  return kind === 'server' ? server || servers.includes(path) : clients.includes(name)
}

function dueItem(certificate: PlacedCertificate, now: number): RenewalItem[] {
  const { state, notAfter } = certificate
  if (state === 'of a replaced CA') return [{ certificate, reason: state }]
  if (Date.parse(notAfter) < now) return [{ certificate, reason: 'ended' }]
  return renewAfter(certificate).getTime() <= now ? [{ certificate, reason: 'past two thirds of its life' }] : []
}

function nextDue(leaves: readonly PlacedCertificate[], now: number): RenewalPlan['next'] {
  const later = leaves.map((certificate) => ({ certificate, on: renewAfter(certificate) }))
  return later.filter(({ on }) => on.getTime() > now).toSorted(byDay)[0]
}

type Due = NonNullable<RenewalPlan['next']>

/** People see days. Certificates that were issued together differ by moments. */
function byDay(one: Due, other: Due): number {
  const [day, otherDay] = [formatDay(one.on), formatDay(other.on)]
  if (day !== otherDay) return day < otherDay ? -1 : 1
  return byKindAndName(one.certificate, other.certificate)
}

function missingOf(leaves: readonly PlacedCertificate[], requested: RequestedRenewal): Named[] {
  if (requested.what !== 'named') return []
  const clients = new Set(leaves.filter(({ kind }) => kind !== 'server').map(({ name }) => name))
  const isThere = leaves.some(({ kind }) => kind === 'server')
  const gone = requested.clients.filter((name) => !clients.has(name)).map((name) => ({ kind: 'client', name }) as const)
  return requested.server && !isThere ? [{ kind: 'server', name: 'NAME' }, ...gone] : gone
}

function byKindAndName(one: KnownCertificate, other: KnownCertificate): number {
  if (one.kind !== other.kind) return one.kind === 'server' ? -1 : 1
  return one.name < other.name ? -1 : 1
}
