import { readIfThere } from '../../../base/files.ts'
import { readGatewayUnit } from '../../../daemon-config/gateway-unit.ts'
import { loadServerFiles, type ServerFiles } from '../../server-files.ts'
import { GATEWAY_FOLDER, UNIT_PATH } from '../files.ts'

/**
 * Loads the server's files of the gateway on this machine, with which dockerd can take its place.
 *
 * @returns undefined without a gateway
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 */
export async function gatewayServer(): Promise<ServerFiles | undefined> {
  const unit = await readIfThere(UNIT_PATH)
  return unit === undefined ? undefined : loadServerFiles(readGatewayUnit(unit).from ?? GATEWAY_FOLDER)
}
