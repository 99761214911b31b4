import type { Named } from '../api-error.ts'
import { checkOptions } from '../call.ts'
import { PULL } from './operations.ts'
import type { ImagePullOptions } from './options.ts'
import { registryProgress, type RegistryCall } from './registry-progress.ts'
import type { Send } from '../send.ts'
import { unfinished, type Fold } from '../stream/calls.ts'
import type { Progress } from '../stream/progress.ts'
import type { PullMessage, PullResult } from './types/progress.ts'
import { formatReference, type ImageReference } from '../../registry/reference.ts'
import { authHeaders } from './registry-auth.ts'
import { parseAll, parseOne } from './names.ts'

/** What {@link Images.pull} does. */
export function pull(send: Send, image: string, options: ImagePullOptions): Progress<PullMessage, PullResult> {
  const parse = (): ImageReference => (options.allTags === true ? parseAll(image) : parseOne(image))
  const prepare = async (): Promise<RegistryCall> => {
    checkOptions(PULL, options, NAMES)
    const reference = parse()
    const headers = await authHeaders(options.auth, reference)
    return { call: { names: namesOf(reference), options, headers }, registry: reference.domain }
  }
  return registryProgress(send, PULL, prepare, (request) => pullFold(parse(), request))
}

const NAMES: object = { fromImage: '', tag: '' }

/** A digest goes where a tag goes. */
function namesOf({ name, tag, digest }: ImageReference): Record<string, string> {
  const wanted = digest ?? tag
  return { fromImage: name, ...(wanted !== undefined && { tag: wanted }) }
}

/** The daemon says these two in words alone (moby, distribution/pull_v2.go; daemon/containerd/image_pull.go). */
const DIGEST = /^Digest: (\S+)$/
const STATUS = /^Status: (Downloaded newer image|Image is up to date) for /

function pullFold(reference: ImageReference, request: Named): Fold<PullMessage, PullResult> {
  const one = reference.tag !== undefined || reference.digest !== undefined
  let digest: string | undefined
  let status: PullResult['status']
  return {
    add: ({ status: words = '' }) => {
      digest = DIGEST.exec(words)?.[1] ?? digest
      const told = STATUS.exec(words)?.[1]
      // Of all tags together something was new where one of them was.
      if (told !== undefined) status = told === 'Downloaded newer image' ? 'downloaded' : (status ?? 'up to date')
    },
    result: () => {
      if (one && digest === undefined && status === undefined) throw unfinished(request)
      return {
        reference: formatReference(reference),
        ...(one && digest !== undefined && { digest }),
        ...(status !== undefined && { status }),
      }
    },
  }
}
