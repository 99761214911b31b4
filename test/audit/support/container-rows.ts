import { ENDPOINT_SYSCTLS } from '../../../lib/container/endpoint-options.ts'
import { ACCESS_ROWS } from './container-access-rows.ts'
import { IMAGE_ROWS } from './container-image-rows.ts'
import { MOUNT_ROWS } from './container-mount-rows.ts'
import { PORT_ROWS } from './container-port-rows.ts'
import { RESOURCE_ROWS } from './container-resource-rows.ts'
import type { Raw, Surroundings } from './containers.ts'
import { features, host, NO_INFO, ROOTFUL, ROOTLESS, rows, type Row } from './row.ts'

const onInterface = (sysctls: string): Raw => ({
  NetworkSettings: { Networks: { own: { NetworkID: 'n', DriverOpts: { [ENDPOINT_SYSCTLS]: sysctls } } } },
})

/** An old daemon, which does not tell. */
const SILENT: Surroundings = { info: { SecurityOptions: undefined } }

const ALLOWS_ALL = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] })
const DENIES_SOME = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['kexec_load'], action: 'SCMP_ACT_ERRNO' }],
})
const ALLOWS_SOME = JSON.stringify({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
})

const PRIVILEGE_ROWS: readonly Row[] = [
  ...rows(
    'C-PRIV',
    ['pass', {}],
    ['fail', host({ Privileged: true })],
    ['unknown', host({ Privileged: undefined })],
    ['unknown', host({ Privileged: 'no' })],
  ),
  ...rows(
    'C-CAPS',
    ['pass', {}],
    ['pass', host({ CapAdd: ['NET_BIND_SERVICE', 'cap_chown'] })],
    ['fail', host({ CapAdd: ['SYS_ADMIN'] }), ROOTFUL, 'SYS_ADMIN'],
    ['fail', host({ CapAdd: ['CAP_SYS_ADMIN'] }), ROOTFUL],
    ['fail', host({ CapAdd: ['cap_sys_admin'] }), ROOTFUL],
    ['fail', host({ CapAdd: ['all'] }), ROOTFUL, 'ALL'],
    ['fail', host({ CapAdd: ['ALL'], CapDrop: ['ALL'] }), ROOTFUL],
    ['fail', host({ Privileged: true }), ROOTFUL],
    ['warn', host({ CapAdd: ['SYS_ADMIN'] })],
    ['fail', host({ CapAdd: ['SYS_ADMIN'], UsernsMode: 'host' })],
    ['fail', host({ CapAdd: ['SYS_ADMIN'] }), NO_INFO],
    ['warn', host({ CapAdd: ['SYS_ADMIN'] }), ROOTLESS],
    ['warn', host({ CapAdd: ['SYS_NICE'] }), ROOTFUL],
    ['unknown', host({ CapAdd: undefined })],
  ),
  ...rows(
    'C-CAPDROP',
    ['pass', {}, {}, 'none'],
    ['pass', host({ CapDrop: ['all'] })],
    ['pass', host({ CapAdd: ['CHOWN'] }), {}, 'CHOWN'],
    ['warn', host({ CapDrop: ['CAP_ALL'] })],
    ['warn', host({ CapDrop: ['MKNOD'] })],
    ['warn', host({ CapDrop: null })],
    ['fail', host({ CapAdd: ['ALL'] })],
    ['fail', host({ Privileged: true })],
    ['unknown', host({ CapDrop: 'ALL' })],
  ),
  ...rows(
    'C-NETRAW',
    ['pass', {}],
    ['pass', host({ CapDrop: ['net_raw'] })],
    ['pass', host({ CapDrop: ['CAP_NET_RAW'] })],
    ['warn', host({ CapDrop: null })],
    ['warn', host({ CapAdd: ['NET_RAW'], CapDrop: ['NET_RAW'] })],
    ['fail', host({ CapDrop: null, NetworkMode: 'host' })],
    ['not-applicable', host({ CapDrop: null, NetworkMode: 'none' })],
    ['fail', host({ CapDrop: null, NetworkMode: 'container:db' }), { others: { db: host({ NetworkMode: 'host' }) } }],
    ['warn', host({ CapDrop: null, NetworkMode: 'container:db' }), { others: { db: {} } }],
    ['warn', host({ CapDrop: null, NetworkMode: 'container:gone' })],
    ['unknown', host({ CapDrop: undefined })],
  ),
  ...rows(
    'C-USER',
    ['pass', {}],
    ['pass', { Config: { User: 'node' } }, ROOTFUL],
    ['pass', { Config: { User: '1000:0' } }, ROOTFUL],
    ['pass', { Config: { User: '1000' } }, NO_INFO],
    ...['', 'root', '0', '00', '+0', '0:1000', 'root:users', ':1000', 'toor'].map(
      (User) => ['fail', { Config: { User } }, ROOTFUL] as const,
    ),
    ['warn', { Config: { User: '' } }, {}, 'an unprivileged user'],
    ['warn', { Config: { User: '' } }, ROOTLESS, 'the user of the daemon'],
    ['fail', { Config: { User: '' }, HostConfig: { UsernsMode: 'host' } }],
    ['unknown', { Config: { User: '' } }, NO_INFO],
    ['unknown', { Config: { User: undefined } }],
  ),
  ...rows(
    'C-EXEC',
    ['pass', {}],
    ['pass', {}, { execs: [{ ProcessConfig: { privileged: false } }] }],
    ['pass', { Config: { User: 'root' } }, { execs: [{ ProcessConfig: { privileged: false, user: '0' } }] }],
    ['fail', {}, { execs: [{ ProcessConfig: { privileged: false } }, { ProcessConfig: { privileged: true } }] }],
    ['warn', {}, { execs: [{ ProcessConfig: { privileged: false, user: 'root' } }] }],
    ['unknown', {}, { execs: [{ ProcessConfig: {} }] }],
    ['unknown', {}, { execs: null }],
    ['not-applicable', { State: { Running: false } }],
  ),
]

