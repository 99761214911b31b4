import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openAuditLog, verifyAuditLog, type AuditLogOptions } from '../../../lib/gateway.ts'
import { temporaryFolder } from '../../support/temporary.ts'

export async function pathIn(t: TestContext): Promise<string> {
  return join(await temporaryFolder(t), 'audit.log')
}

/** A line of a log. */
interface Line {
  readonly n: number
  readonly event: string
  readonly [key: string]: string | number | undefined
}

export const linesOf = async (path: string): Promise<Line[]> =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

/** Writes some events, and closes the log. */
export async function write(path: string, count: number, options: Partial<AuditLogOptions> = {}): Promise<void> {
  const log = await openAuditLog({ path, ...options })
  for (let index = 0; index < count; index++)
    await log.record({ event: 'cut', identity: `CN=client ${index}`, reason: 'CERTIFICATE_REVOKED' })
  await log.close()
}

/** Kind and line of each. */
export const faultsOf = async (path: string): Promise<string[]> =>
  (await verifyAuditLog([path])).faults.map(({ kind, line }) => `${kind} ${line}`)
