import { containerCheck, type Check } from '../check.ts'
import { effectiveCapabilities, extraCapabilities, capabilityName } from '../../container/capabilities.ts'
import { cisItems, dockerDocs, manPage } from '../container/documents.ts'
import { judgeNamespace } from '../container/shared-namespace.ts'
import { isContained, rootOnHost } from '../container/user-namespace.ts'
import { worst } from '../worst.ts'
import type { ContainerFacts, ExecFacts } from '../snapshot/container-schema.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

const privileged = containerCheck({
  id: 'C-PRIV',
  title: 'The container is not privileged',
  severity: 'critical',
  cis: cisItems('5.5'),
  why: 'A privileged container has every capability and every device of the host. A process in it can become root on the host, for example by mounting the disk of the host.',
  remedy:
    'Create the container again without --privileged. Add only the capability (--cap-add) or the device (--device) that it needs.',
  references: [dockerDocs('reference/cli/docker/container/run/#privileged')],
  test: ({ HostConfig }) =>
    reported(HostConfig?.Privileged, 'HostConfig.Privileged') ? fail('Privileged: true') : pass(),
})

const capabilities = containerCheck({
  id: 'C-CAPS',
  title: 'The container has no capability beyond the default set',
  severity: 'high',
  cis: cisItems('5.4'),
  why: 'With capabilities such as SYS_ADMIN, SYS_MODULE, SYS_RAWIO or DAC_READ_SEARCH, an attacker who is root in the container can break out of it, for example by loading a kernel module or reading any file of the host.',
  remedy: 'Create the container again without --cap-add, or add only the one capability that it needs.',
  references: [manPage('capabilities.7'), dockerDocs('engine/security/')],
  test: (inspect, snapshot) => {
    const { dangerous, other } = extraCapabilities(capabilitiesOf(inspect))
    const detail = `beyond the default set: ${[...dangerous, ...other].join(', ')}`
    if (dangerous.length > 0)
      return isContained(inspect, snapshot) ? warn(`${detail} (in a user namespace)`) : fail(detail)
    return other.length > 0 ? warn(detail) : pass()
  },
})

const droppedCapabilities = containerCheck({
  id: 'C-CAPDROP',
  title: 'The container drops all capabilities except those that it needs',
  severity: 'low',
  cis: cisItems('5.4'),
  why: 'Few programs need any of the 14 default capabilities. They let an attacker who is root in the container change the owner of files, forge packets, or create devices.',
  remedy:
    'Create the container again with --cap-drop ALL, and add back only those that it needs: --cap-add NET_BIND_SERVICE.',
  references: [dockerDocs('engine/security/'), manPage('capabilities.7')],
  test: (inspect) => {
    const dropped = reported(inspect.HostConfig?.CapDrop, 'HostConfig.CapDrop')
    const effective = capabilitiesOf(inspect)
    const detail = `it has ${effective.length > 0 ? effective.join(', ') : 'none'}`
    if (effective.includes('ALL')) return fail('it has all capabilities')
    return dropped.some((name) => capabilityName(name) === 'ALL') ? pass(detail) : warn(detail)
  },
})

const rawSockets = containerCheck({
  id: 'C-NETRAW',
  title: 'The container cannot forge packets',
  severity: 'medium',
  cis: {},
  why: 'With NET_RAW, an attacker who is root in the container can forge ARP and IP packets, and so read or redirect the traffic of other containers in its network. In the network of the host, they can read all traffic of the host.',
  remedy: 'Create the container again with --cap-drop NET_RAW. ping works without it since Engine 20.10.',
  references: [manPage('packet.7'), manPage('capabilities.7')],
  test: (inspect, snapshot) => {
    const mode = reported(inspect.HostConfig?.NetworkMode, 'HostConfig.NetworkMode')
    const has = capabilitiesOf(inspect).some((name) => name === 'NET_RAW' || name === 'ALL')
    if (!has) return pass()
    if (mode === 'none') return notApplicable('the container has no network')
    const isOnHost = judgeNamespace(inspect, 'NetworkMode', snapshot).status === 'fail'
    return isOnHost ? fail('NET_RAW in the network of the host') : warn('NET_RAW')
  },
})

const runsAsUser = containerCheck({
  id: 'C-USER',
  title: 'The container does not run as root',
  severity: 'high',
  cis: cisItems('4.1'),
  why: 'Without user namespaces, root in the container is root on the host. An attacker who breaks out through a flaw in the kernel or in runc, or through a mount, controls the host.',
  remedy:
    'Set USER in the Dockerfile and build the image again, or create the container again with --user 65534:65534.',
  references: [dockerDocs('reference/dockerfile/#user'), dockerDocs('engine/security/userns-remap/')],
  test: (inspect, snapshot) => {
    const user = reported(inspect.Config?.User, 'Config.User')
    // A name is what /etc/passwd of the image says. The API does not show that file.
    if (!isRoot(user)) return pass(`User: ${user}`)
    const detail = `User: ${user === '' ? 'not set, which means root' : user}`
    const root = rootOnHost(inspect, snapshot)
    if (root === 'root') return fail(detail)
    return warn(
      `${detail}; on the host it is ${root === 'remapped' ? 'an unprivileged user' : 'the user of the daemon'}`,
    )
  },
})

const runningExecs = containerCheck({
  id: 'C-EXEC',
  title: 'No exec has more privileges than its container',
  severity: 'high',
  cis: cisItems('5.23', '5.24'),
  why: 'A privileged exec has all capabilities, even those that the container dropped. An exec as root ignores the user of the container. An attacker who takes over such a process has more ways to break out.',
  remedy: 'End the process, and use docker exec without --privileged and without --user root.',
  references: [dockerDocs('reference/cli/docker/container/exec/')],
  onlyRunning: true,
  test: ({ Config }, _, { execs }) => {
    if ('unknown' in execs) return unknown(execs.unknown)
    return worst(
      execs.value.map((exec) => judgeExec(exec, Config?.User)),
      pass('no exec runs'),
    )
  },
})

function judgeExec({ ProcessConfig }: ExecFacts, containerUser: string | undefined): Verdict {
  // The daemon leaves out the user of an exec that has the user of the container.
  const user = ProcessConfig?.user
  if (reported(ProcessConfig?.privileged, 'ProcessConfig.privileged')) return fail('an exec is privileged')
  if (user === undefined || user === '' || !isRoot(user)) return pass()
  return isRoot(reported(containerUser, 'Config.User')) ? pass() : warn(`an exec runs as ${user}`)
}

function capabilitiesOf({ HostConfig }: ContainerFacts): readonly string[] {
  return effectiveCapabilities({
    privileged: reported(HostConfig?.Privileged, 'HostConfig.Privileged'),
    added: reported(HostConfig?.CapAdd, 'HostConfig.CapAdd'),
    dropped: reported(HostConfig?.CapDrop, 'HostConfig.CapDrop'),
  })
}

/** `0:1000` and `00`, too: runc reads a number. `toor` is the second name of root wherever it exists. */
function isRoot(user: string): boolean {
  const [name = ''] = user.split(':')
  return name === '' || ['root', 'toor'].includes(name) || /^[+-]?0+$/.test(name)
}

/** Privileges that a container has on its host. */
export const CONTAINER_PRIVILEGES: readonly Check[] = [
  privileged,
  capabilities,
  droppedCapabilities,
  rawSockets,
  runsAsUser,
  runningExecs,
]