const CONFINEMENT_ROWS: readonly Row[] = [
  ...rows(
    'C-SECCOMP',
    ['pass', {}],
    ['pass', host({ SecurityOpt: ['seccomp=builtin'] })],
    ['pass', host({ SecurityOpt: [`seccomp=${ALLOWS_SOME}`] })],
    ['pass', host({ Privileged: true, SecurityOpt: [`seccomp=${ALLOWS_SOME}`] })],
    ['fail', host({ SecurityOpt: ['seccomp=unconfined'] })],
    ['fail', host({ SecurityOpt: ['seccomp:unconfined'] })],
    ['fail', host({ SecurityOpt: ['seccomp=builtin', 'seccomp=unconfined'] })],
    ['fail', host({ SecurityOpt: [`seccomp=${ALLOWS_ALL}`] })],
    ['warn', host({ SecurityOpt: [`seccomp=${DENIES_SOME}`] })],
    ['fail', host({ Privileged: true })],
    ['fail', {}, features('apparmor')],
    ['fail', {}, features('seccomp,profile=unconfined')],
    ['pass', {}, features('seccomp,profile=default')],
    ['unknown', {}, features('seccomp,profile=/etc/docker/deny-unconfined.json'), 'deny-unconfined'],
    ['unknown', host({ SecurityOpt: ['seccomp={"defaultAction":'] })],
    ['unknown', {}, SILENT],
    ['unknown', host({ SecurityOpt: undefined })],
  ),
  ...rows(
    'C-APPARMOR',
    ['pass', {}, {}, 'docker-default'],
    ['pass', { AppArmorProfile: '' }],
    ['fail', { AppArmorProfile: 'unconfined' }],
    ['fail', { AppArmorProfile: '', HostConfig: { SecurityOpt: ['apparmor=unconfined'] } }],
    ['fail', { AppArmorProfile: '', HostConfig: { SecurityOpt: ['apparmor:unconfined'] } }],
    ['fail', { AppArmorProfile: '', HostConfig: { Privileged: true } }],
    ['not-applicable', { AppArmorProfile: 'unconfined' }, features('seccomp,profile=builtin')],
    ['unknown', { AppArmorProfile: undefined }],
    ['unknown', {}, NO_INFO],
  ),
  ...rows(
    'C-LABEL',
    ['pass', {}],
    ['pass', host({ SecurityOpt: ['label=type:svirt_apache_t'] })],
    ['fail', host({ SecurityOpt: ['label=disable'] })],
    ['fail', host({ SecurityOpt: ['label:disable'] })],
    ['fail', host({ SecurityOpt: ['disable'] })],
    ['fail', host({ SecurityOpt: ['label=type:spc_t'] })],
    ['fail', host({ Privileged: true })],
    ['fail', host({ SecurityOpt: ['label=type:unconfined_t'] })],
    ['pass', host({ SecurityOpt: ['label=level:s0:c100,c200'] })],
    ['fail', host({ PidMode: 'host' }), {}, 'PidMode: host'],
    ['fail', host({ IpcMode: 'container:db' }), { others: { db: host({ IpcMode: 'host' }) } }],
    ['pass', host({ PidMode: 'host', SecurityOpt: ['label=type:svirt_apache_t'] })],
    ['pass', host({ PidMode: 'container:gone' })],
    ['not-applicable', host({ SecurityOpt: ['label=disable'] }), features('apparmor')],
    ['unknown', {}, SILENT],
  ),
  ...rows(
    'C-MASK',
    ['pass', {}],
    ['fail', host({ MaskedPaths: [], ReadonlyPaths: [] }), ROOTFUL, '/proc/kcore'],
    ['fail', host({ MaskedPaths: null }), ROOTFUL],
    ['fail', host({ ReadonlyPaths: ['/proc/bus'] }), ROOTFUL, '/proc/sys is writable'],
    ['fail', host({ Privileged: true })],
    ['warn', host({ MaskedPaths: [] })],
    ['warn', host({ MaskedPaths: ['/proc/kcore'] }), ROOTFUL, '/sys/firmware is readable'],
    ['warn', host({ ReadonlyPaths: ['/proc/sys', '/proc/sysrq-trigger'] }), ROOTFUL, '/proc/irq is writable'],
    ['pass', host({ MaskedPaths: ['/proc', '/sys/firmware'], ReadonlyPaths: [] }), ROOTFUL],
    ['unknown', host({ MaskedPaths: undefined })],
  ),
  ...rows(
    'C-NNP',
    ['pass', {}],
    ...['no-new-privileges=true', 'no-new-privileges:true', 'no-new-privileges=1'].map(
      (option) => ['pass', host({ SecurityOpt: [option] })] as const,
    ),
    ['unknown', host({ SecurityOpt: null }), features('no-new-privileges'), 'created after'],
    ['fail', host({ SecurityOpt: null })],
    ['fail', host({ SecurityOpt: ['no-new-privileges', 'no-new-privileges=false'] })],
    ['fail', host({ SecurityOpt: ['no-new-privileges:false'] }), features('no-new-privileges')],
    ['unknown', host({ SecurityOpt: null }), NO_INFO],
    ['unknown', host({ SecurityOpt: undefined })],
  ),
]

