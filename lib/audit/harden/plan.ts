import { isDeepStrictEqual } from 'node:util'
import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import type { Finding } from '../check.ts'
import { hardenExcept, review, type Hardened, type HardeningChange } from '../hardened.ts'
import { containerName, mountsOf, takeOver } from './create-request.ts'
import type { ContainerEvidence, Usage } from './collect.ts'
import { withoutDefaults } from './without-defaults.ts'
import { withWritable, writtenFolders, type WrittenFolders } from './written-folders.ts'

/** What you should know about a hardened request. */
export interface HardeningNote {
  /**
   * `temporary-folder` and `data-folder`: the container has written to this folder, which gets a file system in memory, or
   * a volume. `program-folder`: it has written there, and can't any more. `anonymous-volume`: the request names the volume at
   * this path. `left-out`: the request doesn't have this setting of the container.
   */
  readonly code: 'temporary-folder' | 'data-folder' | 'program-folder' | 'anonymous-volume' | 'left-out'
  /** A path in the container, or the name of a setting. Foreign text: escape it to show it. */
  readonly subject: string
}

/** A container, and the request that would create it again with fewer rights. */
export interface HardenedContainer {
  /** Its id. */
  readonly id: string
  /** Its name. Foreign text: escape it to show it. */
  readonly name: string
  /** The request that would create it as it is. Settings of the image and of the daemon are left out. */
  readonly original: ContainerCreateRequest
  /** The hardened request. It has the values of environment variables: they may be secrets. */
  readonly body: ContainerCreateRequest
  /** The settings that differ, in order. */
  readonly changes: readonly HardeningChange[]
  /** Findings that the request doesn't solve: `fail`, `warn` and `unknown`. */
  readonly remaining: readonly Finding[]
  /** What else you should know. */
  readonly notes: readonly HardeningNote[]
}

/** What is left as it is, and what is set in any case. */
export interface PlanOptions {
  /** Checks whose settings stay, and `INIT`. */
  readonly skip?: readonly string[] | undefined
  /** Capabilities that it needs. */
  readonly capabilities?: readonly string[] | undefined
  /** Further folders that it writes to. */
  readonly writable?: WrittenFolders | undefined
}

/** Hardens a container. Pure. */
export function planHardening(evidence: ContainerEvidence, options: PlanOptions = {}): HardenedContainer {
  const { inspect, defaults, daemon } = evidence
  const { skip = [], capabilities = [] } = options
  const taken = takeOver(inspect)
  const folders = foldersOf(evidence, taken.body, options)
  const result = withFolders(hardenExcept(taken.body, { daemon, skip, isWhole: true }), folders)
  const sized = withUsage(result, evidence.usage)
  const { body, changes } = withCapabilities(sized, capabilities)
  return {
    id: inspect.Id,
    name: containerName(inspect),
    original: withoutDefaults(taken.body, defaults),
    body: withoutDefaults(body, defaults),
    changes: changes.filter(({ before, after }) => !isUnset(before) || !isUnset(after)),
    remaining: review(body, { daemon, isWhole: true }).filter(({ status }) => status !== 'pass'),
    notes: [
      ...folders.temporary.map((subject) => ({ code: 'temporary-folder' as const, subject })),
      ...folders.data.map((subject) => ({ code: 'data-folder' as const, subject })),
      ...folders.programs.map((subject) => ({ code: 'program-folder' as const, subject })),
      ...taken.anonymousVolumes.map((subject) => ({ code: 'anonymous-volume' as const, subject })),
      ...taken.leftOut.map((subject) => ({ code: 'left-out' as const, subject })),
    ],
  }
}

/** The zero value of Go means the same as no value. */
function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === 0 || value === ''
}

const NONE: WrittenFolders = { temporary: [], data: [], programs: [] }

/** Only a root that becomes read-only needs them. */
function foldersOf(
  { inspect, changes }: ContainerEvidence,
  { HostConfig }: ContainerCreateRequest,
  { skip = [], writable = NONE }: PlanOptions,
): WrittenFolders {
  if (HostConfig?.ReadonlyRootfs === true || skip.includes('C-RO')) return NONE
  const mounted = [...mountsOf(inspect).map(({ Destination }) => Destination), ...Object.keys(HostConfig?.Tmpfs ?? {})]
  const written = writtenFolders(changes, mounted)
  const both = (name: keyof WrittenFolders): string[] => [...new Set([...written[name], ...writable[name]])].toSorted()
  // The hardened root has a /tmp of its own.
  return {
    temporary: both('temporary').filter((path) => path !== '/tmp'),
    data: both('data'),
    programs: both('programs'),
  }
}

function withFolders(hardened: Hardened, folders: WrittenFolders): Hardened {
  const body = withWritable(hardened.body, folders)
  if (body === hardened.body) return hardened
  const tmpfs = hardened.changes.find(({ setting }) => setting === 'HostConfig.Tmpfs')
  const own: HardeningChange[] = [
    {
      check: 'C-RO',
      setting: 'HostConfig.Tmpfs',
      before: tmpfs === undefined ? hardened.body.HostConfig?.Tmpfs : tmpfs.before,
      after: body.HostConfig?.Tmpfs,
    },
    { check: 'C-RO', setting: 'Volumes', before: hardened.body.Volumes, after: body.Volumes },
  ]
  const changed = own.filter(({ before, after }) => !isDeepStrictEqual(before, after))
  return { ...hardened, body, changes: [...hardened.changes.filter((one) => one !== tmpfs), ...changed] }
}

const MIB = 1024 ** 2

/** Twice of what it uses now, if that is more than the usual limit. */
function withUsage(hardened: Hardened, { memory, processes }: Usage): Hardened {
  const enough = { Memory: Math.ceil((2 * memory) / (64 * MIB)) * 64 * MIB, PidsLimit: Math.ceil(processes / 50) * 100 }
  return Object.entries(enough).reduce((result, [name, limit]) => raise(result, `HostConfig.${name}`, limit), hardened)
}

function raise(hardened: Hardened, setting: string, limit: number): Hardened {
  const change = hardened.changes.find((one) => one.setting === setting)
  if (typeof change?.after !== 'number' || change.after >= limit) return hardened
  const HostConfig = { ...hardened.body.HostConfig, [setting.replace('HostConfig.', '')]: limit }
  return {
    ...hardened,
    body: { ...hardened.body, HostConfig },
    changes: hardened.changes.map((one) => (one === change ? { ...one, after: limit } : one)),
  }
}

/** Adds to those that the container had, and that no check objects to. */
function withCapabilities(hardened: Hardened, needed: readonly string[]): Hardened {
  if (needed.length === 0) return hardened
  const { body, changes } = hardened
  const before = body.HostConfig?.CapAdd ?? []
  const CapAdd = [...new Set([...before, ...needed])]
  const change = changes.find(({ setting }) => setting === 'HostConfig.CapAdd')
  const others = changes.filter((one) => one !== change)
  const own = {
    check: 'C-CAPDROP',
    setting: 'HostConfig.CapAdd',
    before: change ? change.before : before,
    after: CapAdd,
  }
  return { ...hardened, body: { ...body, HostConfig: { ...body.HostConfig, CapAdd } }, changes: [...others, own] }
}
