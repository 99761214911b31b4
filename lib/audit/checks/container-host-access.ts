import { containerCheck, type Check } from '../check.ts'
import { judgeDevice, judgeDeviceRule } from '../container/devices.ts'
import { judgeDockerHost } from '../container/docker-host.ts'
import { cisItems, dockerDocs, manPage } from '../container/documents.ts'
import { describeMount, hostMounts, type HostMount } from '../container/mounts.ts'
import { looksLikeDockerSocket, showsDockerSocket, shownControlSocket, showsMessageBus } from '../container/sockets.ts'
import { daemonFeatures, infoOf, isContained, rootOnHost } from '../container/user-namespace.ts'
import { worst } from '../worst.ts'
import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fail, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

const socket = containerCheck({
  id: 'C-SOCK',
  title: 'The container does not reach the Docker socket',
  severity: 'critical',
  cis: cisItems('5.32'),
  why: 'An attacker who reaches the socket controls the daemon, and so becomes root on the host: one request starts a privileged container. A read-only mount does not help, because requests do not write to the file.',
  remedy:
    'Create the container again without this mount. Give a program that needs the API its own client certificate, limited by an authorization plugin.',
  references: [dockerDocs('engine/security/protect-access/'), dockerDocs('engine/security/')],
  windows: true,
  test: (inspect, snapshot) => judgeMounts(inspect, snapshot, (mount) => judgeSocket(mount, inspect, snapshot)),
})

const otherSockets = containerCheck({
  id: 'C-SOCKETS',
  title: 'The container does not reach the socket of another engine or manager',
  severity: 'critical',
  cis: {},
  why: 'An attacker who reaches the socket of containerd, Podman, BuildKit, libvirt or systemd can start processes as root on the host. No setting and no authorization plugin of Docker applies to them.',
  remedy: 'Create the container again without this mount.',
  references: [dockerDocs('engine/security/'), manPage('unix.7')],
  windows: true,
  test: (inspect, snapshot) =>
    judgeMounts(inspect, snapshot, (mount) => {
      if (showsMessageBus(mount.path)) return warn(describeMount(mount))
      const shown = shownControlSocket(mount.path)
      if (shown === undefined) return pass()
      const detail = shown === mount.path ? describeMount(mount) : `${describeMount(mount)}, with ${shown}`
      return isContained(inspect, snapshot) ? warn(`${detail} (in a user namespace)`) : fail(detail)
    }),
})

const dockerHost = containerCheck({
  id: 'C-DOCKERHOST',
  title: 'The container does not use a daemon without TLS',
  severity: 'high',
  cis: {},
  why: 'A client in the container sends its requests in plaintext, with registry passwords and build secrets, so attackers on the network can read them. The daemon accepts everyone who reaches its port.',
  remedy:
    'Secure that daemon with docker-mtls, and set DOCKER_HOST, DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH in the container.',
  references: [dockerDocs('engine/security/protect-access/')],
  windows: true,
  test: ({ Config }) => judgeDockerHost(reported(Config?.Env, 'Config.Env')),
})

const devices = containerCheck({
  id: 'C-DEV',
  title: 'The container has no device of the host',
  severity: 'high',
  cis: cisItems('5.18'),
  why: 'With a disk or the memory of the host, an attacker who is root in the container reads and changes everything on it. Other devices expose kernel drivers, whose flaws help to break out.',
  remedy:
    'Create the container again without --device, --gpus and --device-cgroup-rule, or only with the one device that it needs.',
  references: [dockerDocs('reference/cli/docker/container/run/#device'), manPage('cgroups.7')],
  test: ({ HostConfig }) => {
    const requests = reported(HostConfig?.DeviceRequests, 'HostConfig.DeviceRequests')
    return worst([
      ...reported(HostConfig?.Devices, 'HostConfig.Devices').map(judgeDevice),
      ...reported(HostConfig?.DeviceCgroupRules, 'HostConfig.DeviceCgroupRules').map(judgeDeviceRule),
      ...requests.map(({ Driver, DeviceIDs = [] }) =>
        warn([`devices of ${Driver || 'a driver'}`, ...DeviceIDs].join(' ')),
      ),
    ])
  },
})

function judgeSocket(mount: HostMount, inspect: ContainerFacts, snapshot: Snapshot): Verdict {
  const detail = describeMount(mount)
  if (showsDockerSocket(mount.path, snapshot.target, isRootless(snapshot))) {
    // The socket belongs to root and the group docker, and neither is in the range of remapped users.
    const isRemapped = isContained(inspect, snapshot) && rootOnHost(inspect, snapshot) === 'remapped'
    return isRemapped ? warn(`${detail} (in a user namespace)`) : fail(detail)
  }
  return looksLikeDockerSocket(mount.destination) ? warn(`${detail}, where clients look for the Docker socket`) : pass()
}

/** True also if that is unknown: the socket may be there. */
function isRootless(snapshot: Snapshot): boolean {
  return !infoOf(snapshot)?.SecurityOptions || daemonFeatures(snapshot).has('rootless')
}

/** Passes only if all mounts were seen. */
function judgeMounts(inspect: ContainerFacts, snapshot: Snapshot, judge: (mount: HostMount) => Verdict): Verdict {
  const { mounts, unseen } = hostMounts(inspect, snapshot)
  return worst([...mounts.map(judge), ...(unseen === undefined ? [] : [unknown(unseen)])])
}

/** Ways from a container to the control of its host. */
export const CONTAINER_HOST_ACCESS: readonly Check[] = [socket, otherSockets, dockerHost, devices]