const HOST_OF_HOST = {
  others: { db: host({ NetworkMode: 'host', PidMode: 'host', IpcMode: 'host', UTSMode: 'host' }) },
}

const NAMESPACE_ROWS: readonly Row[] = [
  ...(['NetworkMode', 'PidMode', 'IpcMode', 'UTSMode'] as const).flatMap((mode, index) =>
    rows(
      ['C-NET', 'C-PID', 'C-IPC', 'C-UTS'][index] ?? '',
      ['pass', {}],
      ['fail', host({ [mode]: 'host' })],
      ['pass', host({ [mode]: 'container:db' }), { others: { db: {} } }, 'container:db'],
      ['fail', host({ [mode]: 'container:db' }), HOST_OF_HOST, 'container:db'],
      ['fail', host({ [mode]: `container:${'0'.repeat(12)}` }), HOST_OF_HOST],
      [
        'fail',
        host({ [mode]: 'container:one' }),
        { others: { one: host({ [mode]: 'container:db' }), ...HOST_OF_HOST.others } },
      ],
      ['unknown', host({ [mode]: 'container:gone' })],
      ['unknown', host({ [mode]: 'container:web' })],
      ['unknown', host({ [mode]: 'container:db' }), { others: { db: null } }],
      ['unknown', host({ [mode]: undefined })],
    ),
  ),
  ...rows(
    'C-USERNS',
    ['pass', {}],
    ['fail', host({ UsernsMode: 'host' })],
    ['warn', host({ UsernsMode: 'host' }), ROOTFUL],
    ['not-applicable', {}, ROOTFUL],
    ['not-applicable', host({ UsernsMode: 'host' }), ROOTLESS],
    ['unknown', {}, NO_INFO],
    ['unknown', host({ UsernsMode: undefined })],
  ),
  ...rows(
    'C-CGROUPNS',
    ['pass', {}],
    ['fail', host({ CgroupnsMode: 'host' })],
    ['warn', host({ CgroupnsMode: 'host' }), { info: { CgroupVersion: '1' } }],
    ['fail', host({ SecurityOpt: ['writable-cgroups=true'] })],
    ['unknown', host({ CgroupnsMode: undefined })],
  ),
  ...rows(
    'C-CGPARENT',
    ['pass', {}],
    ['warn', host({ CgroupParent: 'ci.slice' })],
    ['fail', host({ CgroupParent: '/' })],
    ['fail', host({ CgroupParent: '/docker/../..' })],
    ['unknown', host({ CgroupParent: undefined })],
  ),
  ...rows(
    'C-SYSCTL',
    ['pass', {}],
    [
      'pass',
      host({
        Sysctls: { 'net.core.somaxconn': '1024', 'kernel.shmmax': '1', 'net.ipv4.ip_unprivileged_port_start': '0' },
      }),
    ],
    ['pass', host({ Sysctls: { 'net/ipv4/conf/all/accept_redirects': '0', 'net.ipv6.conf.all.disable_ipv6': '1' } })],
    ['warn', host({ Sysctls: { 'net.ipv4.ip_forward': '1' } }), {}, 'net.ipv4.ip_forward=1'],
    ['warn', host({ Sysctls: { 'net.ipv4.conf.all.route_localnet': '1' } })],
    ['fail', host({ Sysctls: { 'kernel.core_pattern': '|/bin/sh' } })],
    ['fail', host({ Sysctls: { 'kernel/core_pattern': '|/bin/sh' } })],
    ['fail', host({ Sysctls: { 'vm.overcommit_memory': '1' } })],
    ['unknown', host({ Sysctls: 'all' })],
    ['pass', onInterface('net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.ifname.accept_ra=0')],
    [
      'warn',
      onInterface('net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=1'),
      {},
      'net.ipv4.conf.IFNAME.forwarding=1',
    ],
    [
      'fail',
      { ...host({ Sysctls: { 'vm.overcommit_memory': '1' } }), ...onInterface('net.ipv4.conf.IFNAME.forwarding=1') },
    ],
    ['pass', { NetworkSettings: { Networks: { own: { DriverOpts: null }, other: { DriverOpts: { token: 'x' } } } } }],
    ['unknown', { NetworkSettings: { Networks: undefined } }],
    ['unknown', { NetworkSettings: { Networks: { own: { DriverOpts: { [ENDPOINT_SYSCTLS]: 7 } } } } }],
  ),
]

/** What the checks of containers say, row by row. */
export const ROWS: readonly Row[] = [
  ...PRIVILEGE_ROWS,
  ...CONFINEMENT_ROWS,
  ...NAMESPACE_ROWS,
  ...RESOURCE_ROWS,
  ...ACCESS_ROWS,
  ...MOUNT_ROWS,
  ...PORT_ROWS,
  ...IMAGE_ROWS,
]
