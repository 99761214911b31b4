import { dirname, resolve } from 'node:path'
import { isThere } from '../../base/files.ts'
import { caPaths } from '../../keystore/layout.ts'
import type { DockerClient } from '../../engine/client.ts'
import { DEFAULT_FOLDER } from '../command-line/options.ts'
import type { Context } from '../command.ts'
import { caHomes } from './key-folder.ts'
import { isOwnFolder } from './known.ts'

/** {@link noteShown} for a connection over TLS. */
export async function noteConnection({ dispatcher, endpoint }: DockerClient, context: Context): Promise<void> {
  const { peer } = dispatcher
  if (peer !== undefined) await noteShown(peer.certificate.fingerprint256, context, endpoint.certPath)
}

/**
 * Notes which certificate a server has presented, in the folder of its CA: that of the client's files, and those that commands
 * find by themselves. It writes only to folders that nobody else could have written, and whose CA this user uses. It is no
 * failure if nothing can be noted.
 *
 * @param certPath - the folder of the client's files
 */
export async function noteShown(fingerprint256: string, { io }: Context, certPath?: string): Promise<void> {
  const { noteSeen } = await import('../../keystore/presented.ts')
  const roots = new Set(
    [...(certPath === undefined ? [] : [dirname(dirname(resolve(certPath)))]), DEFAULT_FOLDER, ...caHomes(io.env)].map(
      (path) => resolve(path),
    ),
  )
  for (const root of roots) {
    try {
      if ((await isThere(caPaths(root).ledger)) && (await isOwnFolder(root, io.env)))
        await noteSeen(root, fingerprint256)
    } catch {
      // Somebody else's connection works as well.
    }
  }
}
