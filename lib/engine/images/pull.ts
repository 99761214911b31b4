import { failureInside, type Named } from '../api-error.ts'
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

/** Implements {@link Images.pull}. */
export function pull(send: Send, image: string, options: ImagePullOptions): Progress<PullMessage, PullResult> {
  const parse = (): ImageReference => (options.allTags === true ? parseAll(image) : parseOne(image))
  const prepare = async (): Promise<RegistryCall> => {
    checkOptions(PULL, options, NAMES)
    const reference = parse()
    const headers = await authHeaders(options.auth, reference)
    return { call: { names: namesOf(reference), options, headers }, registry: reference.domain }
  }
  return registryProgress(send, PULL, prepare, (request) => pullFold(parse(), request, send.podman !== undefined))
}

const NAMES: object = { fromImage: '', tag: '' }

/** A digest is sent as the parameter `tag`. */
function namesOf({ name, tag, digest }: ImageReference): Record<string, string> {
  const wanted = digest ?? tag
  return { fromImage: name, ...(wanted !== undefined && { tag: wanted }) }
}

/** The daemon reports these only as text (moby, distribution/pull_v2.go; daemon/containerd/image_pull.go). */
const DIGEST = /^Digest: (\S+)$/
const STATUS = /^Status: (Downloaded newer image|Image is up to date) for /
/** Docker 28 only warns (executed: 28.5.2); before that, it is the failure of the call (26.1.5). */
const OTHER_PLATFORM = /^WARNING: (.* does not match the specified platform .*)$/

/** The last message of Podman, which reports neither digest nor status (pkg/api/handlers/utils/images.go). */
const DONE_BY_PODMAN = 'Download complete'

function pullFold(reference: ImageReference, request: Named, podman: boolean): Fold<PullMessage, PullResult> {
  const one = reference.tag !== undefined || reference.digest !== undefined
  let digest: string | undefined
  let status: PullResult['status']
  let otherPlatform: string | undefined
  let last: string | undefined
  return {
    add: ({ status: text = '' }) => {
      last = text
      digest = DIGEST.exec(text)?.[1] ?? digest
      otherPlatform = OTHER_PLATFORM.exec(text)?.[1] ?? otherPlatform
      const reported = STATUS.exec(text)?.[1]
      // For several tags: downloaded, if one of them was.
      if (reported !== undefined)
        status = reported === 'Downloaded newer image' ? 'downloaded' : (status ?? 'up to date')
    },
    result: () => {
      if (otherPlatform !== undefined) throw failureInside(request, otherPlatform)
      const isDone = podman ? last === DONE_BY_PODMAN : !one || digest !== undefined || status !== undefined
      if (!isDone) throw unfinished(request)
      return {
        reference: formatReference(reference),
        ...(one && digest !== undefined && { digest }),
        ...(status !== undefined && { status }),
      }
    },
  }
}
