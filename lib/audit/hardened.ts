import { isDeepStrictEqual } from 'node:util'
import type { ContainerCreateRequest } from '../engine/containers/types/create.ts'
import type { HostConfig } from '../engine/containers/types/host-config.ts'
import type { Check, Finding } from './check.ts'
import { CHECKS } from './checks.ts'
import { REQUESTED, snapshotOfRequest, type Reviewed } from './harden/inspected-form.ts'
import { REPAIRS } from './harden/repairs.ts'
import type { AuditSnapshot } from './snapshot/opaque.ts'
import { checkSnapshot } from './snapshot/parse.ts'

/** What only a container that exists can show. */
const AFTER_CREATION: ReadonlySet<string> = new Set(['C-DRIFT', 'C-EXEC', 'C-SSHD', 'D-STALE-C', 'N-V6'])
const REVIEWED: readonly Check[] = CHECKS.filter(({ id, family }) => family === 'container' && !AFTER_CREATION.has(id))

/** The daemon that would create the container. */
export interface ReviewOptions {
  /**
   * A snapshot of the daemon. The checks use its user namespaces, security modules, volumes, networks and other containers.
   *
   * @defaultValue none: checks that depend on the daemon are `unknown`
   */
  readonly daemon?: AuditSnapshot | undefined
}

/** A setting that {@link hardened} changed. */
export interface HardeningChange {
  /** The first check that required it. Undefined for `Init`, which no check requires. */
  readonly check: string | undefined
  /** `User`, or `HostConfig.CapDrop`. */
  readonly setting: string
  /** The old value. Undefined if the request didn't set it. */
  readonly before: unknown
  /** The new value. */
  readonly after: unknown
}

/** A hardened request, its changes, and the remaining findings. */
export interface Hardened {
  /** The new request. */
  readonly body: ContainerCreateRequest
  /** The changed settings, in order. */
  readonly changes: readonly HardeningChange[]
  /** Findings that the new request still has: `fail`, `warn` and `unknown`. */
  readonly remaining: readonly Finding[]
}

/**
 * Runs the container checks on a request, before anything is created. Settings that the image decides (user, healthcheck) are
 * `unknown` unless the request sets them.
 *
 * @param body - the request, as for `docker.containers.create()`
 * @returns a finding for each check that applies
 * @throws {@link ArgumentError} if a key differs from one of the API only in upper and lower case: dockerd would read it
 * @example
 * ```ts
 * const findings = reviewCreate({ Image: 'web:1.2.3', HostConfig: { Binds: ['/:/host'] } })
 * const faults = findings.filter(({ status }) => status === 'fail')
 * ```
 */
export function reviewCreate(body: ContainerCreateRequest, { daemon }: ReviewOptions = {}): readonly Finding[] {
  return review(body, { daemon: daemon && checkSnapshot(daemon) })
}

/** {@link reviewCreate}, with a snapshot that was checked before. */
export function review(body: ContainerCreateRequest, against: Reviewed): readonly Finding[] {
  const snapshot = snapshotOfRequest(body, against)
  return REVIEWED.flatMap((check) => check.run(snapshot)).filter(
    ({ subject, status }) => subject.kind === 'container' && subject.id === REQUESTED && status !== 'not-applicable',
  )
}

/**
 * Turns a request to create a container into one that passes the container checks, as far as possible. It doesn't remove or
 * change anything that only you can judge: mounts, devices, networks, variables and the image. Settings of yours whose effect it
 * can't see, such as a security profile or the namespaces of another container, stay as they are.
 *
 * @param body - the request, as for `docker.containers.create()`
 * @param overrides - settings that you insist on, such as `{ HostConfig: { CapAdd: ['NET_BIND_SERVICE'] } }`
 * @example
 * ```ts
 * const { body } = hardened({ Image: 'nginx' }, { HostConfig: { CapAdd: ['NET_BIND_SERVICE'] } })
 * await docker.containers.create(body, { name: 'web' })
 * ```
 */
export function hardened(
  body: ContainerCreateRequest,
  overrides: ContainerCreateRequest = {},
  options: ReviewOptions = {},
): Hardened {
  return hardenExcept(body, { overrides, daemon: options.daemon && checkSnapshot(options.daemon) })
}

/** How {@link hardenExcept} hardens. */
interface HardenBy extends Reviewed {
  readonly overrides?: ContainerCreateRequest | undefined
  /** The checks whose settings stay as they are, and `INIT` for `Init`. */
  readonly skip?: readonly string[] | undefined
}

/** What `skip` calls the setting that no check demands. */
export const INIT = 'INIT'

/** {@link hardened}, without the changes for some checks. */
export function hardenExcept(body: ContainerCreateRequest, by: HardenBy = {}): Hardened {
  const { overrides = {}, skip = [] } = by
  let current = body
  // The first check that changed a setting.
  const checks = new Map<string, string>()
  for (const { check, change, onlyIfBad } of REPAIRS) {
    const isFine = (request: ContainerCreateRequest): boolean => passes(request, { check, onlyIfBad }, by)
    if (skip.includes(check) || isFine(current)) continue
    const next = change(current, (HostConfig) => isFine({ HostConfig }))
    for (const setting of changedSettings(current, next)) if (!checks.has(setting)) checks.set(setting, check)
    current = next
  }
  const withInit = skip.includes(INIT) ? current : merge({ HostConfig: { Init: true } }, current)
  const result = merge(withInit, overrides)
  const settings = [...checks.keys(), ...changedSettings(current, withInit)]
  return {
    body: result,
    changes: settings
      .filter((setting) => settingOf(overrides, setting) === undefined)
      .map((setting) => ({
        check: checks.get(setting),
        setting,
        before: settingOf(body, setting),
        after: settingOf(result, setting),
      }))
      .filter(({ before, after }) => isChange(before, after)),
    remaining: review(result, by).filter(({ status }) => status !== 'pass'),
  }
}

/** A check that does not apply is fine. */
function passes(
  body: ContainerCreateRequest,
  { check, onlyIfBad }: { readonly check: string; readonly onlyIfBad: boolean },
  by: Reviewed,
): boolean {
  const fine = onlyIfBad ? ['pass', 'unknown'] : ['pass']
  return review(body, by).every((finding) => finding.check !== check || fine.includes(finding.status))
}

function merge(base: ContainerCreateRequest, over: ContainerCreateRequest): ContainerCreateRequest {
  return { ...base, ...over, HostConfig: { ...base.HostConfig, ...over.HostConfig } }
}

function changedSettings(before: ContainerCreateRequest, after: ContainerCreateRequest): string[] {
  const names = [
    ...Object.keys(after).filter((name) => name !== 'HostConfig'),
    ...Object.keys(after.HostConfig ?? {}).map((name) => `HostConfig.${name}`),
  ]
  return names.filter((setting) => isChange(settingOf(before, setting), settingOf(after, setting)))
}

function isChange(before: unknown, after: unknown): boolean {
  return !isDeepStrictEqual(before, after) && !areEmpty(before, after)
}

function settingOf(body: ContainerCreateRequest, setting: string): unknown {
  const name = setting.replace('HostConfig.', '')
  return name === setting ? body[name as keyof ContainerCreateRequest] : body.HostConfig?.[name as keyof HostConfig]
}

/** A missing list and an empty one mean the same. */
function areEmpty(...values: readonly unknown[]): boolean {
  return values.every(
    (value) => value === undefined || value === null || isDeepStrictEqual(value, []) || isDeepStrictEqual(value, {}),
  )
}
