import { Readable } from 'node:stream'
import { showHost } from '../../../endpoint/text.ts'
import { ArgumentError } from '../../../base/errors.ts'
import { parseReference } from '../../../registry/reference.ts'
import { isAsyncIterable, readableOf } from '../../../transport/given-streams.ts'
import { checkOptions } from '../../call.ts'
import { shown } from '../../description.ts'
import { isPlain } from '../../query.ts'
import { REQUEST_OPTIONS } from '../../request-options.ts'
import type { Operation } from '../../operation.ts'
import { BUILD } from '../../images/operations.ts'
import type { Send } from '../../send.ts'
import { PING } from '../../system/operations.ts'
import type { BuildSource, ImageBuildOptions } from './options.ts'

/** A build with checked options and a chosen builder. */
export interface BuildPlan {
  readonly builder: 'buildkit' | 'classic'
  readonly source: Source
  readonly options: ImageBuildOptions
  /** The option that named the Dockerfile, by the caller's own name for it. */
  readonly dockerfileOption: string | undefined
  /** The options that are sent in the query. */
  readonly query: Readonly<Record<string, unknown>>
}

export type Source =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'tar'; readonly body: Readable | Uint8Array }
  | { readonly kind: 'remote'; readonly url: string }

/** The options of `docker build`, and the parameters of the API for them. */
const ALIASES: Readonly<Record<string, keyof ImageBuildOptions>> = { tag: 't', file: 'dockerfile', quiet: 'q' }

const { version: _version, session: _session, remote: _remote, ...taken } = BUILD.query ?? {}

/** The operation as callers see it, without the parameters that docker-mtls sets itself. */
const OPTIONS: Operation = { ...BUILD, query: taken, own: ['builder', 'secrets', 'auth', ...Object.keys(ALIASES)] }

/** Refuses options that don't exist, and values of the wrong kind. Returns them with the names of the API. */
export function checkBuildOptions(given: ImageBuildOptions): ImageBuildOptions {
  const options = withApiNames(checkOptions(OPTIONS, given))
  checkKinds(options)
  return options
}

function withApiNames(given: ImageBuildOptions): ImageBuildOptions {
  const pairs = Object.entries(given).filter(([, value]) => value !== undefined)
  const names = new Set(pairs.map(([name]) => name))
  const twice = Object.keys(ALIASES).find((name) => names.has(name) && names.has(ALIASES[name] ?? ''))
  if (twice !== undefined) throw refused(twice, `${ALIASES[twice]} is the same option`, 'Pass one of them.')
  return Object.fromEntries(pairs.map(([name, value]) => [Object.hasOwn(ALIASES, name) ? ALIASES[name] : name, value]))
}

/**
 * @param options - checked
 * @param names - the options as the caller named them
 */
export async function planBuild(
  send: Send,
  given: BuildSource,
  options: ImageBuildOptions,
  names: ImageBuildOptions = options,
): Promise<BuildPlan> {
  const source = sourceOf(given)
  const builder = await chooseBuilder(send, options)
  refuseOthers(builder, options)
  const own = new Set(['builder', 'secrets', 'auth', ...REQUEST_OPTIONS])
  const query = Object.fromEntries(Object.entries(options).filter(([option]) => !own.has(option)))
  const dockerfileOption = ['file', 'dockerfile'].find((name) => names[name as 'file'] !== undefined)
  return { builder, source, options, dockerfileOption, query }
}

/** Checks options that are used here, and those that the daemon would refuse in words about its own program. */
function checkKinds({ t, dockerfile, secrets, outputs, buildargs, labels }: ImageBuildOptions): void {
  // An empty tag is none.
  for (const tag of [t].flat()) if (typeof tag === 'string' && tag !== '') parseReference(tag)
  checkTexts('buildargs', buildargs)
  checkTexts('labels', labels)
  if (dockerfile !== undefined && (typeof dockerfile !== 'string' || dockerfile === '')) {
    throw refused('dockerfile', 'it is not a path', 'Pass a path relative to the context, or an absolute one.')
  }
  if (secrets !== undefined && (typeof secrets !== 'object' || secrets === null || Array.isArray(secrets))) {
    throw refused('secrets', 'it is not an object', "Pass { ID: 'value' } or { ID: { file: '/path' } }.")
  }
  if (outputs !== undefined && !Array.isArray(outputs)) throw refused('outputs', 'it is not an array', 'Pass an array.')
}

