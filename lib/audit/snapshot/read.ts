import type { z } from 'zod'
import { DockerMtlsError, NotFoundError } from '../../base/errors.ts'
import type { DockerClient } from '../../engine/client.ts'
import type { Part } from './snapshot.ts'

/** Requests at once. More would not be faster, and the daemon has other work. */
const REQUESTS_AT_ONCE = 16

/** A client, and the limits of each of its requests. */
export interface Collection {
  readonly docker: DockerClient
  readonly limits: { readonly signal?: AbortSignal | undefined; readonly timeout: number }
}

/** Reads one part. Only the caller's abort is thrown; every other failure is the reason why the part is unknown. */
export async function read<Type>(
  type: z.ZodType<Type>,
  { limits: { signal } }: Collection,
  call: () => Promise<unknown>,
): Promise<Part<Type>> {
  try {
    const parsed = type.safeParse(await call())
    return parsed.success ? { value: parsed.data } : { unknown: 'the answer of the daemon has an unexpected form' }
  } catch (error) {
    signal?.throwIfAborted()
    return { unknown: error instanceof DockerMtlsError ? error.got : String(error) }
  }
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

/** Runs a task for each item, at most 16 at once. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await task(items[index] as Item)
  }
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work))
  return results
}
