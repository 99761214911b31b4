import { isIssuedBy, openCertificate, readCertificate } from '../../identity/certificate.ts'
import { resolve } from 'node:path'
import { readIfThere } from '../../base/files.ts'
import { crlPath } from '../layout.ts'
import { readIssuers } from '../list.ts'
import { issuerIn, type Rotation } from './cas.ts'
import { OWN_NAMES } from '../../pki/server-name.ts'
import { PkiFolder } from '../folder.ts'
import type { RotatedAuthority, RotationPhase, RotationState } from './state.ts'
import { hasOneDayClient, ONE_DAY_CLIENT_NAME } from '../one-day-client.ts'
import { participantsOf, isInUse, readLeaves, SERVER, type Leaf } from './leaves.ts'
import { nameToInspect, type Look } from './inspect-daemon.ts'
import { waitingFor } from './phases.ts'
import { revocationsByFingerprint } from '../revoked.ts'

/** A client that a phase waits for. */
export interface WaitingClient {
  /** The client's name. */
  readonly name: string
  /** Is its key on its own machine? Then only its certificates have to be copied there. */
  readonly keyElsewhere: boolean
}

/** A server that a phase waits for. */
export interface WaitingServer {
  /** Its folder: `server`, `hosts/build01`. */
  readonly name: string
  /** The names and addresses in its certificate. */
  readonly names: readonly string[]
  /** The name with which its daemon can be inspected. Omitted: other servers have each of its names, too. */
  readonly inspectAs?: string
  /** Is there a one-day client certificate beside its files, which an apply can test access with? */
  readonly probe: boolean
}

/** The state of a rotation, and what it waits for. */
export interface RotationReport {
  /** The absolute path of the folder. */
  readonly folder: string
  /** What this call did. */
  readonly outcome: 'under way' | 'ended' | 'aborted'
  /** Did this call start the rotation? */
  readonly begun: boolean
  /** The current phase. */
  readonly phase: RotationPhase
  /** When the rotation started. */
  readonly startedAt: string
  /** The old CA. */
  readonly from: RotatedAuthority
  /** The new CA. */
  readonly to: RotatedAuthority
  /** Clients and servers that have their new files. */
  readonly confirmed: readonly string[]
  /** What the phase waits for: machines without their new files, or consent. */
  readonly waiting: {
    /** Clients. */
    readonly clients: readonly WaitingClient[]
    /** Servers. */
    readonly servers: readonly WaitingServer[]
    /** Consent to drop the old CA. */
    readonly consent: boolean
  }
  /** The results of inspecting daemons in this call. */
  readonly looks: readonly Look[]
  /**
   * Clients that are left out: their certificates have expired, were revoked, have the key of a revoked one, or are of a CA that was replaced
   * earlier.
   */
  readonly left: readonly string[]
  /**
   * Issuers that the new CA hasn't signed yet, once it issues the clients' certificates. A gateway with one of them can't drop the old CA
   * before its issuer is renewed.
   */
  readonly issuers: readonly string[]
  /** Does the folder have revocation lists? Then gateways need the new ones, too, with the files of their servers. */
  readonly lists: boolean
  /** Valid certificates of clients without a folder here: the daemon refuses them once the old CA is dropped. */
  readonly lost: readonly {
    /** The client's name. */
    readonly name: string
    /** Its certificate's serial number. */
    readonly serial: string
    /** When its certificate expires. */
    readonly notAfter: string
  }[]
}

type How = Pick<RotationReport, 'outcome' | 'begun' | 'looks'> & { readonly wantsConsent: boolean }

export async function reportOn(root: string, rotation: Rotation, how: How): Promise<RotationReport> {
  const { state } = rotation
  const { wantsConsent, ...rest } = how
  const leaves = await readLeaves(root)
  const waiting = waitingFor(state, participantsOf(leaves, rotation))
  const probe = await hasOneDayClient(root)
  const clients = leaves.filter(({ kind, name }) => kind === 'client' && waiting.clients.includes(name))
  const isOver = how.outcome !== 'under way'
  const left = leaves.filter((leaf) => leaf.kind === 'client' && leaf.cert && !isInUse(leaf, rotation))
  return {
    folder: resolve(root),
    ...rest,
    phase: state.phase,
    startedAt: state.startedAt,
    from: state.from,
    to: state.to,
    confirmed: state.confirmed,
    waiting: {
      clients: isOver ? [] : clients.map(({ name, keyElsewhere }) => ({ name, keyElsewhere })),
      servers: isOver ? [] : waiting.servers.map((name) => waitingServer(name, leaves, probe && name === SERVER)),
      consent: wantsConsent,
    },
    left: left.map(({ name }) => name),
    issuers: how.outcome === 'aborted' ? [] : await issuersToRenew(root, rotation),
    lists: (await readIfThere(crlPath(root))) !== undefined,
    lost: isOver ? [] : await lostOf(root, state, leaves),
  }
}

async function issuersToRenew(root: string, { state, next }: Rotation): Promise<string[]> {
  if (issuerIn(state.phase, 'client') === 'present') return []
  const issuers = await readIssuers(root)
  return issuers.filter(({ path, pem }) => !isIssuedBy(openCertificate(pem, path), [next])).map(({ name }) => name)
}

function waitingServer(name: string, leaves: readonly Leaf[], probe: boolean): WaitingServer {
  const names = namesOf(leaves, name)
  const inspectAs = nameToInspect(names, name, leaves)
  return { name, names, ...(inspectAs !== undefined && { inspectAs }), probe }
}

/** The names that clients on other machines use come first. */
function namesOf(leaves: readonly Leaf[], server: string): string[] {
  const leaf = leaves.find(({ kind, name }) => kind === 'server' && name === server)
  if (leaf?.cert === undefined) return []
  const { dns, ip } = readCertificate(leaf.cert).names
  const names = [...dns, ...ip]
  return [...names.filter((name) => !OWN_NAMES.includes(name)), ...names.filter((name) => OWN_NAMES.includes(name))]
}

/** dockerd accepts them until the old CA is dropped; their users should know before that. */
async function lostOf(root: string, { from }: RotationState, leaves: readonly Leaf[]): Promise<RotationReport['lost']> {
  const listed = await new PkiFolder(root).list()
  const now = Date.now()
  const since = listed.findIndex(({ fingerprint256 }) => fingerprint256 === from.fingerprint256)
  const revoked = await revocationsByFingerprint(root)
  const here = new Set(leaves.filter(({ kind }) => kind === 'client').map(({ name }) => name))
  return listed
    .slice(since + 1)
    .filter(
      ({ kind, name, notAfter, fingerprint256 }) =>
        kind === 'client' &&
        !here.has(name) &&
        !revoked.has(fingerprint256) &&
        !ONE_DAY_CLIENT_NAME.test(name) &&
        Date.parse(notAfter) > now,
    )
    .map(({ name, serial, notAfter }) => ({ name, serial, notAfter }))
}
