import { DEFAULT_CAPABILITIES } from '../container/capabilities.ts'
import { Facts, type Need } from './facts.ts'
import { isUsable, isUsableMount, nameTaken, notFound } from './owner/belonging.ts'
import { missingText } from './owner/missing.ts'
import { ownerReasons } from './owner/reasons.ts'
import { LEVELS, type Allowed, type Level, type PolicyRule } from './file/types.ts'
import {
  MOST_FOUND,
  type DaemonUse,
  type Exception,
  type Finding,
  type JoinedNetwork,
  type Judged,
  type MountedImage,
  type Reference,
  type ServiceUse,
} from './judging/finding.ts'
import { labelReasons, reasonsOfLabel } from './labels.ts'
import {
  limitsImages,
  limitsNetworks,
  refusedCapabilities,
  refusedImage,
  refusedImageOf,
  refusedNetwork,
  refusedNetworkName,
} from './names.ts'
import { judgeInspected, judgeInspectedExec, judgeInspectedNetwork, judgeInspectedVolume } from './judging/inspected.ts'
import { DEFAULT_NETWORK } from './judging/namespaces.ts'
import { judgeRequest } from './judging/judge.ts'
import { objectOf, stringsOf, textOf } from './judging/values.ts'
import { levelOf, type Target } from './levels/operations.ts'
import type { Json, ReadRequest, Reason } from './request.ts'

/** Nobody chains more containers that share namespaces. */
const LONGEST_CHAIN = 10

/** What one decision depends on. */
interface Case {
  readonly level: Level
  readonly rule: PolicyRule
  readonly facts: Facts
  /** Called with what has to be known of the daemon first. */
  readonly need: (need: Need) => void
  /**
   * What was judged already; false: what is being judged. A request can name one thing thousands of times, and so can things that share
   * namespaces.
   */
  readonly judged: Map<string, boolean>
}

type Asking = Omit<Case, 'judged'>

/** Why a rule refuses a request at a level. */
export function reasonsAt(read: ReadRequest, asking: Asking): readonly Reason[] {
  let asked = 0
  const needCounted = (one: Need): void => {
    asked++
    asking.need(one)
  }
  const on = { ...asking, need: needCounted, judged: new Map<string, boolean>() }
  const { name } = read.operation
  const refused = operationReasons(name, on)
  if (refused.length > 0) return refused
  const { target } = levelOf(name) ?? {}
  // First, so that nothing is said about what belongs to others.
  const { owner } = on.rule
  if (owner !== undefined) {
    let isUnknown = false
    const need = (one: Need): void => {
      isUnknown = true
      on.need(one)
    }
    const foreign = ownerReasons(read, owner, { ...on, need })
    if (foreign.length > 0 || isUnknown) return foreign
  }
  const found: Reason[] = []
  for (const judged of [judgeRequest(read), targetOf(target, read)]) {
    for (const one of judged) {
      found.push(...reasonsFor(one, on, 0))
      if (found.length + asked > MOST_FOUND) return found
    }
  }
  return [...found, ...labelReasons(read, on)]
}

/** Whether a rule refuses an operation at each of its levels, so that nobody has to know what is in the request. */
export function refusesOperation(rule: PolicyRule, name: string): boolean {
  const { enforce, audit = enforce, warn = enforce } = rule.level
  return [enforce, audit, warn].every((level) => operationReasons(name, { level, rule }).length > 0)
}

