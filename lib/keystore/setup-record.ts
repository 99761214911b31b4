import { join } from 'node:path'
import { SETUP_RECORD } from './leaf-files.ts'
import { serverPaths } from './layout.ts'
import { clientNames } from './list.ts'
import { readRecord, writeRecord } from './record-file.ts'

/** How `setup` has set a host up: the options that another run needs to do the same. */
export interface SetupRecord {
  /** `ssh://USER@HOST:PORT` */
  readonly ssh: string
  readonly client: string
  /** The names that were requested beside the one in the URL. */
  readonly names: readonly string[]
  /** The requested name of the docker context; false: none was requested. Absent: it has the name of the host. */
  readonly context?: string | false
  readonly gateway: boolean
}

/** Notes how a host was set up, in its folder. */
export function writeSetupRecord(root: string, host: string, record: SetupRecord): Promise<void> {
  return writeRecord(recordPath(root, host), record)
}

/** @returns undefined if an earlier release set the host up, or if the file is damaged */
export function readSetupRecord(root: string, host: string): Promise<SetupRecord | undefined> {
  return readRecord(recordPath(root, host), isSetupRecord)
}

/**
 * The words of the command that sets a host up again, as before.
 *
 * @param without - a client that must not be named, because it loses its access
 * @returns undefined if that isn't known
 */
export async function setupWords(root: string, host: string, without?: string): Promise<string[] | undefined> {
  const record = await readSetupRecord(root, host)
  if (record === undefined) return undefined
  const { ssh, client, names, context, gateway } = record
  const isThere = client !== without && (await clientNames(root)).includes(client)
  return [
    'setup',
    ...(gateway ? ['--gateway'] : []),
    ssh,
    ...(isThere ? ['--client', client] : []),
    ...names.flatMap((name) => ['--name', name]),
    ...(context === undefined ? [] : context === false ? ['--no-context'] : ['--context', context]),
  ]
}

function recordPath(root: string, host: string): string {
  return join(serverPaths(root, host).folder, SETUP_RECORD)
}

function isSetupRecord(value: unknown): value is SetupRecord {
  if (typeof value !== 'object' || value === null) return false
  const { ssh, client, names, context, gateway } = value as Record<string, unknown>
  return (
    typeof ssh === 'string' &&
    ssh.startsWith('ssh://') &&
    typeof client === 'string' &&
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    (context === false || ['undefined', 'string'].includes(typeof context)) &&
    typeof gateway === 'boolean'
  )
}
