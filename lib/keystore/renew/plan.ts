import { renewAfter } from './due.ts'
import { isInPlace, type KnownCertificate, type PlacedCertificate } from './known.ts'

/** What is to be renewed: what is due, everything, or what is named. */
export type RequestedRenewal =
  | { readonly what: 'due' }
  | { readonly what: 'all' }
  | {
      readonly what: 'named'
      /** All of them? */
      readonly server: boolean
      /** Those of certain servers, by the files that they are in. */
      readonly servers?: readonly string[]
      readonly clients: readonly string[]
    }

/** Why a certificate is renewed. */
export type RenewalReason = 'asked for' | 'past two thirds of its life' | 'ended' | 'of a replaced CA'

/** A certificate that is to be renewed. */
export interface RenewalItem {
  /** The certificate to renew. */
  readonly certificate: PlacedCertificate
  /** Why it is renewed. */
  readonly reason: RenewalReason
}

/** A server or a client, as it is called. */
export interface Named {
  readonly kind: 'server' | 'client'
  readonly name: string
}

/** What `cert renew` would do. */
export interface RenewalPlan {
  /** To be issued here: the server first, then the clients by their names. */
  readonly renew: readonly RenewalItem[]
  /** Their keys are with their clients: each has to send a request. */
  readonly elsewhere: readonly RenewalItem[]
  /** The authority, where it is past two thirds of its life: it is rotated, and not renewed. */
  readonly authority?: RenewalItem
  /** What was named, and isn't there. */
  readonly missing: readonly Named[]
  /** What is due next of all that isn't due, and when. */
  readonly next?: {
    /** The certificate that is due next. */
    readonly certificate: PlacedCertificate
    /** When it is due. */
    readonly on: Date
  }
}

/**
 * Chooses what is to be renewed. Of what was replaced nothing is.
 *
 * @param known - the certificates
 * @param wish - which of them
 * @param now - the time of day in milliseconds
 */
export function planRenewal(known: readonly KnownCertificate[], wish: RequestedRenewal, now: number): RenewalPlan {
  const placed = known.filter(isInPlace)
  const leaves = placed.filter(({ kind }) => kind !== 'ca').toSorted(byKindAndName)
  const chosen = leaves.flatMap((certificate) => itemFor(certificate, wish, now))
  const authority = placed.filter(({ kind }) => kind === 'ca').flatMap((one) => dueItem(one, now))[0]
  const next = nextDue(leaves, now)
  return {
    renew: chosen.filter(({ certificate }) => certificate.keyHeld !== 'client'),
    elsewhere: chosen.filter(({ certificate }) => certificate.keyHeld === 'client'),
    ...(authority && { authority }),
    missing: missingOf(leaves, wish),
    ...(next && { next }),
  }
}

function itemFor(certificate: PlacedCertificate, wish: RequestedRenewal, now: number): RenewalItem[] {
  if (wish.what === 'due') return dueItem(certificate, now)
  return wish.what === 'all' || isNamed(certificate, wish) ? [{ certificate, reason: 'asked for' }] : []
}

function isNamed({ kind, name, path }: PlacedCertificate, wish: Extract<RequestedRenewal, { what: 'named' }>): boolean {
  const { server, servers = [], clients } = wish
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
  return later.filter(({ on }) => on.getTime() > now).toSorted((one, other) => one.on.getTime() - other.on.getTime())[0]
}

function missingOf(leaves: readonly PlacedCertificate[], wish: RequestedRenewal): Named[] {
  if (wish.what !== 'named') return []
  const clients = new Set(leaves.filter(({ kind }) => kind === 'client').map(({ name }) => name))
  const isThere = leaves.some(({ kind }) => kind === 'server')
  const gone = wish.clients.filter((name) => !clients.has(name)).map((name) => ({ kind: 'client', name }) as const)
  return wish.server && !isThere ? [{ kind: 'server', name: 'NAME' }, ...gone] : gone
}

function byKindAndName(one: KnownCertificate, other: KnownCertificate): number {
  if (one.kind !== other.kind) return one.kind === 'server' ? -1 : 1
  return one.name < other.name ? -1 : 1
}