/** Why a rule refuses an operation at a level, whatever is in the request. */
function operationReasons(name: string, { level, rule }: Pick<Case, 'level' | 'rule'>): readonly Reason[] {
  const refuse = (got: string): Reason[] => [{ code: 'OPERATION_REFUSED', where: name, got }]
  if (rule.deny.operations.includes(name)) return refuse('the rule denies it')
  if (rule.only.operations?.includes(name) === false) return refuse('the rule allows only others')
  const { strictest = 'privileged' } = levelOf(name) ?? {}
  const isAllowed = rule.allow.operations.includes(name)
  if (!isAllowed && !includes(level, strictest)) return refuse(`the level ${level} does not include it`)
  if (!isAllowed && limitsImages(rule) && UNSEEN_IMAGES.has(name))
    return refuse('the rule limits images, and those that it uses are not seen. Only allow.operations can allow it')
  // The program of a frontend has the default network, whatever is asked for.
  if (!isAllowed && name === 'images.build' && refusedNetwork(THE_DEFAULT, rule).length > 0)
    return refuse(
      `the rule refuses the network ${DEFAULT_NETWORK}, which a build can use. Only allow.operations can allow it`,
    )
  // Steps, and the program of a frontend, have the default set.
  const had = rule.deny.capabilities.find((one) => DEFAULT_CAPABILITIES.includes(one))
  if (!isAllowed && name === 'images.build' && had !== undefined)
    return refuse(`the rule denies ${had}, which the steps of a build have. Only allow.operations can allow it`)
  return []
}

const THE_DEFAULT = { kind: 'network', name: DEFAULT_NETWORK, where: '' } as const

/** Whatever these use or give a name is in their archives. */
const UNSEEN_IMAGES: ReadonlySet<string> = new Set(['images.build', 'images.load'])

/** Why a rule refuses a call of BuildKit at a level. It names nothing of the daemon that would have to be inspected. */
export function reasonsOfCall(
  operations: readonly string[],
  judged: Iterable<Judged>,
  on: Pick<Case, 'level' | 'rule'>,
): readonly Reason[] {
  const refused = operations.flatMap((name) => operationReasons(name, on))
  if (refused.length > 0) return refused
  const got = 'it would reach things of other owners'
  if (on.rule.owner !== undefined) return [{ code: 'OWNER_UNSUPPORTED', where: operations[0] ?? '', got }]
  return [...judged].flatMap((one) =>
    reasonsFor(one, { ...on, facts: new Facts(), need: () => {}, judged: new Map() }, 0),
  )
}

/** Does a level include what this one does? */
const includes = (level: Level, other: Level): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(other)

function targetOf(target: Target | undefined, { parameters }: ReadRequest): readonly Judged[] {
  const name = parameters['id']
  if (target === undefined || name === undefined) return []
  const where = 'the path'
  return [target === 'files' ? { kind: 'container', name, where, byDaemon: true } : { kind: target, name, where }]
}

function reasonsFor(judged: Judged, on: Case, depth: number): readonly Reason[] {
  if (judged.kind === 'finding') return isRefused(judged, on, depth) ? [reasonOf(judged)] : []
  if (judged.kind === 'image') return refusedImage(judged, on.rule)
  if (judged.kind === 'label') return reasonsOfLabel(judged, on.rule)
  if (judged.kind === 'capabilities') return refusedCapabilities(judged, on.rule)
  if (judged.kind === 'networkName') return refusedNetworkName(judged, on.rule)
  if (judged.kind === 'joinedNetwork') return reasonsOfJoined(judged, on)
  if (judged.kind === 'mountedImage') return reasonsOfMountedImage(judged, on)
  if (judged.kind === 'daemon') return reasonsOfDefaults(judged, on, depth)
  const found = throughFacts(judged, on, depth)
  if (judged.kind !== 'network' || judged.isThere) return found
  return [...refusedNetwork(judged, on.rule, on.facts.get(judged)), ...found]
}

const reasonOf = ({ code, where, got }: Finding): Reason => ({ code, got, ...(where !== undefined && { where }) })

function isRefused({ from, exception }: Finding, on: Case, depth: number): boolean {
  const { level, rule } = on
  // A level refuses what it doesn't include: `baseline` and those below it.
  if (includes(level, 'privileged') || (from === 'restricted' && includes(level, 'baseline'))) return false
  if (!exception || !isAmong(exception, rule.allow)) return true
  if (exception.kind !== 'hostPath' || exception.sources === undefined) return false
  if (isAmong({ ...exception, readOnly: false }, rule.allow)) return false
  return exception.sources.some((source) => reasonsFor(source, on, depth + 1).length > 0)
}

