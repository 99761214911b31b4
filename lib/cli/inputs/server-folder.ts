import type { Context } from '../command.ts'
import { casOf, remember, useFound } from './known.ts'

/** Files in the folder of a server that commands use, and the folder of the one-day client certificate. */
const NAMES = ['ca.pem', 'server-cert.pem', 'server-key.pem', 'override.conf', 'crl.pem', 'probe']

/**
 * Finds the folder with the server's files, as `findServerFolder` does. One that no option names has to be the user's own, and
 * its CA has to be known: dockerd would let in every client of that CA.
 *
 * @param named - by `--from`
 * @returns undefined if none is named and none is found
 * @throws {@link FileError} ERR_FOUND_UNTRUSTED
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 */
export async function serverFolder(named: string | undefined, context: Context): Promise<string | undefined> {
  const { findServerFolder } = await import('../../apply/server-folder.ts')
  const path = await findServerFolder(named)
  if (path === undefined) return undefined
  if (named === undefined) await useFound({ path, option: '--from', names: NAMES }, context)
  else await remember(await casOf({ path, names: NAMES }), context.io.env)
  return path
}
