import { PkiError } from '../../base/errors.ts'
import { option, ours, sentence } from '../../base/sentence.ts'
import { loadServerFiles, type ServerFiles } from '../server-files.ts'
import { findServerFolder } from '../server-folder.ts'
import { GATEWAY_FOLDER } from './files.ts'
import type { RequestedGateway } from './requested.ts'

/**
 * The server's files for a gateway: those that are given, or those on this host, of the gateway or of dockerd.
 *
 * @param tlsDir - the folder of dockerd's files
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 */
export async function serverFor({ server }: RequestedGateway, tlsDir: string): Promise<ServerFiles & { key: string }> {
  if (server?.key !== undefined) return { ...server, key: server.key }
  for (const folder of [GATEWAY_FOLDER, tlsDir]) {
    const there = await findServerFolder(folder).catch(() => undefined)
    if (there === undefined) continue
    const { key = '', ...files } = await loadServerFiles(there)
    return { ...files, key }
  }
  throw new PkiError('ERR_PKI_FILE_INVALID', {
    tried: "looking for the server's certificate",
    got: `no folder is named, and neither ${GATEWAY_FOLDER} nor ${tlsDir} contains ca.pem, server-cert.pem and server-key.pem`,
    todo: sentence`Create it where the CA is (${ours('init', 'NAME')}), copy the folder server/ to this host, and name it:  ${option('from', 'server')}`,
  })
}
