import { ProvisionError, type ProvisionErrorCode } from '../base/errors.ts'
import { lines, type HostFacts } from './facts.ts'
import { STATE_FOLDER, WRITTEN } from './facts-script.ts'

/** Half of it would do; on a disk that is nearly full something else fails next. */
const ROOM_KIB = 4096

/** A reason why nothing can be done on a host. */
interface Trouble {
  readonly code: ProvisionErrorCode
  readonly got: string
  readonly todo: string
}

/**
 * Refuses a host that we can't, or must not, change: before anything else is looked at.
 *
 * @param facts - what was found on it
 * @param name - of the host, for the message
 * @param purpose - who only reads needs not be root, nor room
 * @throws {@link ProvisionError} ERR_HOST_NOT_ROOT, ERR_HOST_NO_SYSTEMD, ERR_HOST_NO_DOCKER, ERR_HOST_ROOTLESS,
 *   ERR_HOST_DOCKER_DESKTOP, ERR_HOST_READ_ONLY, ERR_HOST_DISK_FULL
 */
export function refuseHost(facts: HostFacts, name: string, purpose: 'read' | 'change' = 'change'): void {
  const tests = purpose === 'read' ? READING : [...READING, noRoot, masked, readOnly, full]
  const found = tests.map((test) => test(facts))
  const trouble = found.find((one) => one !== undefined)
  if (trouble === undefined) return
  const { code, got, todo } = trouble
  throw new ProvisionError(code, { tried: `looking at ${name}`, got, todo })
}

type Test = (facts: HostFacts) => Trouble | undefined

/** Its daemon runs in a virtual machine, whose configuration the desktop application writes. */
const desktop: Test = ({ fact, info, property }) => {
  // Beside it there may be an Engine of the host's own, which is what is meant then.
  const isAlone = fact('desktop') !== '' && (property('service', 'LoadState') !== 'loaded' || isGenerated(property))
  const isLinux = ['Linux', ''].includes(fact('kernel'))
  const isDesktop = isAlone || info?.['OperatingSystem'] === 'Docker Desktop' || !isLinux
  if (!isDesktop) return undefined
  return {
    code: 'ERR_HOST_DOCKER_DESKTOP',
    got: isLinux ? 'its daemon is that of Docker Desktop' : `it is ${fact('kernel')}, and no Linux`,
    todo: 'Docker Desktop manages its daemon by itself, and offers it to this machine alone. Take a host with Docker Engine on Linux.',
  }
}

const rootless: Test = ({ property, daemons, fact }) => {
  const own = daemons.find(({ uid }) => uid !== 0)
  const hasSystemUnit = property('service', 'LoadState') === 'loaded'
  if (own === undefined || (hasSystemUnit && property('service', 'ActiveState') === 'active')) return undefined
  return {
    code: 'ERR_HOST_ROOTLESS',
    got: `its dockerd (process ${own.pid}) runs rootless, as the user ${own.uid}${fact('uid') === '0' ? '' : ', and so do we'}`,
    todo: 'A rootless daemon has its configuration in ~/.config/docker and a unit of its user. Install Docker Engine for the whole system, or reach this one by  ssh:// , which needs no port.',
  }
}

/** What is left of a package that was removed and not purged: a script in /etc/init.d, of which systemd makes a unit. */
function isGenerated(property: HostFacts['property']): boolean {
  return property('service', 'FragmentPath').startsWith('/run/systemd/generator')
}

const noDocker: Test = ({ fact, property, daemons: [running] }) => {
  const isLoaded = ['loaded', 'masked'].includes(property('service', 'LoadState')) && !isGenerated(property)
  if (isLoaded || (fact('systemd') !== 'yes' && fact('dockerd') !== '')) return undefined
  if (running !== undefined) {
    const got = `its dockerd (process ${running.pid}, ${running.exec}) is started by something else than a docker.service`
    return { code: 'ERR_HOST_NO_DOCKER', got, todo: `As that of a snap, it is not ours to change. ${INSTALL}` }
  }
  const got =
    fact('dockerd') === ''
      ? 'Docker Engine is not installed: there is neither a docker.service nor dockerd'
      : `there is ${fact('dockerd')}, and no docker.service that starts it`
  return { code: 'ERR_HOST_NO_DOCKER', got, todo: INSTALL }
}

const INSTALL =
  'Install it with its unit: on Debian and Ubuntu  apt-get install docker.io , else as docs.docker.com/engine/install says.'

const noRoot: Test = ({ fact }) => {
  if (fact('uid') === '0') return undefined
  return {
    code: 'ERR_HOST_NOT_ROOT',
    got: `we are ${fact('user') || `the user ${fact('uid')}`} there, and only root may change the daemon`,
    todo: 'Run it as root:  sudo docker-mtls ...  (with Node from a version manager:  sudo env "PATH=$PATH" npx docker-mtls ... ).',
  }
}

const noSystemd: Test = ({ fact }) => {
  if (fact('systemd') === 'yes') return undefined
  return {
    code: 'ERR_HOST_NO_SYSTEMD',
    got: 'it was not booted by systemd, so no unit starts dockerd there',
    todo: 'Render a daemon.json and start dockerd with it in your own way:  docker-mtls daemon render --daemon-json',
  }
}

const masked: Test = ({ property }) => {
  if (property('service', 'LoadState') !== 'masked') return undefined
  return {
    code: 'ERR_HOST_NO_DOCKER',
    got: 'docker.service is masked: nothing can start it',
    todo: 'Unmask it first:  systemctl unmask docker.service',
  }
}

const readOnly: Test = ({ fact }) => {
  const path = WRITTEN.find((candidate) => fact(`writable:${candidate}`) === 'no')
  if (path === undefined) return undefined
  return {
    code: 'ERR_HOST_READ_ONLY',
    got: `${path} is read-only, even for root`,
    todo: 'Mount it writable (mount -o remount,rw ...), or build the files into the image of this host:  docker-mtls daemon render',
  }
}

const full: Test = ({ fact }) => {
  const path = ['/etc/docker', STATE_FOLDER].find((candidate) => isFull(fact(`room:${candidate}`)))
  if (path === undefined) return undefined
  return {
    code: 'ERR_HOST_DISK_FULL',
    got: `the disk of ${path} has ${fact(`room:${path}`)} KiB left, and ${ROOM_KIB} are wanted`,
    todo: 'Make room on it first; nothing was changed.',
  }
}

/** What is in the way of looking already. */
const READING: readonly Test[] = [desktop, rootless, noDocker, noSystemd]

function isFull(room: string): boolean {
  return lines(room).length === 1 && /^\d+$/.test(room) && Number(room) < ROOM_KIB
}
