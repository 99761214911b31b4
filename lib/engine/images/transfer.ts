import { LOADED } from '../../base/wordings/streams.ts'
import { ArgumentError } from '../../base/errors.ts'
import type { Bytes } from '../../transport/body.ts'
import { watchInput } from '../../transport/given-streams.ts'
import type { Named } from '../api-error.ts'
import { refuseTwoTags } from './names.ts'
import { parseReference } from '../../registry/reference.ts'
import { checkOptions, withDefaults, type Call } from '../call.ts'
import { CREATE, IMPORT, LOAD } from './operations.ts'
import type { ImageCreateOptions, ImageImportOptions, ImageLoadOptions } from './options.ts'
import { registryProgress, type RegistryCall } from './registry-progress.ts'
import type { Send } from '../send.ts'
import { progress, unfinished, type Fold } from '../stream/calls.ts'
import type { Progress } from '../stream/progress.ts'
import type { ImportMessage, ImportResult, LoadMessage, LoadResult } from './types/progress.ts'
import type { ProgressMessage } from '../types/progress.ts'
import { authHeaders } from './registry-auth.ts'

/** Implements {@link Images.create}. */
export function create(
  send: Send,
  options: ImageCreateOptions,
  source: Bytes | undefined,
): Progress<ProgressMessage, void> {
  watchInput(source)
  const { fromImage } = options ?? {}
  if (fromImage === undefined) return progress(send, CREATE, () => ({ options, body: source }), noFold)
  const prepare = async (): Promise<RegistryCall> => {
    const { auth } = checkOptions(CREATE, options)
    const reference = parseReference(fromImage)
    const headers = await authHeaders(auth, reference)
    return { call: { options, headers, body: source }, registry: reference.domain }
  }
  return registryProgress(send, CREATE, prepare, noFold)
}

/** Ignores all messages. */
function noFold(): Fold<ProgressMessage, void> {
  return { add: () => {}, result: () => {} }
}

/** Implements {@link Images.import}. */
export function importImage(
  send: Send,
  source: string | Bytes,
  options: ImageImportOptions,
): Progress<ImportMessage, ImportResult> {
  watchInput(source)
  const prepare = (): Call => {
    refuseTwoTags('images.import()', options?.repo, options)
    return typeof source === 'string'
      ? { names: { fromSrc: checkUrl(source) }, options }
      : { names: { fromSrc: '-' }, options, body: present(source) }
  }
  return progress(send, IMPORT, prepare, importFold)
}

/** undefined would be sent as an empty body, but null is refused, like every value that isn't bytes. */
function present(bytes: Bytes | null | undefined): Bytes {
  return bytes ?? (null as never)
}

/** The daemon would take any text for a host, even a local path. */
function checkUrl(source: string): string {
  if (/^https?:\/\//i.test(source)) return source
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the source of images.import()',
    got: 'it is not an http or https URL',
    todo: 'Pass a URL that the daemon can fetch, or the tar itself, such as createReadStream(PATH).',
  })
}

function importFold(request: Named): Fold<ImportMessage, ImportResult> {
  let id: string | undefined
  return {
    add: ({ status = '' }) => {
      if (/^sha256:[0-9a-f]{64}$/.test(status)) id = status
    },
    result: () => {
      if (id === undefined) throw unfinished(request)
      return { id }
    },
  }
}

/** Implements {@link Images.load}. */
export function load(send: Send, tar: Bytes, options: ImageLoadOptions): Progress<LoadMessage, LoadResult> {
  watchInput(tar)
  // The daemon's default is quiet, unlike the specification's (moby, router/image/image_routes.go).
  return progress(
    send,
    LOAD,
    () => ({ body: present(tar), options: withDefaults(options, { quiet: false }) }),
    loadFold,
  )
}

function loadFold(): Fold<LoadMessage, LoadResult> {
  const images: string[] = []
  return {
    add: ({ stream = '' }) => {
      for (const [, name = ''] of stream.matchAll(LOADED.pattern)) images.push(name)
    },
    result: () => ({ images }),
  }
}
