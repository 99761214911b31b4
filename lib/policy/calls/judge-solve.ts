import { changesConfinement, hostNetwork, isOwnNetwork, ownNetwork } from '../judging/build.ts'
import { fromBaseline, type Finding, type Judged } from '../judging/finding.ts'
import { Unreadable } from '../reading/unreadable.ts'
import { exportersOf } from './exporters.ts'
import { fieldsOf, messageOf, messagesOf, textOf, textsOf } from './values.ts'
import type { Message, Value } from './wire.ts'

const option = (where: string, got: string): Finding => fromBaseline('BUILD_OPTION', where, got)

/** How the two methods that begin a build are judged. */
interface SolveJudge {
  readonly judge: (message: Message) => Iterable<Judged>
  readonly rewrite: (message: Message) => Message
  readonly also: (message: Message) => readonly string[]
}

export const judgeSolve: SolveJudge = {
  judge: function* (message) {
    yield* judgeFrontend(message, 'FrontendAttrs')
    yield* unseen(message, ['SourcePolicy', 'SourcePolicySession', 'EnableSessionExporter'])
    for (const [index, name] of textsOf(message['Entitlements']).entries())
      yield entitlement(name, `Entitlements.${index}`)
    for (const { type, attributes, where } of exportersOf(message)) {
      if (!EXPORTERS.has(type)) yield option(where, 'it is not known where this exporter writes to')
      if ((attributes.get('dangling-name-prefix') ?? '') !== '')
        yield option(where, 'it gives an image a name that nobody compares')
      for (const name of (attributes.get('name') ?? '').split(','))
        if (name !== '') yield { kind: 'image', name, where }
    }
    const cache = messageOf(message['Cache'])
    yield* judgeCaches(messagesOf(cache['Exports']), 'Cache.Exports')
    yield* judgeCaches(messagesOf(cache['Imports']), 'Cache.Imports')
    for (const name of [textOf(cache['ExportRefDeprecated']), ...refsOf(cache)])
      if (name !== '') yield { kind: 'image', name, where: 'Cache.Exports' }
  },
  rewrite: (message) => withCacheImports(message, 'FrontendAttrs'),
  also: (message) => (pushes(message) ? ['images.push'] : []),
}

export const judgeBridgeSolve: SolveJudge = {
  judge: function* (message) {
    yield* judgeFrontend(message, 'FrontendOpt')
    yield* unseen(message, ['SourcePolicies'])
    yield* judgeCaches(messagesOf(message['CacheImports']), 'CacheImports')
  },
  rewrite: (message) => withCacheImports(message, 'FrontendOpt'),
  also: () => [],
}

/** BuildKit gives a step the host's network or all capabilities only with these, whichever frontend asks for it. */
function entitlement(name: string, where: string): Finding {
  const got = 'it lets the steps of the build out of their confinement'
  if (name === 'network.host') return hostNetwork(where)
  if (name === 'security.insecure') return fromBaseline('PRIVILEGED', where, got)
  return fromBaseline(name.startsWith('device') ? 'HOST_DEVICE' : 'BUILD_OPTION', where, got)
}

/** No client needs these for a Dockerfile, and what is in them can't be judged by their names. */
function* unseen(message: Message, names: readonly string[]): Iterable<Judged> {
  for (const name of names) {
    const value = message[name]
    if (value !== undefined && value !== '' && value !== false)
      yield option(name, "what it does to the build isn't judged")
  }
}

/** Those of dockerd and BuildKit that write to the image store of the daemon, to a registry, or to the client's session. */
const EXPORTERS: ReadonlySet<string> = new Set(['moby', 'image', 'docker', 'oci', 'tar', 'local'])

/** As Go's ParseBool reads it. What that can't read counts as yes. */
const isNo = (value = 'false'): boolean => /^(?:0|f|false)$/i.test(value)

/** What caches are called in a registry. */
const refsOf = (cache: Message): string[] =>
  messagesOf(cache['Exports']).map((one) => fieldsOf(one['Attrs']).get('ref') ?? '')

/** An exporter or a cache that ends in a registry. */
function pushes(message: Message): boolean {
  const cache = messageOf(message['Cache'])
  return (
    textOf(cache['ExportRefDeprecated']) !== '' ||
    messagesOf(cache['Exports']).some((one) => textOf(one['Type']) === 'registry') ||
    [...exportersOf(message)].some(({ attributes }) =>
      ['push', 'push-by-digest'].some((name) => !isNo(attributes.get(name))),
    )
  )
}

/** `local` is a folder of the client. Others, such as `s3`, would look for credentials on the daemon's host. */
const CACHES: ReadonlySet<string> = new Set(['registry', 'local', 'inline'])

