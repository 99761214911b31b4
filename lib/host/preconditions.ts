import { ProvisionError, type ProvisionErrorCode } from '../base/errors.ts'
import { command, ours, SELF, sentence, type Sentence } from '../base/sentence.ts'
import { isActive, type HostFacts } from './facts.ts'
import { STATE_FOLDER, WRITTEN_FOLDERS } from './facts-script.ts'

/** Twice the space that an apply needs, since other programs fail on a disk that is nearly full. */
const REQUIRED_KIB = 4096

/** A reason why docker-mtls can't change a host. */
export interface UnmetPrecondition {
  readonly code: ProvisionErrorCode
  readonly got: string
  readonly todo: Sentence
}

/**
 * Refuses a host that docker-mtls can't or must not change.
 *
 * @param facts - the facts about the host
 * @param name - the name of the host, for the message
 * @param purpose - `read` checks only what reading needs: neither root nor free disk space. `undo` is for what takes changes
 *   back, `gateway` for a gateway in front of dockerd
 * @param settings - the flags with which `daemon render` renders the requested settings
 * @throws {@link ProvisionError} ERR_HOST_NOT_ROOT, ERR_HOST_NO_SYSTEMD, ERR_HOST_NO_DOCKER, ERR_HOST_ROOTLESS,
 *   ERR_HOST_DOCKER_DESKTOP, ERR_HOST_READ_ONLY, ERR_HOST_DISK_FULL
 */
export function refuseHost(
  facts: HostFacts,
  name: string,
  purpose: 'read' | 'undo' | 'change' | 'gateway' = 'change',
  settings: readonly string[] = [],
): void {
  const preconditions =
    purpose === 'read' ? READ_PRECONDITIONS : [...READ_PRECONDITIONS, noRoot, masked, readOnly, diskFull]
  const results = preconditions.map((check) => check(facts, settings))
  const unmet = results.find((result) => result !== undefined)
  if (unmet === undefined) return
  const { code, got } = unmet
  const todo = purpose !== 'change' && code === 'ERR_HOST_NO_SYSTEMD' ? WITHOUT_SYSTEMD[purpose] : unmet.todo
  throw new ProvisionError(code, { tried: `inspecting ${name}`, got, todo })
}

const NOTHING_APPLIED =
  'An apply needs systemd, so docker-mtls has changed nothing here. Look at the command line of dockerd and at its daemon.json yourself.'

const WITHOUT_SYSTEMD: Readonly<Record<'read' | 'undo' | 'gateway', Sentence>> = {
  read: NOTHING_APPLIED,
  undo: NOTHING_APPLIED,
  gateway: sentence`Let dockerd listen on its local socket alone, start the gateway yourself, and keep it running:  ${ours('gateway', 'run', '--policy', 'policy.yaml')}`,
}

/**
 * Why no apply is possible on this machine, which may be a container or a laptop.
 *
 * @param settings - the flags with which `daemon render` renders the requested settings
 * @returns undefined if it has systemd and Docker Engine
 */
export function whyNoApply(facts: HostFacts, settings: readonly string[]): UnmetPrecondition | undefined {
  return [desktop, noDocker, noSystemd].map((check) => check(facts, settings)).find((result) => result !== undefined)
}

type Precondition = (facts: HostFacts, settings: readonly string[]) => UnmetPrecondition | undefined

/** Docker Desktop runs its daemon in a virtual machine, and writes the configuration itself. */
const desktop: Precondition = ({ fact, info, property }) => {
  // A host may have both Docker Desktop and Docker Engine. Then docker-mtls configures the Engine.
  const isAlone = fact('desktop') !== '' && (property('service', 'LoadState') !== 'loaded' || isGenerated(property))
  const isLinux = ['Linux', ''].includes(fact('kernel'))
  const isDesktop = isAlone || info?.['OperatingSystem'] === 'Docker Desktop' || !isLinux
  if (!isDesktop) return undefined
  return {
    code: 'ERR_HOST_DOCKER_DESKTOP',
    got: isLinux ? 'Docker Desktop manages its daemon' : `its operating system is ${fact('kernel')}, not Linux`,
    todo: "Use a host with Docker Engine on Linux. Docker Desktop's daemon is available only on its own machine.",
  }
}

