import { containerCheck, type Check } from '../check.ts'
import { cisItems, dockerDocs, manPage } from '../container/documents.ts'
import { isTrue, parseSecurityOptions } from '../../container/security-options.ts'
import { judgeNamespace } from '../container/shared-namespace.ts'
import { ENDPOINT_SYSCTLS, endpointSysctls } from '../../container/endpoint-options.ts'
import { judgeSysctl } from '../container/sysctls.ts'
import { daemonFeatures, infoOf } from '../container/user-namespace.ts'
import { worst } from '../worst.ts'
import { fail, notApplicable, pass, reported, warn } from '../verdict.ts'

const RUN = dockerDocs('reference/cli/docker/container/run/')

const network = containerCheck({
  id: 'C-NET',
  title: 'The container has its own network namespace',
  severity: 'high',
  cis: cisItems('5.10'),
  why: 'In the network of the host, an attacker in the container reaches services that listen only on loopback or on abstract sockets, and can listen on any free port of the host.',
  remedy: 'Create the container again without --network host, and publish the ports that it needs with -p.',
  references: [dockerDocs('engine/network/drivers/host/'), manPage('network_namespaces.7')],
  test: (inspect, snapshot) => judgeNamespace(inspect, 'NetworkMode', snapshot),
})

const processes = containerCheck({
  id: 'C-PID',
  title: 'The container has its own PID namespace',
  severity: 'high',
  cis: cisItems('5.16'),
  why: 'With --pid host, an attacker in the container sees all processes of the host with their arguments. Unless AppArmor or SELinux prevents it, root in the container can kill them.',
  remedy: 'Create the container again without --pid host.',
  references: [RUN, manPage('pid_namespaces.7')],
  test: (inspect, snapshot) => judgeNamespace(inspect, 'PidMode', snapshot),
})

const ipc = containerCheck({
  id: 'C-IPC',
  title: 'The container has its own IPC namespace',
  severity: 'high',
  cis: cisItems('5.17'),
  why: 'With --ipc host, an attacker in the container can read and change the shared memory of host processes.',
  remedy: 'Create the container again without --ipc host. Containers can share memory with --ipc container:NAME.',
  references: [RUN, manPage('ipc_namespaces.7')],
  test: (inspect, snapshot) => judgeNamespace(inspect, 'IpcMode', snapshot),
})

const uts = containerCheck({
  id: 'C-UTS',
  title: 'The container has its own UTS namespace',
  severity: 'medium',
  cis: cisItems('5.21'),
  why: 'With --uts host, an attacker in a container that has SYS_ADMIN can change the host name of the host.',
  remedy: 'Create the container again without --uts host.',
  references: [RUN, manPage('uts_namespaces.7')],
  test: (inspect, snapshot) => judgeNamespace(inspect, 'UTSMode', snapshot),
})

const userNamespace = containerCheck({
  id: 'C-USERNS',
  title: 'The container does not opt out of user namespaces',
  severity: 'high',
  cis: cisItems('5.31'),
  why: 'With --userns host, root in the container is root on the host, although the daemon remaps users. An attacker who breaks out controls the host.',
  remedy: 'Create the container again without --userns host.',
  references: [dockerDocs('engine/security/userns-remap/'), manPage('user_namespaces.7')],
  test: ({ HostConfig }, snapshot) => {
    const isHost = reported(HostConfig?.UsernsMode, 'HostConfig.UsernsMode') === 'host'
    const features = daemonFeatures(snapshot)
    if (features.has('rootless')) return notApplicable('the daemon runs in a user namespace itself')
    if (features.has('userns')) return isHost ? fail('UsernsMode: host') : pass()
    return isHost
      ? warn('UsernsMode: host, which takes effect once the daemon remaps users')
      : notApplicable('the daemon does not remap users')
  },
})

const cgroupNamespace = containerCheck({
  id: 'C-CGROUPNS',
  title: 'The container has its own cgroup namespace',
  severity: 'low',
  cis: {},
  why: 'In the cgroup namespace of the host, an attacker in the container sees the names of all services and containers. If its cgroups are writable, they can raise its limits.',
  remedy: 'Create the container again with --cgroupns private, and without --security-opt writable-cgroups=true.',
  references: [RUN, manPage('cgroup_namespaces.7')],
  test: ({ HostConfig }, snapshot) => {
    const mode = reported(HostConfig?.CgroupnsMode, 'HostConfig.CgroupnsMode')
    const options = parseSecurityOptions(reported(HostConfig?.SecurityOpt, 'HostConfig.SecurityOpt'))
    if (isTrue(options.get('writable-cgroups')?.at(-1) ?? '')) return fail('writable-cgroups=true')
    if (mode !== 'host') return pass()
    // The default of the daemon on cgroup v1.
    return infoOf(snapshot)?.CgroupVersion === '1'
      ? warn('CgroupnsMode: host, on cgroup v1')
      : fail('CgroupnsMode: host')
  },
})

const cgroupParent = containerCheck({
  id: 'C-CGPARENT',
  title: 'The container is in the cgroup that the daemon chooses',
  severity: 'low',
  cis: cisItems('5.25'),
  why: 'A limit on the cgroup of all containers, such as a memory limit of docker.slice, does not apply to a container in another cgroup. An attacker in it can use up the resources of the host.',
  remedy: 'Create the container again without --cgroup-parent, or make sure that this cgroup has its own limits.',
  references: [RUN, manPage('cgroups.7')],
  test: ({ HostConfig }) => {
    const parent = reported(HostConfig?.CgroupParent, 'HostConfig.CgroupParent')
    if (parent === '') return pass()
    const isAboveAll = ['/', '-.slice', 'init.scope'].includes(parent) || parent.split('/').includes('..')
    return isAboveAll ? fail(`CgroupParent: ${parent}`) : warn(`CgroupParent: ${parent}`)
  },
})

const sysctls = containerCheck({
  id: 'C-SYSCTL',
  title: 'The container sets only harmless kernel parameters',
  severity: 'medium',
  cis: {},
  why: 'Parameters without a namespace change the kernel of the host. Some network parameters turn the container into a router, or make it trust packets that it should drop, so that an attacker can redirect traffic.',
  remedy:
    'Create the container again without this --sysctl, or without the option com.docker.network.endpoint.sysctls of its network.',
  references: [RUN, 'https://docs.kernel.org/networking/ip-sysctl.html'],
  test: ({ HostConfig, NetworkSettings }) => {
    const given = Object.entries(reported(HostConfig?.Sysctls, 'HostConfig.Sysctls'))
    const networks = Object.values(reported(NetworkSettings?.Networks, 'NetworkSettings.Networks'))
    const ofInterfaces = networks.flatMap(({ DriverOpts }) =>
      endpointSysctls(reported(DriverOpts?.[ENDPOINT_SYSCTLS], 'NetworkSettings.Networks[].DriverOpts')),
    )
    return worst([...given, ...ofInterfaces].map(([name, value]) => judgeSysctl(name, value)))
  },
})

/** Namespaces and cgroups that a container shares with its host. */
export const CONTAINER_NAMESPACES: readonly Check[] = [
  network,
  processes,
  ipc,
  uts,
  userNamespace,
  cgroupNamespace,
  cgroupParent,
  sysctls,
]
