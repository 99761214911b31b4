import type { z } from 'zod'
import { DockerApiError, DockerMtlsError, isDockerMtlsError, NotFoundError } from '../../base/errors.ts'
import { Semaphore } from '../../base/semaphore.ts'
import type { DockerClient } from '../../engine/client.ts'
import type { Part } from './snapshot.ts'

/** Requests at once. More would not be faster, and the daemon has other work. */
const REQUESTS_AT_ONCE = 16

/** A client, and the limits of its requests. */
export interface Collection {
  readonly docker: DockerClient
  /** Of each request. */
  readonly limits: { readonly signal?: AbortSignal | undefined; readonly timeout: number }
  /** How many requests are sent at once. */
  readonly slots: Semaphore
}

export function collectionOf(docker: DockerClient, limits: Collection['limits']): Collection {
  return { docker, limits, slots: new Semaphore(REQUESTS_AT_ONCE) }
}

/** Reads one part, at most 16 at once. Only the caller's abort is thrown; every other failure is the reason why the part is unknown. */
export async function read<Type>(
  type: z.ZodType<Type>,
  { limits: { signal, timeout }, slots }: Collection,
  call: () => Promise<unknown>,
): Promise<Part<Type>> {
  try {
    const parsed = type.safeParse(await slots.run(call, signal))
    return parsed.success ? { value: parsed.data } : { unknown: 'the answer of the daemon has an unexpected form' }
  } catch (error) {
    signal?.throwIfAborted()
    if (isDockerMtlsError(error, 'ERR_CALL_TIMEOUT')) return { unknown: `no answer within ${timeout / 1000} s` }
    return { unknown: reasonOf(error) }
  }
}

/** Reasons of a policy for what an audit reads. Others are about the certificate, or the gateway itself. */
const BY_POLICY: ReadonlySet<string> = new Set(['IDENTITY_UNKNOWN', 'OPERATION_REFUSED'])
const ENOUGH =
  'Give this client a rule with the level read-only; for the swarm of a manager also with  allow: { operations: [swarm.inspect, configs.list] }'

/** Only what a gateway refuses has a remedy on this way to the daemon. */
function reasonOf(error: unknown): string {
  if (!(error instanceof DockerMtlsError)) return String(error)
  if (!(error instanceof DockerApiError) || error.gatewayReason === undefined) return error.got
  return `${error.got}. ${BY_POLICY.has(error.gatewayReason) ? ENOUGH : error.todo}`
}

/** The same for an object that was listed before. Undefined if it was removed meanwhile. */
export async function readIfThere<Type>(
  type: z.ZodType<Type>,
  on: Collection,
  call: () => Promise<unknown>,
): Promise<Part<Type> | undefined> {
  let isGone = false
  const part = await read(type, on, async () => {
    try {
      return await call()
    } catch (error) {
      isGone = error instanceof NotFoundError
      throw error
    }
  })
  return isGone ? undefined : part
}