const rootless: Precondition = ({ property, daemons }) => {
  const own = daemons.find(({ uid }) => uid !== 0)
  const hasSystemUnit = property('service', 'LoadState') === 'loaded'
  if (own === undefined || (hasSystemUnit && isActive({ property }))) return undefined
  return {
    code: 'ERR_HOST_ROOTLESS',
    got: `its dockerd (process ${own.pid}) runs rootless, as the user ${own.uid}`,
    todo: 'Connect to a rootless daemon over ssh://, which needs no port, or install Docker Engine for the whole system.',
  }
}

/** A package that was removed but not purged leaves a script in /etc/init.d, and systemd generates a unit from it. */
function isGenerated(property: HostFacts['property']): boolean {
  return property('service', 'FragmentPath').startsWith('/run/systemd/generator')
}

const noDocker: Precondition = ({ fact, property, daemons: [running] }) => {
  const isLoaded = ['loaded', 'masked'].includes(property('service', 'LoadState')) && !isGenerated(property)
  if (isLoaded || (fact('systemd') !== 'yes' && fact('dockerd') !== '')) return undefined
  if (running !== undefined) {
    const got = `no docker.service starts its dockerd (process ${running.pid}, ${running.exec}); it may come from a snap`
    return { code: 'ERR_HOST_NO_DOCKER', got, todo: INSTALL }
  }
  const got =
    fact('dockerd') === ''
      ? 'Docker Engine is not installed: neither docker.service nor dockerd exists'
      : `${fact('dockerd')} exists, but no docker.service that starts it`
  return { code: 'ERR_HOST_NO_DOCKER', got, todo: INSTALL }
}

const INSTALL: Sentence = sentence`Install Docker Engine with its unit, as docs.docker.com/engine/install describes. On Debian and Ubuntu:  ${command('apt-get', 'install', 'docker.io')}`

const noRoot: Precondition = ({ fact }) => {
  if (fact('uid') === '0') return undefined
  return {
    code: 'ERR_HOST_NOT_ROOT',
    got: `docker-mtls runs as ${fact('user') || `the user ${fact('uid')}`}, and only root may change the daemon`,
    todo: sentence`Run it as root:  sudo ${SELF} ...  With Node from a version manager:  sudo env "PATH=$PATH" ${SELF} ...`,
  }
}

const noSystemd: Precondition = ({ fact }, settings) => {
  if (fact('systemd') === 'yes') return undefined
  return {
    code: 'ERR_HOST_NO_SYSTEMD',
    got: "the host wasn't booted with systemd, so no unit starts dockerd",
    todo: sentence`Render a daemon.json, copy the server's files to the folder that it names, and start dockerd with it yourself:  ${ours('daemon', 'render', '--without-systemd', ...settings, '--write', 'daemon.json')}  Then:  ${command('dockerd', '--config-file', 'daemon.json')}`,
  }
}

const masked: Precondition = ({ property }) => {
  if (property('service', 'LoadState') !== 'masked') return undefined
  return {
    code: 'ERR_HOST_NO_DOCKER',
    got: 'docker.service is masked, so nothing can start it',
    todo: sentence`Unmask it first:  ${command('systemctl', 'unmask', 'docker.service')}`,
  }
}

const readOnly: Precondition = ({ fact }, settings) => {
  const path = WRITTEN_FOLDERS.find((candidate) => fact(`writable:${candidate}`) === 'no')
  if (path === undefined) return undefined
  return {
    code: 'ERR_HOST_READ_ONLY',
    got: `${path} is read-only, even for root`,
    todo: sentence`Mount it writable (mount -o remount,rw ...). If the host has a fixed image, render the files and add them to that image:  ${ours('daemon', 'render', ...settings)}`,
  }
}

const diskFull: Precondition = ({ fact }) => {
  const path = ['/etc/docker', STATE_FOLDER].find((candidate) => isFull(fact(`room:${candidate}`)))
  if (path === undefined) return undefined
  return {
    code: 'ERR_HOST_DISK_FULL',
    got: `the disk of ${path} has ${fact(`room:${path}`)} KiB left, but an apply needs ${REQUIRED_KIB}`,
    todo: 'Free disk space there first. Nothing was changed.',
  }
}

/** Preconditions for reading the state of a host. */
const READ_PRECONDITIONS: readonly Precondition[] = [desktop, rootless, noDocker, noSystemd]

function isFull(room: string): boolean {
  return /^\d+$/.test(room) && Number(room) < REQUIRED_KIB
}
