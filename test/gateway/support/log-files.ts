import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openAuditLog, verifyAuditLog, type AuditLogOptions } from '../../../lib/gateway.ts'
import { LogFile } from '../../../lib/gateway/log/file.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { dial, readUntil } from './fixture.ts'

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

/** The status of one request on a connection of its own, and the reason of the gateway. */
export async function answerOn(t: TestContext, port: number, line: string): Promise<string> {
  const socket = await dial(t, port)
  socket.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`)
  const text = await readUntil(socket, /OK$|\}\n/)
  socket.destroy()
  return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] + (/Reason: (\S+)/.exec(text)?.[1] ?? '')
}

/** Lets the next write of a log hang until the signal aborts. */
export function stall(t: TestContext): AbortController {
  const over = new AbortController()
  const append = t.mock.method(LogFile.prototype, 'append', async function (this: LogFile, bytes: Buffer) {
    if (!over.signal.aborted) await once(over.signal, 'abort')
    append.mock.restore()
    return this.append(bytes)
  })
  return over
}