/** Refuses numbers and the like among the values of an option. A number isn't converted: `1.10` would become `1.1`. */
function checkTexts(option: 'buildargs' | 'labels', values: unknown): void {
  if (!isPlain(values)) return
  const isAbsent = (value: unknown): boolean => value === undefined || (value === null && option === 'buildargs')
  const wrong = Object.entries(values).find(([, value]) => typeof value !== 'string' && !isAbsent(value))
  if (wrong === undefined) return
  const [name, value] = wrong
  throw refused(option, `its value for ${name} is ${shown(value)}, not a string`, `Pass a string:  { ${name}: '1' }`)
}

function sourceOf(given: unknown): Source {
  if (given instanceof Uint8Array || given instanceof Readable) return { kind: 'tar', body: given }
  if (typeof given === 'string' && given !== '') {
    if (/^(https?|git|ssh):\/\/|^git@/.test(given))
      throw wrongSource('it is a URL', `To let the daemon fetch it, pass { remote: '${showHost(given)}' }.`)
    return { kind: 'folder', path: given }
  }
  const { remote } = (given ?? {}) as { remote?: unknown }
  if (typeof remote === 'string' && remote !== '') return { kind: 'remote', url: checkRemote(remote) }
  if (isAsyncIterable(given)) return { kind: 'tar', body: readableOf(given) }
  throw wrongSource(
    'it is not a path, a tar or { remote }',
    "Pass the path of a folder such as './app', a tar as bytes or as a stream, or { remote: URL }.",
  )
}

/** The addresses that a builder fetches (moby, builder/remotecontext/urlutil). It would take others for a local path. */
const REMOTE = /^(?:https?|git|ssh):\/\/|^[\w.-]+@[^/:]+:|^github\.com\//i

function checkRemote(remote: string): string {
  if (REMOTE.test(remote)) return remote
  const todo = 'Pass the address of a Git repository, or an http or https URL of a tar or a Dockerfile.'
  throw wrongSource('the daemon can fetch nothing from its remote', todo)
}

function wrongSource(got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the source of images.build()',
    got,
    todo,
  })
}

async function chooseBuilder(
  send: Send,
  { builder, secrets, signal, idleTimeout }: ImageBuildOptions,
): Promise<BuildPlan['builder']> {
  if (builder === 'buildkit' || builder === 'classic') return builder
  if (builder !== undefined) throw refused('builder', 'there is no such builder', "Set it to 'buildkit' or 'classic'.")
  if (secrets !== undefined) return 'buildkit'
  const { builderVersion } = await send.ping(PING, { signal, idleTimeout })
  return builderVersion === '2' ? 'buildkit' : 'classic'
}

/** Options that only the other builder has, and that this one would silently ignore. */
const FOREIGN: Readonly<Record<BuildPlan['builder'], readonly (keyof ImageBuildOptions)[]>> = {
  buildkit: ['memory', 'memswap', 'cpushares', 'cpusetcpus', 'cpuperiod', 'cpuquota', 'squash'],
  classic: ['secrets', 'outputs', 'buildid'],
}

function refuseOthers(builder: BuildPlan['builder'], options: ImageBuildOptions): void {
  const foreign = FOREIGN[builder].find((name) => options[name] !== undefined && options[name] !== false)
  if (foreign !== undefined) {
    const other = builder === 'buildkit' ? 'classic' : 'buildkit'
    const todo = `Omit it, or set { builder: '${other}' }.`
    throw refused(foreign, `the builder '${builder}' would ignore it`, todo)
  }
  const output = options.outputs?.find(({ Type }) => (Type as string) !== 'moby')
  if (output)
    throw refused('outputs', `it has the type ${JSON.stringify(output.Type)}`, "Set Type to 'moby', or omit outputs.")
}

function refused(option: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `the option ${option} of images.build()`, got, todo })
}
