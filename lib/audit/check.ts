import { notApplicable, unknown, Unseen, type Verdict } from './verdict.ts'
import type { ContainerFacts } from './snapshot/container-schema.ts'
import type { TlsFacts } from './snapshot/tls-schema.ts'
import type { AuditedContainer, Part, Snapshot } from './snapshot/snapshot.ts'

/** How bad it is if a check fails. */
export type Severity = 'critical' | 'high' | 'medium' | 'low'

/** Groups of checks. */
export type Family = 'tls' | 'daemon' | 'versions' | 'network' | 'container' | 'image' | 'swarm' | 'host'

/** Versions of the CIS Docker Benchmark, which number their items differently. */
export type CisVersion = '1.6' | '1.8'

/** The description of a check. */
export interface CheckFacts {
  /** Never changes: exceptions and baselines name it. */
  readonly id: string
  /** The state that should be true: `The container isn't privileged`. */
  readonly title: string
  /** The group of checks that it belongs to. */
  readonly family: Family
  /** How bad it is if the check fails. */
  readonly severity: Severity
  /** The items of the CIS Docker Benchmark that it covers. */
  readonly cis: Readonly<Partial<Record<CisVersion, readonly string[]>>>
  /** What an attacker can do if the check fails. */
  readonly why: string
  /** The command or setting that fixes it. */
  readonly remedy: string
  /** Addresses of documents. */
  readonly references: readonly string[]
}

/** What mends a check of the daemon. */
export interface DaemonFix {
  /** Keys of daemon.json, as a merge patch (RFC 7396): null removes a key. */
  readonly settings: Readonly<Record<string, unknown>>
  /**
   * The options of `docker-mtls daemon apply` that mend it in place of the keys, since the apply does more than to write
   * them. An empty list: it does so without an option.
   */
  readonly apply?: readonly string[]
  /** What else changes. */
  readonly trap?: string
}

/** The daemon or object that a finding is about. */
export type Subject =
  | {
      /** The daemon itself. */
      readonly kind: 'daemon'
    }
  | {
      /** A kind of object that the daemon manages, or a file of its host. */
      readonly kind: 'container' | 'network' | 'volume' | 'image' | 'plugin' | 'service' | 'config' | 'file'
      /** Its id in the API, or the path of a file. */
      readonly id: string
      /** Its name. Foreign text: escape it to show it. */
      readonly name: string
    }

/** The result of one check for one subject. */
export interface Finding extends Verdict {
  /** The id of the check. */
  readonly check: string
  /** The daemon or object that was checked. */
  readonly subject: Subject
}

/** A check: its facts, and a pure function over a snapshot. */
export interface Check extends CheckFacts {
  /** Undefined if no setting alone mends it. */
  readonly fix?: DaemonFix
  readonly run: (snapshot: Snapshot) => readonly Finding[]
}

const DAEMON: Subject = { kind: 'daemon' }

type Values<Names extends keyof Snapshot> = {
  readonly [Name in Names]: Snapshot[Name] extends Part<infer Type> ? Type : Snapshot[Name]
}

/** Describes a check with one result for the daemon. If one of the parts that it needs is unknown, its result is, too. */
export function daemonCheck<const Needs extends keyof Snapshot>(
  facts: CheckFacts & {
    readonly fix?: DaemonFix
    readonly needs: readonly Needs[]
    readonly test: (values: Values<Needs>, snapshot: Snapshot) => Verdict
  },
): Check {
  const { needs, test, ...rest } = facts
  const judge = (snapshot: Snapshot): Verdict => {
    const values: Record<string, unknown> = {}
    for (const name of needs) {
      const part = snapshot[name] as unknown
      if (isUnknown(part)) return unknown(part.unknown)
      values[name] = isKnown(part) ? part.value : part
    }
    return test(values as Values<Needs>, snapshot)
  }
  return { ...rest, run: (snapshot) => [find(rest, DAEMON, () => judge(snapshot))] }
}

/** Describes a check with one result for each container. */
export function containerCheck(
  facts: Omit<CheckFacts, 'family'> & {
    /** Skips containers that don't run. */
    readonly onlyRunning?: true
    /** Also judges containers of Windows. */
    readonly windows?: true
    readonly test: (inspect: ContainerFacts, snapshot: Snapshot, container: AuditedContainer) => Verdict
  },
): Check {
  const { test, onlyRunning, windows, ...given } = facts
  const rest = { ...given, family: 'container' } as const
  const judge = (container: AuditedContainer, snapshot: Snapshot): Verdict => {
    if ('unknown' in container.inspect) return unknown(container.inspect.unknown)
    const { value } = container.inspect
    const isWindows = 'value' in snapshot.info && snapshot.info.value.OSType === 'windows'
    if (isWindows && !windows) return notApplicable('the check is about containers of Linux')
    if (onlyRunning && value.State?.Running === false) return notApplicable('the container does not run')
    // Between two tries, it has no process and no port (moby, container/state.go: SetRestarting).
    if (onlyRunning && value.State?.Restarting) return unknown('the daemon is restarting the container')
    return test(value, snapshot, container)
  }
  return {
    ...rest,
    run: (snapshot) => {
      const { containers } = snapshot
      if ('unknown' in containers) return [find(rest, DAEMON, () => unknown(containers.unknown))]
      return containers.value.map((container) =>
        find(rest, { kind: 'container', id: container.id, name: container.name }, () => judge(container, snapshot)),
      )
    },
  }
}

/** Runs a test for one subject. A value that the daemon did not report makes it `unknown`. */
export function find({ id }: { readonly id: string }, subject: Subject, test: () => Verdict): Finding {
  try {
    return { check: id, subject, ...test() }
  } catch (error) {
    if (!(error instanceof Unseen)) throw error
    return { check: id, subject, ...unknown(error.message) }
  }
}

function isUnknown(part: unknown): part is { readonly unknown: string } {
  return typeof part === 'object' && part !== null && 'unknown' in part
}

function isKnown(part: unknown): part is { readonly value: unknown } {
  return typeof part === 'object' && part !== null && 'value' in part
}

/** Describes a check of the TLS connection. Without TLS, by a local socket or ssh, it has no meaning. */
export function tlsCheck(
  facts: Omit<CheckFacts, 'family'> & { readonly test: (tls: TlsFacts, snapshot: Snapshot) => Verdict },
): Check {
  const { test, ...rest } = facts
  return daemonCheck({
    ...rest,
    family: 'tls',
    needs: ['tls'],
    test: ({ tls }, snapshot) =>
      tls === null ? notApplicable('the daemon is reached by a local socket or ssh, without TLS') : test(tls, snapshot),
  })
}

/** The value of a part within a part. If that is unknown, so is the check. */
export function known<Type>(part: Part<Type>): Type {
  if ('unknown' in part) throw new Unseen(part.unknown)
  return part.value
}