function* judgeCaches(list: readonly { readonly Type?: Value }[], where: string): Iterable<Judged> {
  for (const [index, one] of list.entries()) {
    if (!CACHES.has(textOf(one['Type'])))
      yield option(`${where}.${index}.Type`, 'BuildKit could use credentials of its host for such a cache')
  }
}

/**
 * A frontend image is code that describes steps, as the first line of a Dockerfile (`# syntax=`) can name one: what BuildKit doesn't
 * confine, it can't ask for.
 */
const FRONTENDS: ReadonlySet<string> = new Set(['', 'dockerfile.v0', 'gateway.v0'])

/** Attributes that choose what is built, and don't change what its steps may do (moby/buildkit, frontend/dockerui). */
const HARMLESS: ReadonlySet<string> = new Set([
  'add-hosts',
  'cache-from',
  'cache-imports',
  'cmdline',
  'context',
  'contextkey',
  'contextsubdir',
  'dockerfilekey',
  'filename',
  'frontend.caps',
  'hostname',
  'image-resolve-mode',
  'multi-platform',
  'no-cache',
  'platform',
  'requestid',
  'shm-size',
  'source',
  'target',
])
const HARMLESS_PREFIX = /^(?:attest|build-arg|context|input-metadata|local-sessionid|vcs):/

/** All names of attributes that are known. */
export const ATTRIBUTE_NAMES: readonly string[] = [...HARMLESS, 'cgroup-parent', 'force-network-mode', 'ulimit']

function* judgeFrontend(message: Message, attributesField: string): Iterable<Judged> {
  const attributes = fieldsOf(message[attributesField])
  if (message['Definition'] !== undefined || message['FrontendInputs'] !== undefined) {
    const where = message['Definition'] === undefined ? 'FrontendInputs' : 'Definition'
    yield option(where, 'steps that no Dockerfile describes are not judged')
  }
  if (!FRONTENDS.has(textOf(message['Frontend'])))
    yield option('Frontend', 'it is none of dockerfile.v0 and gateway.v0')
  for (const [name, value] of attributes) yield* judgeAttribute(name, value, `${attributesField}.${name}`)
  // A build without a frontend has no steps.
  const mode = attributes.get('force-network-mode') ?? ''
  if (textOf(message['Frontend']) !== '' && mode !== 'host') yield* ownNetwork(mode, 'force-network-mode')
}

function* judgeAttribute(name: string, value: string, where: string): Iterable<Judged> {
  if (name === 'force-network-mode') {
    if (value === 'host') yield hostNetwork(where)
    else if (value !== 'sandbox' && !isOwnNetwork(value)) yield option(where, 'BuildKit has no such network')
  } else if (name === 'cgroup-parent' || name === 'ulimit') {
    if (value !== '') yield changesConfinement(where)
  } else if (name === 'source') {
    yield { kind: 'image', name: value, where }
  } else if (name.startsWith('label:')) {
    yield { kind: 'label', name: name.slice('label:'.length), where }
  } else if (name === 'cache-imports') {
    yield* judgeCaches(parseCacheImports(value, where), where)
  } else if (!HARMLESS.has(name) && !HARMLESS_PREFIX.test(name)) {
    yield fromBaseline('BUILD_OPTION', where, "docker-mtls doesn't know this attribute of a frontend")
  }
}

interface CacheImport {
  readonly Type: string
  readonly Attrs: Readonly<Record<string, string>>
}

/** What BuildKit reads from JSON, whose keys may have any case there. */
function parseCacheImports(text: string, where: string): readonly CacheImport[] {
  const invalid = new Unreadable('BODY_INVALID', where, "it isn't a list of caches")
  let list: unknown
  try {
    list = JSON.parse(text === '' ? '[]' : text)
  } catch {
    throw invalid
  }
  const entries = Array.isArray(list) ? list.map(toCacheImport) : [undefined]
  if (entries.includes(undefined)) throw invalid
  return entries as CacheImport[]
}

function toCacheImport(value: unknown): CacheImport | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { Type = '', Attrs = {}, ...others } = value as Partial<Record<keyof CacheImport, unknown>>
  const areTexts = typeof Type === 'string' && Object.values(Object(Attrs)).every((one) => typeof one === 'string')
  const isObject = typeof Attrs === 'object' && Attrs !== null && !Array.isArray(Attrs)
  if (!areTexts || !isObject || Object.keys(others).length > 0) return undefined
  return { Type, Attrs: Attrs as CacheImport['Attrs'] }
}

/** Written again, so that BuildKit reads what was judged. */
function withCacheImports(message: Message, field: string): Message {
  const attributes = fieldsOf(message[field])
  const text = attributes.get('cache-imports') ?? ''
  if (text === '') return message
  const written = JSON.stringify(parseCacheImports(text, `${field}.cache-imports`))
  return { ...message, [field]: new Map([...attributes, ['cache-imports', written]]) }
}
