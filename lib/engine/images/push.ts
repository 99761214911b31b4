import { PUSHED } from '../../base/wordings/streams.ts'
import type { Named } from '../api-error.ts'
import { checkOptions } from '../call.ts'
import { PUSH } from './operations.ts'
import type { ImagePushOptions } from './options.ts'
import { registryProgress, type RegistryCall } from './registry-progress.ts'
import type { Send } from '../send.ts'
import { unfinished, type Fold } from '../stream/calls.ts'
import type { Progress } from '../stream/progress.ts'
import type { PushedTag, PushMessage, PushResult } from './types/progress.ts'
import { authHeaders } from './registry-auth.ts'
import { parseAll, parseTagged } from './names.ts'

/** Implements {@link Images.push}. */
export function push(send: Send, image: string, options: ImagePushOptions): Progress<PushMessage, PushResult> {
  const prepare = async (): Promise<RegistryCall> => {
    const { auth, allTags } = checkOptions(PUSH, options, { tag: '' })
    const reference = allTags === true ? parseAll(image) : parseTagged(image)
    const { name, tag, domain: registry } = reference
    const headers = await authHeaders(auth, reference)
    const names = tag === undefined ? {} : { tag }
    return { call: { ids: [name], names, options, headers }, registry }
  }
  return registryProgress(send, PUSH, prepare, pushFold)
}

export function pushFold(request: Named): Fold<PushMessage, PushResult> {
  const pushed = new Map<string, PushedTag>()
  return {
    add: (message) => {
      const found = pushedIn(message)
      if (found !== undefined) pushed.set(found.tag, found)
    },
    result: () => {
      const tags = [...pushed.values()]
      const [first] = tags
      if (first === undefined) throw unfinished(request)
      return { ...first, tags }
    },
  }
}

function pushedIn({ aux, status = '' }: PushMessage): PushedTag | undefined {
  const { Tag: tag, Digest: digest, Size: size } = (aux ?? {}) as { Tag?: unknown; Digest?: unknown; Size?: unknown }
  if (typeof tag === 'string' && typeof digest === 'string' && typeof size === 'number') return { tag, digest, size }
  const [, name, sum, bytes] = PUSHED.pattern.exec(status) ?? []
  return name === undefined || sum === undefined ? undefined : { tag: name, digest: sum, size: Number(bytes) }
}
