import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { PkiFolder } from '../../../lib/pki.ts'
import { startDockerd } from './dockerd.ts'
import { chooseDaemonPlace, type DaemonPlace } from './place.ts'
import { renderSecured, type SecuredDaemon } from './secured.ts'

/** Where the daemon of these namespaces and the second one reach each other (RFC 5737: nobody's addresses). */
export const FIRST_ADDRESS = '198.51.100.1'
export const SECOND_ADDRESS = '198.51.100.2'

const NETWORK = 'second'
const CABLE = 'to-second'
const PORT = 2376

/**
 * Starts one more dockerd, as on another machine: with a network of its own, which a cable (veth(4)) leads to, and its
 * own mounts, certificates and data. It ends with this process, whatever happens to that; its network, when it is
 * stopped, or when the next one starts.
 */
export async function startSecondDaemon(): Promise<SecuredDaemon> {
  const place = await secondPlace()
  const pki = new PkiFolder(join(place.folder, 'pki'))
  await pki.ensureAuthority()
  const { paths: server } = await pki.ensureServer([SECOND_ADDRESS])
  const { paths: client } = await pki.ensureClient('tester')
  layCable()
  try {
    const daemon = await startDockerd({ place, argv: renderSecured(place, server), within: elsewhere() })
    const stop = (options?: { readonly keep?: boolean }): Promise<void> => daemon.stop(options).finally(removeCable)
    const host = place.listen[1]
    const clientEnv = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: client.folder }
    return { ...daemon, stop, host, pki, server, client, clientEnv }
  } catch (error) {
    removeCable()
    throw error
  }
}

async function secondPlace(): Promise<DaemonPlace> {
  const place = await chooseDaemonPlace()
  return { ...place, port: PORT, listen: [place.listen[0], `tcp://${SECOND_ADDRESS}:${PORT}`] }
}

/** `ip netns exec` would hide the control groups: it mounts another /sys (ip-netns(8)). */
function elsewhere(): string[] {
  return ['nsenter', `--net=/run/netns/${NETWORK}`, 'unshare', '--mount', '--propagation=private']
}

function layCable(): void {
  removeCable()
  ip('netns', 'add', NETWORK)
  ip('link', 'add', CABLE, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NETWORK)
  ip('address', 'add', `${FIRST_ADDRESS}/30`, 'dev', CABLE)
  ip('link', 'set', CABLE, 'up')
  ip('-n', NETWORK, 'address', 'add', `${SECOND_ADDRESS}/30`, 'dev', 'eth0')
  ip('-n', NETWORK, 'link', 'set', 'eth0', 'up')
  ip('-n', NETWORK, 'link', 'set', 'lo', 'up')
}

function removeCable(): void {
  // Whatever isn't there any more needs no removal.
  spawnSync('ip', ['link', 'delete', CABLE])
  spawnSync('ip', ['netns', 'delete', NETWORK])
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}