function isAmong(exception: Exception, list: Allowed): boolean {
  switch (exception.kind) {
    case 'capability':
      return list.capabilities.includes(exception.name)
    case 'device':
      return list.devices.includes(exception.path)
    case 'hostPath':
      // Only the folder itself: a symbolic link in it could lead to any other.
      return list.hostPaths.some(({ path, readOnly }) => path === exception.path && (!readOnly || exception.readOnly))
  }
}

/** What depends on the defaults of the daemon. */
function reasonsOfDefaults(use: DaemonUse, on: Case, depth: number): readonly Reason[] {
  if (includes(on.level, 'privileged')) return []
  const info = on.facts.get(use)
  if (info !== undefined) return [...use.judge(info)].flatMap((one) => reasonsFor(one, on, depth))
  on.need({ kind: use.kind, name: use.name })
  return []
}

/** What a reference amounts to, by what the daemon says of it. */
function throughFacts(reference: Reference | ServiceUse, on: Case, depth: number): readonly Reason[] {
  if (includes(on.level, 'privileged')) return []
  const { kind, name, where } = reference
  // An owner may use more of what a container already has.
  const key = `${kind} ${depth > 0} ${'byId' in reference} ${name}`
  if (on.judged.get(key) === true) return []
  if (on.judged.has(key)) return [{ code: 'TARGET_UNKNOWN', where, got: `the ${kind} ${name} depends on itself` }]
  on.judged.set(key, false)
  const reasons = reasonsOfFact(reference, on, depth)
  on.judged.set(key, true)
  return reasons
}

function reasonsOfFact(reference: Reference | ServiceUse, on: Case, depth: number): readonly Reason[] {
  const { kind, name } = reference
  // Every daemon has it, and it isn't that of the host.
  if (kind === 'network' && name === DEFAULT_NETWORK) return []
  const fact = depth > LONGEST_CHAIN ? null : on.facts.get(reference)
  if (fact === undefined) {
    on.need({ kind, name })
    return []
  }
  // dockerd creates a volume that doesn't exist, without any options.
  if (fact === null && kind === 'volume') return []
  if (on.rule.owner !== undefined) {
    const foreign = reasonOfOwner(reference, fact, on.rule.owner, depth)
    if (foreign) return [foreign]
  }
  // A container can be named like the id of one that is gone.
  const isOther = 'byId' in reference && textOf(objectOf(fact)['Id']) !== name
  if (fact === null || isOther) return [unknown(reference, fact === null && depth === 0 && isSurelyAbsent(reference))]
  return [
    ...(kind === 'container' ? reasonsOfImage(reference, fact, on) : []),
    ...[...judgeFact(reference, fact)].flatMap((one) =>
      reasonsFor(one, on, depth + 1).map((reason) => inTarget(reference, reason)),
    ),
  ]
}

/**
 * Where a request names what it is about: in the path, and for commits and connections of networks. Not what else a new container needs: of
 * that, docker takes 404 for a missing image, which it would pull.
 */
const SUBJECTS: ReadonlySet<string> = new Set(['the path', 'container', 'Container'])

/**
 * dockerd answers 404 for a beginning that several ids share, although those containers exist. A worker of a swarm doesn't find networks
 * and services that a manager has.
 */
function isSurelyAbsent({ kind, name, where }: Reference | ServiceUse): boolean {
  if (!SUBJECTS.has(where)) return false
  return kind === 'exec' || (kind === 'container' && !/^[0-9a-f]{1,63}$/.test(name))
}

function unknown({ kind, name, where }: Reference | ServiceUse, isAbsent: boolean): Reason {
  const got = `the daemon has no ${kind} ${name}`
  return { code: 'TARGET_UNKNOWN', where, got, ...(isAbsent && { absent: missingText({ kind, name }) }) }
}

