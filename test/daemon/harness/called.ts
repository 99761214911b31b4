import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { RequestEvent } from '../../../lib/transport/diagnostics.ts'
import type { DaemonPlace } from './place.ts'

/** An operation that a real dockerd has answered with a success, and the test file that called it. */
export interface Called {
  /** Without its folder and `.test.ts`. */
  readonly file: string
  readonly method: string
  /** Without the version, ids and names in it. */
  readonly path: string
}

/** Where it is noted: in one file for a whole run, which names it. */
const note = (): string => process.env['DOCKER_MTLS_CALLED'] ?? join(tmpdir(), 'operations-called')

/** Notes from now on what this process asks a daemon in that place. */
export function noteCalls({ socketPath, port }: DaemonPlace): void {
  const seen = new Set<string>()
  const file = basename(process.argv[1] ?? '').replace(/\.test\.ts$/, '')
  subscribe('docker-mtls:request', (event) => {
    const { target, method, path, status = Infinity } = event as RequestEvent
    const line = `${file} ${method} ${path.replace(/^\/v\d+\.\d+(?=\/)/, '')}\n`
    const isOurs = target.endsWith(`:${port}`) || target.endsWith(socketPath)
    if (!isOurs || status >= 300 || seen.has(line)) return
    seen.add(line)
    appendFileSync(note(), line)
  })
}

/** What has been noted in this run; undefined where no daemon was asked at all. */
export function readCalls(): readonly Called[] | undefined {
  if (!existsSync(note())) return undefined
  const lines = readFileSync(note(), 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [file = '', method = '', path = ''] = line.split(' ')
    return { file, method, path }
  })
}
