import { promises as fs } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { PkiError } from '../../base/errors.ts'
import { hasCa } from './has-ca.ts'

/** What `init` and `setup` create in their folder. */
const PARTS = new Set(['ca', 'clients', 'server', 'hosts'])
const PARTS_WITH_FOLDERS = new Set(['clients', 'hosts'])

/**
 * Refuses a file, and a part of a folder that `init` created, where that folder is expected. A CA in it would be a second one.
 *
 * @throws {@link PkiError} ERR_CA_MISSING
 */
export async function refusePart(folder: string): Promise<void> {
  const fault = await partFault(folder)
  if (fault === undefined) return
  throw new PkiError('ERR_CA_MISSING', {
    tried: `using the folder ${folder}`,
    got: fault,
    todo: 'Name the folder that init created, or that it shall create.',
  })
}

/** Why the path can't be the folder of a CA; undefined if it can. */
export async function partFault(folder: string): Promise<string | undefined> {
  const stats = await fs.stat(folder).catch(() => undefined)
  if (stats !== undefined && !stats.isDirectory()) return 'it is a file, not a folder'
  const whole = await wholeOf(resolve(folder))
  return whole === undefined || (await hasCa(folder)) ? undefined : `it is a part of the folder ${whole}`
}

/** The folder of `init` that has this one as a part. */
async function wholeOf(folder: string): Promise<string | undefined> {
  const above = dirname(folder)
  if (PARTS.has(basename(folder)) && (await hasCa(above))) return above
  return PARTS_WITH_FOLDERS.has(basename(above)) && (await hasCa(dirname(above))) ? dirname(above) : undefined
}
