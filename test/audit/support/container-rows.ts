import { FILE_ROWS } from './container-file-rows.ts'
import type { Surroundings } from './containers.ts'
import { features, host, NO_INFO, ROOTFUL, ROOTLESS, rows, type Row } from './row.ts'

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
    ['unknown', host({ CapDrop: undefined })],
  ),
  ...rows(
    'C-USER',
    ['pass', {}],
    ['pass', { Config: { User: 'node' } }, ROOTFUL],
    ['pass', { Config: { User: '1000:0' } }, ROOTFUL],
    ['pass', { Config: { User: '1000' } }, NO_INFO],
    ...['', 'root', '0', '00', '+0', '0:1000', 'root:users', ':1000'].map(
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
  ),
]

const limits = (name: string): Surroundings => ({ info: { [name]: false } })

const RESOURCE_ROWS: readonly Row[] = [
  ...rows(
    'C-MEM',
    ['pass', {}],
    ['fail', host({ Memory: 0 })],
    ['fail', host({ Memory: 0 }), limits('MemoryLimit')],
    ['unknown', {}, limits('MemoryLimit')],
    ['unknown', {}, NO_INFO],
    ['unknown', host({ Memory: undefined })],
  ),
  ...rows(
    'C-CPU',
    ['pass', {}],
    ['pass', host({ NanoCpus: 0, CpuQuota: 50_000 })],
    ['pass', host({ NanoCpus: 0, CpuShares: 512 })],
    ['pass', host({ NanoCpus: 0, CpusetCpus: '0-1' })],
    ['fail', host({ NanoCpus: 0 })],
    ['fail', host({ NanoCpus: 0, CpuQuota: -1, CpuShares: 1024 })],
    ['unknown', {}, limits('CpuCfsQuota')],
    ['unknown', host({ NanoCpus: undefined })],
  ),
  ...rows(
    'C-PIDS',
    ['pass', {}],
    ...[null, 0, -1].map((PidsLimit) => ['fail', host({ PidsLimit })] as const),
    ['unknown', {}, limits('PidsLimit')],
    ['unknown', host({ PidsLimit: undefined })],
  ),
  ...rows(
    'C-ULIMIT',
    ['pass', {}],
    ['pass', host({ Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }] })],
    ['pass', host({ Ulimits: [{ Name: 'core', Soft: -1, Hard: -1 }] })],
    ['fail', host({ Ulimits: [{ Name: 'nofile', Soft: 1_048_576, Hard: 1_048_576 }] })],
    ['fail', host({ Ulimits: [{ Name: 'nofile', Soft: -1, Hard: -1 }] })],
    ['warn', host({ Ulimits: [{ Name: 'memlock', Soft: -1, Hard: -1 }] })],
    ['unknown', host({ Ulimits: [{ Name: 'nofile' }] })],
    ['unknown', host({ Ulimits: undefined })],
  ),
  ...rows(
    'C-OOM',
    ['pass', {}],
    ['pass', host({ OomScoreAdj: 500 })],
    ['fail', host({ OomScoreAdj: -1 })],
    ['fail', host({ OomKillDisable: true, Memory: 0 })],
    ['warn', host({ OomKillDisable: true })],
    ['unknown', host({ OomKillDisable: undefined })],
  ),
  ...rows(
    'C-RESTART',
    ['pass', {}],
    ['pass', host({ RestartPolicy: { Name: '', MaximumRetryCount: 0 } })],
    ['pass', host({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 5 } })],
    ['warn', host({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 6 } })],
    ['warn', host({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 0 } }), {}, 'without a limit'],
    ['warn', host({ RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } })],
    ['warn', host({ RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 } })],
    ['unknown', host({ RestartPolicy: { Name: 'on-failure' } })],
    ['unknown', host({ RestartPolicy: undefined })],
  ),
  ...rows(
    'C-LOGSIZE',
    ['pass', {}],
    ['pass', host({ LogConfig: { Type: 'local', Config: {} } })],
    ['fail', host({ LogConfig: { Type: 'json-file', Config: null } })],
    ['fail', host({ LogConfig: { Type: 'json-file', Config: { 'max-size': '-1' } } })],
    ['fail', host({ LogConfig: { Type: 'none', Config: {} } })],
    ['unknown', host({ LogConfig: { Type: 'json-file' } })],
    ['unknown', host({ LogConfig: undefined })],
  ),
]

/** What the checks of containers say, row by row. */
export const ROWS: readonly Row[] = [
  ...PRIVILEGE_ROWS,
  ...CONFINEMENT_ROWS,
  ...NAMESPACE_ROWS,
  ...RESOURCE_ROWS,
  ...FILE_ROWS,
]
