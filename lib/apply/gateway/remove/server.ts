import { readIfThere } from '../../../base/files.ts'
import { readGatewayUnit } from '../../../daemon-config/gateway-unit.ts'
import { findProbe, type Probe } from '../../source.ts'
import { findServerFolder } from '../../server-folder.ts'
import { loadServerFiles, type ServerFiles } from '../../server-files.ts'
import { GATEWAY_FILES, GATEWAY_FOLDER, UNIT_PATH } from '../files.ts'

/**
 * Loads the server's files of the gateway on this machine, with which dockerd can take its place.
 *
 * @returns undefined without a gateway
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 */
export async function gatewayServer(): Promise<ServerFiles | undefined> {
  const unit = await readIfThere(UNIT_PATH)
  if (unit === undefined && (await readIfThere(GATEWAY_FILES.cert)) === undefined) return undefined
  return loadServerFiles(readGatewayUnit(unit ?? '').from ?? GATEWAY_FOLDER)
}

/**
 * Finds the one-day client certificate for the verification of a dockerd with these files: in the named folder, or where
 * `init --probe` has written it. There, one of another CA is ignored: dockerd would refuse it.
 *
 * @throws {@link IdentityError} if the named folder has one that no daemon would accept
 */
export async function findRemovalProbe(
  named: string | undefined,
  server: ServerFiles | undefined,
): Promise<Probe | undefined> {
  const folder = await findServerFolder(undefined)
  return findProbe(named, { ...(folder !== undefined && { folder }), ...(server && { server }) })
}
