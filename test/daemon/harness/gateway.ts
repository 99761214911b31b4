import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SERVER_FILES } from '../../../lib/apply/server-folder.ts'
import { COMMAND } from '../../support/programs.ts'
import type { Daemon } from './dockerd.ts'
import { startService } from './service.ts'

/** Everybody with a certificate may do everything, as at dockerd itself. */
const POLICY = 'version: 1\nrules:\n  - name: everybody\n    who: { any: true }\n    level: privileged\n'

const VARIABLE = 'DOCKER_MTLS_THROUGH_GATEWAY'

/** Whether clients reach the daemons of the tests through a gateway: `npm test -- --through-gateway FILE`. */
export function isThroughGateway(): boolean {
  return process.env[VARIABLE] === '1'
}

/** The daemons that this process starts from now on are behind a gateway. */
export function throughGateway(): void {
  process.env[VARIABLE] = '1'
}

let started = 0

/** How many daemons of this process were put behind a gateway. */
export function countGateways(): number {
  return started
}

/**
 * Starts our own `gateway run` at the address where the daemon would listen, in front of its local socket. It ends with the daemon.
 *
 * @param tls - the certificate and key that it shows, and the CA whose clients it takes
 */
export async function putBehindGateway(
  daemon: Daemon,
  tls: { readonly ca: string; readonly cert: string; readonly key: string },
): Promise<Daemon> {
  const { folder: parent, listen, port } = daemon.place
  const folder = join(parent, 'gateway')
  await mkdir(folder, { recursive: true })
  for (const [index, file] of [tls.ca, tls.cert, tls.key].entries())
    await copyFile(file, join(folder, SERVER_FILES[index] ?? ''))
  const policy = join(folder, 'policy.yaml')
  await writeFile(policy, POLICY)
  const where = ['--from', folder, '--listen', listen[1].slice('tcp://'.length), '--host', listen[0]]
  const args = [...COMMAND, 'gateway', 'run', '--policy', policy, ...where]
  try {
    const gateway = await startService({ program: process.execPath, args, folder, port })
    started++
    const stop: Daemon['stop'] = async (options) => {
      await gateway.stop()
      await daemon.stop(options)
    }
    return { ...daemon, stop }
  } catch (error) {
    await daemon.stop()
    throw error
  }
}
