import type { DockerClient } from '../../engine/client.ts'
import { DockerMtlsError } from '../../base/errors.ts'
import { hardenContainer } from '../harden/harden-container.ts'
import type { HardenedContainer } from '../harden/plan.ts'
import type { AuditReport } from '../report.ts'

/** Hardens each container that has a failure without an exception. One that can't be read any more is left out. */
export async function hardenFailing(
  docker: DockerClient,
  { findings }: Pick<AuditReport, 'findings'>,
  signal: AbortSignal | undefined,
): Promise<readonly HardenedContainer[]> {
  const failing = findings.filter(({ status, exception }) => status === 'fail' && exception === undefined)
  const ids = new Set(failing.flatMap(({ subject }) => (subject.kind === 'container' ? [subject.id] : [])))
  const found: HardenedContainer[] = []
  for (const id of ids) {
    try {
      found.push(await hardenContainer(docker, id, { signal }))
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof DockerMtlsError)) throw error
    }
  }
  return found
}
