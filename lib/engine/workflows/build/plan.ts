import { Readable } from 'node:stream'
import { showHost } from '../../../endpoint/text.ts'
import { ArgumentError } from '../../../base/errors.ts'
import { isAsyncIterable } from '../../../transport/body.ts'
import { checkOptions } from '../../call.ts'
import type { Operation } from '../../operation.ts'
import { BUILD } from '../../images/operations.ts'
import type { Send } from '../../send.ts'
import type { BuildSource, ImageBuildOptions } from './options.ts'

/** A build whose options have been checked, by the builder that does it. */
export interface BuildPlan {
  readonly builder: 'buildkit' | 'classic'
  readonly source: Source
  readonly options: ImageBuildOptions
  /** What of the options is sent in the query. */
  readonly query: Readonly<Record<string, unknown>>
}

export type Source =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'tar'; readonly body: Readable | Uint8Array }
  | { readonly kind: 'remote'; readonly url: string }

const { version: _version, session: _session, remote: _remote, ...taken } = BUILD.query ?? {}

/** The build as callers see it: what the library itself decides is no option. */
const OPTIONS: Operation = { ...BUILD, query: taken, own: ['builder', 'secrets', 'auth'] }

export async function planBuild(send: Send, given: BuildSource, options: ImageBuildOptions): Promise<BuildPlan> {
  checkOptions(OPTIONS, options)
  checkKinds(options)
  const source = sourceOf(given)
  const builder = await chooseBuilder(send, options)
  refuseOthers(builder, options)
  const { builder: _, secrets: __, auth: ___, signal: ____, ...query } = options
  return { builder, source, options, query }
}

/** What is read here, before the daemon could say that it is wrong. */
function checkKinds({ dockerfile, secrets, outputs }: ImageBuildOptions): void {
  if (dockerfile !== undefined && (typeof dockerfile !== 'string' || dockerfile === '')) {
    throw refused('dockerfile', 'it is no path', "Give one from the context's root, or an absolute one.")
  }
  if (secrets !== undefined && (typeof secrets !== 'object' || secrets === null || Array.isArray(secrets))) {
    throw refused('secrets', 'it is no object', "Give { ID: 'value' } or { ID: { file: '/path' } }.")
  }
  if (outputs !== undefined && !Array.isArray(outputs)) throw refused('outputs', 'it is no list', 'Give a list.')
}

function sourceOf(given: unknown): Source {
  if (given instanceof Uint8Array || given instanceof Readable) return { kind: 'tar', body: given }
  if (typeof given === 'string' && given !== '') {
    if (/^(https?|git|ssh):\/\/|^git@/.test(given))
      throw wrongSource('it is an address', `{ remote: '${showHost(given)}' }`)
    return { kind: 'folder', path: given }
  }
  const { remote } = (given ?? {}) as { remote?: unknown }
  if (typeof remote === 'string' && remote !== '') return { kind: 'remote', url: remote }
  if (isAsyncIterable(given)) {
    return { kind: 'tar', body: Readable.from(given, { objectMode: false }) }
  }
  throw wrongSource('it is none of these', "'/path/of/a/folder'")
}

function wrongSource(got: string, example: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the source of images.build()',
    got,
    todo: `Give a folder's path, a tar as bytes or as a stream, or { remote } for what the daemon fetches: ${example}`,
  })
}

async function chooseBuilder(
  send: Send,
  { builder, secrets, signal }: ImageBuildOptions,
): Promise<BuildPlan['builder']> {
  if (builder === 'buildkit' || builder === 'classic') return builder
  if (builder !== undefined) throw refused('builder', 'there is no such builder', 'Give buildkit or classic.')
  if (secrets !== undefined) return 'buildkit'
  const { builderVersion } = await send.ping({ ...(signal && { signal }) })
  return builderVersion === '2' ? 'buildkit' : 'classic'
}

/** What the other builder takes, and this one would pass over in silence. */
const FOREIGN: Readonly<Record<BuildPlan['builder'], readonly (keyof ImageBuildOptions)[]>> = {
  buildkit: ['memory', 'memswap', 'cpushares', 'cpusetcpus', 'cpuperiod', 'cpuquota', 'squash'],
  classic: ['secrets', 'outputs', 'buildid'],
}

function refuseOthers(builder: BuildPlan['builder'], options: ImageBuildOptions): void {
  const foreign = FOREIGN[builder].find((name) => options[name] !== undefined && options[name] !== false)
  if (foreign !== undefined) {
    const other = builder === 'buildkit' ? 'classic' : 'buildkit'
    const todo = `Leave it out, or build with { builder: '${other}' }.`
    throw refused(foreign, `the builder ${builder} does not have it, and would pass it over in silence`, todo)
  }
  const output = options.outputs?.find(({ Type }) => (Type as string) !== 'moby')
  if (output) throw refused('outputs', `it has the type ${JSON.stringify(output.Type)}`, 'Give moby, or leave it out.')
}

function refused(option: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `the option ${option} of images.build()`, got, todo })
}