/** A network that is gone can't be joined again: then its id and name are those that the container has. */
function reasonsOfJoined({ name, id, where }: JoinedNetwork, { rule, facts, need }: Case): readonly Reason[] {
  if (!limitsNetworks(rule)) return []
  const network = { kind: 'network', name: id || name } as const
  const fact = facts.get(network)
  if (fact === undefined) need(network)
  return fact === undefined ? [] : refusedNetwork({ name, where }, rule, fact ?? { Name: name, Id: id })
}

/** A name can get another image while the container is created. One that was removed since then is nobody's. */
function reasonsOfImage(
  { name, where }: Pick<Reference, 'name' | 'where'>,
  container: Json,
  on: Case,
): readonly Reason[] {
  const image = { kind: 'image', name: textOf(objectOf(container)['Image']) } as const
  const { owner } = on.rule
  if (owner === undefined || image.name === '') return []
  const fact = on.facts.get(image)
  if (fact === undefined) on.need(image)
  if (fact === undefined || fact === null || isUsable('image', fact, owner)) return []
  return [{ code: 'TARGET_TOO_POWERFUL', where, got: `the container ${name}: its image is not yours` }]
}

/**
 * An image of which a container has a mount. What a name means now, it may not have meant then: for an owner, the gateway sends the id. An
 * image that was removed since then is nobody's.
 */
function reasonsOfMountedImage({ name, where }: MountedImage, { rule, facts, need }: Case): readonly Reason[] {
  const { owner } = rule
  const foreign = [{ code: 'IMAGE_REFUSED', where, got: `the image ${name} that it mounts may not be yours` }] as const
  if (!/^(?:sha256:)?[0-9a-f]{64}$/.test(name))
    return owner === undefined ? refusedImageOf([name], where, rule) : foreign
  if (owner === undefined && !limitsImages(rule)) return []
  const fact = facts.get({ kind: 'image', name })
  if (fact === undefined) {
    need({ kind: 'image', name })
    return []
  }
  if (owner !== undefined && fact !== null && !isUsable('image', fact, owner)) return foreign
  const { RepoTags, RepoDigests } = objectOf(fact)
  return refusedImageOf([RepoTags, RepoDigests].flatMap(stringsOf), where, rule)
}

/** Undefined if a rule's owner may use this. */
function reasonOfOwner(
  reference: Reference | ServiceUse,
  fact: Json,
  owner: string,
  depth: number,
): Reason | undefined {
  const { kind, where } = reference
  if (kind === 'volume' && depth > 0 && isUsableMount(fact, owner)) return undefined
  // An exec is of its container, which is judged next.
  if (fact !== null && (kind === 'exec' || isUsable(kind, fact, owner))) return undefined
  // dockerd would create a volume that doesn't exist.
  return kind === 'volume' ? nameTaken(reference, where) : notFound(reference, where)
}

function judgeFact(reference: Reference | ServiceUse, fact: Json): Iterable<Judged> {
  const { kind, where } = reference
  switch (kind) {
    case 'container':
      return judgeInspected(fact, reference.byDaemon)
    case 'exec':
      return judgeInspectedExec(fact, where)
    case 'network':
      return judgeInspectedNetwork(fact, where)
    case 'service':
      return reference.judge(fact)
    case 'volume':
      return judgeInspectedVolume(fact, where)
  }
}

/** Who works in a container has what it has. */
function inTarget({ kind, name, where }: Reference | ServiceUse, { code, where: part, got }: Reason): Reason {
  if (kind === 'exec' || code === 'TARGET_UNKNOWN') return { code, where, got }
  const place = (kind === 'container' || kind === 'service') && part !== undefined && part !== '' ? `, ${part}` : ''
  return { code: 'TARGET_TOO_POWERFUL', where, got: `the ${kind} ${name}${place}: ${got} (${code})` }
}
