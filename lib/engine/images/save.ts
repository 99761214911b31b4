import type { Readable } from 'node:stream'
import { ArgumentError } from '../../base/errors.ts'
import { withDefaults, type Call } from '../call.ts'
import { GET, GET_ALL } from './operations.ts'
import type { Operation } from '../operation.ts'
import type { ImageSaveOptions } from './options.ts'
import type { Send } from '../send.ts'
import { archiveStream } from '../stream/archive.ts'

/** Implements {@link Images.save}. */
export async function save(
  send: Send,
  images: string | readonly string[],
  options: ImageSaveOptions,
): Promise<Readable> {
  const [operation, call] = callFor(images, options)
  const { body } = await send.stream(operation, call)
  return archiveStream(body, send.named(operation, call))
}

function callFor(images: string | readonly string[], options: ImageSaveOptions): [Operation, Call] {
  if (typeof images === 'string') return [GET, { ids: [images], options }]
  const fits = Array.isArray(images) && images.length > 0 && images.every((name) => typeof name === 'string' && name)
  if (fits) return [GET_ALL, { options: withDefaults(options, {}, { names: images }) }]
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the images of images.save()',
    got: 'they are neither a name nor a list of names',
    todo: "Pass 'app:1' or ['app:1', 'app:2'].",
  })
}
