import { limitSignal } from '../../../base/abort.ts'
import { NotFoundError } from '../../../base/errors.ts'
import { checkOptions } from '../../../base/options.ts'
import { callTimeout } from '../../../transport/time-limits.ts'
import { parseOne } from '../../images/names.ts'
import type { ImageInspectOptions, ImagePullOptions, ImageRemoveOptions } from '../../images/options.ts'
import type { ImageInspect } from '../../images/types/images.ts'
import type { PullMessage, PullResult } from '../../images/types/progress.ts'
import { serves } from '../../newer.ts'
import type { Progress } from '../../stream/progress.ts'
import { checkRequestOptions, REQUEST_OPTIONS } from '../../request-options.ts'
import { changing, ensuring, ifFound } from './call.ts'
import type { ImageEnsureOptions } from './options.ts'
import type { Ensured, EnsuredObject } from './result.ts'

const ENSURE = 'images.ensure()'

/** The calls of images that it needs. */
interface ImageCalls {
  inspect(name: string, options: ImageInspectOptions): Promise<ImageInspect>
  pull(name: string, options: ImagePullOptions): Progress<PullMessage, PullResult>
}

/** Those, and the API version that they use. */
interface Calls {
  readonly images: ImageCalls
  readonly version: string
}

/** Implements {@link Images.ensure}. */
export async function* ensureImage(
  { images, version }: Calls,
  name: string,
  options: ImageEnsureOptions,
  closed: AbortSignal,
): AsyncGenerator<PullMessage, EnsuredObject, undefined> {
  checkOptions(options, ['platform', 'auth', ...REQUEST_OPTIONS], ENSURE)
  checkRequestOptions(options, ENSURE)
  parseOne(name)
  const { timeout, platform, signal: given, ...rest } = options
  given?.throwIfAborted()
  const limits = { timeout, signal: given, closed, late: callTimeout(ENSURE, timeout ?? 0) }
  const { signal, unlink } = limitSignal(limits)
  const inspect = (): Promise<ImageInspect> =>
    images.inspect(name, {
      signal,
      ...(platform !== undefined && serves(version, '1.49') && { platform: parsePlatform(platform) }),
    })
  try {
    const present = await ifFound(inspect())
    if (present && (platform === undefined || isFor(present, platform))) return { changed: false, id: present.Id }
    const pulling = images.pull(name, { ...rest, signal, ...(platform !== undefined && { platform }) })
    for await (const message of pulling) yield message
    const { status } = await pulling
    return { changed: status !== 'up to date', id: (await inspect()).Id }
  } finally {
    unlink()
  }
}

/** Names of the same architecture (containerd, platforms). */
const ALIASES: Readonly<Record<string, string>> = { x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64' }

interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

function parsePlatform(platform: string): Platform {
  const [os = '', architecture = '', variant] = platform.toLowerCase().split('/')
  return { os, architecture: ALIASES[architecture] ?? architecture, ...(variant !== undefined && { variant }) }
}

/** What one side doesn't name is no difference. */
const matches = (wanted: string, found: string): boolean => wanted === '' || found === '' || wanted === found

function isFor({ Os, Architecture, Variant = '' }: ImageInspect, platform: string): boolean {
  const { os, architecture, variant = '' } = parsePlatform(platform)
  return matches(os, Os) && matches(architecture, Architecture) && matches(variant, Variant)
}

/** Implements {@link Images.ensureRemoved}. */
export function ensureImageRemoved(
  images: { remove(name: string, options: ImageRemoveOptions): Promise<unknown> },
  name: string,
  options: ImageRemoveOptions,
): Promise<Ensured> {
  const { signal: _signal, timeout: _timeout, idleTimeout: _idleTimeout, ...how } = options
  return ensuring(
    'images.ensureRemoved()',
    options,
    (step) => changing(images.remove(name, { ...how, ...step }), NotFoundError),
    ['force', 'noprune', 'platforms'],
  )
}
