import { isThere } from '../../base/files.ts'
import { clientFolder, defaultFolder, presentKeys } from '../../keystore/client/folder.ts'
import type { Context } from '../command.ts'
import { remember, useFound, type Mark } from './known.ts'

/**
 * Makes sure that the folder of a client's key is the user's own if no option names it, and that the key in it was created or
 * used by this user: whoever has put another key there could use the certificate.
 *
 * @param name - the client's name, checked
 * @param option - what names the folder
 * @throws {@link FileError} ERR_FOUND_UNTRUSTED
 */
export async function useKeyFolder(name: string, option: '--out' | '--dir', context: Context): Promise<void> {
  const path = defaultFolder(name)
  // Only a request creates it.
  if (option === '--out' || (await isThere(path))) await useFound({ path, option }, context, await keysIn(path))
}

/** Notes the keys in the folder of a client as those of this user. */
export async function rememberKeys(folder: string, { io }: Context): Promise<void> {
  await remember(await keysIn(folder), io.env)
}

async function keysIn(folder: string): Promise<Mark[]> {
  const keys = await presentKeys(clientFolder(folder))
  return keys.flatMap(({ path, fingerprint256 }) =>
    fingerprint256 === undefined ? [] : { what: `the key ${path} (SHA-256 ${fingerprint256})`, fingerprint256 },
  )
}
