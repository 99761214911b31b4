import { PULLED as PULLED_BY_PODMAN } from '../../base/wordings/podman.ts'
import * as said from '../../base/wordings/streams.ts'
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

function pullFold(reference: ImageReference, request: Named, podman: boolean): Fold<PullMessage, PullResult> {
  const one = reference.tag !== undefined || reference.digest !== undefined
  let digest: string | undefined
  let status: PullResult['status']
  let otherPlatform: string | undefined
  let isLastOfPodman = false
  return {
    add: ({ status: text = '' }) => {
      isLastOfPodman = PULLED_BY_PODMAN.pattern.test(text)
      digest = said.PULLED_DIGEST.pattern.exec(text)?.[1] ?? digest
      otherPlatform = said.PULLED_OTHER_PLATFORM.pattern.exec(text)?.[1] ?? otherPlatform
      const reported = said.PULLED.pattern.exec(text)?.[1]
      // For several tags: downloaded, if one of them was.
      if (reported !== undefined)
        status = reported === 'Downloaded newer image' ? 'downloaded' : (status ?? 'up to date')
    },
    result: () => {
      if (otherPlatform !== undefined) throw failureInside(request, otherPlatform)
      const isDone = podman ? isLastOfPodman : !one || digest !== undefined || status !== undefined
      if (!isDone) throw unfinished(request)
      return {
        reference: formatReference(reference),
        ...(one && digest !== undefined && { digest }),
        ...(status !== undefined && { status }),
      }
    },
  }
}
