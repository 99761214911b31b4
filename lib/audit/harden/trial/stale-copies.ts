import type { DockerClient } from '../../../engine/client.ts'
import { removeAll } from '../../../engine/workflows/clean-up.ts'
import { COPY_OF, REMOVE_AFTER } from './copy-request.ts'

/** Removes copies that an earlier run left behind because it was killed. The labels say which, and from when on. */
export async function removeStaleCopies(
  docker: DockerClient,
  now: Date,
  signal: AbortSignal | undefined,
): Promise<void> {
  const copies = await docker.containers.list({ all: true, filters: { label: COPY_OF }, signal })
  const stale = copies.filter(({ Labels }) => {
    const end = Date.parse(Labels?.[REMOVE_AFTER] ?? '')
    return !Number.isNaN(end) && end < now.getTime()
  })
  for (const { Id } of stale) await removeAll(docker.containers, Id)
}
