import type { ContainerCreateRequest } from '../../../../lib/index.ts'
import type { ReasonCode } from '../../../../lib/policy.ts'

/** A request with which a caller of `baseline` would become root on the host, or read what is not theirs. */
export interface Attack {
  readonly name: string
  /** `POST /v1.45/containers/create`. IMAGE and EXEC are filled in. */
  readonly line: string
  readonly body?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** The reason of the refusal, if it is of interest. */
  readonly code?: ReasonCode
  /** It names an exec in this container. */
  readonly execIn?: string
  /** dockerd refuses it, too, or the test can't let it happen. */
  readonly isNone?: true
  /** A gateway allows it, and judges what follows (policy-buildkit.test.ts). */
  readonly isForGateways?: true
}

/** An image with a label that is denied. */
export const LABELLED = 'labelled:1'

/** What an administrator has made before. */
export const FIRST: readonly {
  readonly name: string
  readonly config: Partial<ContainerCreateRequest>
  readonly starts?: true
}[] = [
  { name: 'root', config: { HostConfig: { Privileged: true, NetworkMode: 'none' } }, starts: true },
  { name: 'stopped', config: { HostConfig: { Privileged: true, NetworkMode: 'none' } } },
  { name: 'mounted', config: { HostConfig: { Binds: ['/etc:/host'], NetworkMode: 'none' } }, starts: true },
  { name: 'hostnet', config: { HostConfig: { NetworkMode: 'host' } }, starts: true },
  { name: 'hostpid', config: { HostConfig: { PidMode: 'host', NetworkMode: 'none' } }, starts: true },
  { name: 'plain', config: { HostConfig: { NetworkMode: 'none' } }, starts: true },
  { name: 'dropped', config: { HostConfig: { CapDrop: ['NET_RAW'], NetworkMode: 'none' } }, starts: true },
  { name: 'routed', config: { HostConfig: { NetworkMode: 'none' }, Labels: { 'traefik.enable': 'true' } } },
]

const LINE = 'POST /v1.45/containers/create'

/** A container with these fields behind its image. */
function create(name: string, fields: string, code?: ReasonCode, rest: Partial<Attack> = {}): Attack {
  return { name, line: LINE, body: `{"Image":"IMAGE"${fields}}`, ...(code && { code }), ...rest }
}

const host = (name: string, config: string, code?: ReasonCode, rest?: Partial<Attack>): Attack =>
  create(name, `,"HostConfig":{${config}}`, code, rest)

const post = (name: string, path: string, body?: string, code?: ReasonCode, rest: Partial<Attack> = {}): Attack => ({
  name,
  line: `POST /v1.45${path}`,
  ...(body !== undefined && { body }),
  ...(code && { code }),
  ...rest,
})

const LABEL = ',"Labels":{"traefik.enable":"true"}'

const PRIVILEGED = ',"HostConfig":{"Privileged":true}'

export const ATTACKS: readonly Attack[] = [
  // Spelling
  create('privileged', PRIVILEGED, 'PRIVILEGED'),
  create('privileged, lower case', ',"hostconfig":{"privileged":true}', 'PRIVILEGED'),
  create('privileged, upper case', ',"HOSTCONFIG":{"PRIVILEGED":true}', 'PRIVILEGED'),
  create('privileged, with a long s', ',"Ho\u017ftConfig":{"Privileged":true}', 'PRIVILEGED'),
  create('the pid namespace, with a Kelvin sign', ',"HostConfig":{"Networ\u212aMode":"host"}', 'HOST_NAMESPACE'),
  create('privileged, escaped', String.raw`,"\u0048ostConfig":{"\u0050rivileged":true}`, 'PRIVILEGED'),
  create('twice, the second wins', `,"HostConfig":{}${PRIVILEGED}`, 'BODY_AMBIGUOUS'),
  create('twice, the first wins the merge', ',"HostConfig":{"Privileged":true},"HostConfig":{}', 'BODY_AMBIGUOUS'),
  create('two spellings, merged', ',"HostConfig":{},"hostconfig":{"Privileged":true}', 'BODY_AMBIGUOUS'),
  create('privileged twice in one object', ',"HostConfig":{"Privileged":false,"privileged":true}', 'BODY_AMBIGUOUS'),
  create('outside of HostConfig', ',"Privileged":true', 'FIELD_UNKNOWN'),
  create('garbage behind the body', `${PRIVILEGED}}]x`, 'BODY_INVALID'),
  create('a charset that is none', PRIVILEGED, 'MEDIA_TYPE', {
    headers: [['Content-Type', 'application/json; charset=utf-16']],
  }),
  create('a media type in upper case', PRIVILEGED, 'PRIVILEGED', { headers: [['Content-Type', 'APPLICATION/JSON']] }),
  create('without a version', PRIVILEGED, 'PRIVILEGED', { line: 'POST /containers/create' }),
  create('an old version', PRIVILEGED, 'PRIVILEGED', { line: 'POST /v1.24/containers/create' }),
  create('a version with a zero', PRIVILEGED, 'VERSION_UNKNOWN', { line: 'POST /v01.45/containers/create' }),
  create('a path that is encoded', PRIVILEGED, 'PRIVILEGED', { line: 'POST /v1.45/%63ontainers/create' }),
  create('a slash that is encoded', PRIVILEGED, undefined, { line: 'POST /v1.45%2Fcontainers%2Fcreate' }),
  create('an absolute target', PRIVILEGED, undefined, { line: 'POST http://x/v1.45/containers/create' }),
  // What a container gets
  host('a bind', '"Binds":["/:/h"]', 'HOST_PATH'),
  host('a bind below an allowed folder', '"Binds":["/srv/x:/h"]', 'HOST_PATH'),
  host('a bind around an allowed folder', '"Binds":["/srv/../etc:/h"]', 'HOST_PATH'),
  host('a bind to read', '"Binds":["/etc:/h:ro"]', 'HOST_PATH'),
  host('a mount', '"Mounts":[{"Type":"bind","Source":"/etc","Target":"/h"}]', 'HOST_PATH'),
  host('a mount by another spelling', '"mounts":[{"type":"bind","SOURCE":"/etc","Target":"/h"}]', 'HOST_PATH'),
  host(
    'a volume of the driver local, inline',
    '"Mounts":[{"Type":"volume","Source":"xinline","Target":"/h","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"none","o":"bind","device":"/etc"}}}}]',
    'HOST_PATH',
  ),
  host('a volume that shows the host', '"Binds":["etc:/h"]', 'TARGET_TOO_POWERFUL'),
  host(
    'a mount of a volume that shows the host',
    '"Mounts":[{"Type":"volume","Source":"etc","Target":"/h"}]',
    'TARGET_TOO_POWERFUL',
  ),
  host('the volumes of a container that shows the host', '"VolumesFrom":["mounted"]', 'TARGET_TOO_POWERFUL'),
  host('the pid namespace', '"PidMode":"host"', 'HOST_NAMESPACE'),
  host('the network namespace', '"NetworkMode":"host"', 'HOST_NAMESPACE'),
  host('the ipc namespace', '"IpcMode":"host"', 'HOST_NAMESPACE'),
  host('the uts namespace', '"UTSMode":"host"', 'HOST_NAMESPACE'),
  host('the user namespace', '"UsernsMode":"host"', 'HOST_NAMESPACE'),
  host('the cgroup namespace', '"CgroupnsMode":"host"', 'HOST_NAMESPACE'),
  host(
    'the pid namespace of the host, through another container',
    '"PidMode":"container:hostpid"',
    'TARGET_TOO_POWERFUL',
  ),
  host(
    'the network of the host, through another container',
    '"NetworkMode":"container:hostnet"',
    'TARGET_TOO_POWERFUL',
  ),
  host('the namespace of a privileged container', '"PidMode":"container:root"', 'TARGET_TOO_POWERFUL'),
  host('capabilities', '"CapAdd":["SYS_ADMIN"]', 'CAPABILITY'),
  host('capabilities, in lower case', '"CapAdd":["cap_sys_admin"]', 'CAPABILITY'),
  host('all capabilities', '"CapAdd":["ALL"]', 'CAPABILITY'),
  host('capabilities as a string', '"CapAdd":"ALL"', 'BODY_INVALID'),
  host(
    'a device',
    '"Devices":[{"PathOnHost":"/dev/null","PathInContainer":"/dev/x","CgroupPermissions":"rwm"}]',
    'HOST_DEVICE',
  ),
  host('a rule for devices', '"DeviceCgroupRules":["a *:* rwm"]', 'HOST_DEVICE'),
  host('no seccomp', '"SecurityOpt":["seccomp=unconfined"]', 'CONFINEMENT'),
  host('no seccomp, with a colon', '"SecurityOpt":["seccomp:unconfined"]', 'CONFINEMENT'),
  host(
    'a seccomp profile that allows all',
    String.raw`"SecurityOpt":["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]`,
    'CONFINEMENT',
  ),
  host('no AppArmor', '"SecurityOpt":["apparmor=unconfined"]', 'CONFINEMENT'),
  host('no labels', '"SecurityOpt":["label=disable"]', 'CONFINEMENT'),
  host('no masked paths', '"MaskedPaths":[]', 'CONFINEMENT'),
  host('no read-only paths', '"ReadonlyPaths":[]', 'CONFINEMENT'),
  host('a cgroup of the host', '"CgroupParent":"/x"', 'RESOURCES'),
  host('before the host in memory', '"OomScoreAdj":-1000', 'RESOURCES'),
  host(
    'a log driver that connects elsewhere',
    '"LogConfig":{"Type":"syslog","Config":{"syslog-address":"udp://127.0.0.1:1"}}',
    'LOG_DRIVER',
  ),
  host('annotations', '"Annotations":{"a":"b"}', 'RUNTIME'),
  host('a kernel parameter', '"Sysctls":{"net.ipv4.ip_forward":"1"}', 'KERNEL_PARAMETER'),
  // What others have
  post('exec in a privileged container', '/containers/root/exec', '{"Cmd":["id"]}', 'TARGET_TOO_POWERFUL'),
  post('a privileged exec', '/containers/plain/exec', '{"Cmd":["id"],"Privileged":true}', 'PRIVILEGED'),
  post(
    'a privileged exec by another spelling',
    '/containers/plain/exec',
    '{"Cmd":["id"],"PRIVILEGED":true}',
    'PRIVILEGED',
  ),
  post(
    'exec by the beginning of a name that is encoded',
    '/containers/%72oot/exec',
    '{"Cmd":["id"]}',
    'TARGET_TOO_POWERFUL',
  ),
  post('start an exec of others', '/exec/EXEC/start', '{"Detach":true}', 'TARGET_TOO_POWERFUL', { execIn: 'root' }),
  post('start a privileged container', '/containers/stopped/start', undefined, 'TARGET_TOO_POWERFUL'),
  post('restart a privileged container', '/containers/root/restart?t=0', undefined, 'TARGET_TOO_POWERFUL'),
  post('commit a container that shows the host', '/commit?container=mounted&repo=x', '{}', 'TARGET_TOO_POWERFUL'),
  post(
    'attach to a privileged container',
    '/containers/root/attach?stream=1&stdin=1',
    undefined,
    'TARGET_TOO_POWERFUL',
    {
      headers: [
        ['Upgrade', 'tcp'],
        ['Connection', 'Upgrade'],
      ],
    },
  ),
  {
    name: 'attach to a privileged container by web socket',
    line: 'GET /containers/root/attach/ws?stream=1&stdin=1',
    headers: [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
      ['Origin', 'http://docker'],
    ],
    code: 'TARGET_TOO_POWERFUL',
  },
  {
    name: 'read a file of the host',
    line: 'GET /containers/mounted/archive?path=/host/hostname',
    code: 'TARGET_TOO_POWERFUL',
  },
  {
    name: 'write a file of the host',
    line: 'PUT /containers/mounted/archive?path=/host',
    body: '\0'.repeat(1024),
    headers: [['Content-Type', 'application/x-tar']],
    code: 'TARGET_TOO_POWERFUL',
  },
  { name: 'export a privileged container', line: 'GET /containers/stopped/export', code: 'TARGET_TOO_POWERFUL' },
  post(
    'give a container a device later',
    '/containers/plain/update',
    '{"DeviceCgroupRules":["a *:* rwm"]}',
    'HOST_DEVICE',
    { isNone: true },
  ),
  post('change a privileged container', '/containers/root/update', '{"PidsLimit":100}', 'TARGET_TOO_POWERFUL'),
  // Volumes, networks, the daemon
  post(
    'a volume that binds',
    '/volumes/create',
    '{"Name":"xbind","DriverOpts":{"type":"none","o":"bind","device":"/etc"}}',
    'HOST_PATH',
  ),
  post(
    'a volume that binds by another spelling',
    '/volumes/create',
    '{"name":"xbind2","driveropts":{"o":"bind","type":"none","device":"/etc"}}',
    'HOST_PATH',
  ),
  post(
    'a volume in memory that binds',
    '/volumes/create',
    '{"Name":"xmem","DriverOpts":{"type":"tmpfs","o":"bind","device":"/etc"}}',
    'HOST_PATH',
  ),
  host(
    'a volume in memory that binds, inline',
    '"Mounts":[{"Type":"volume","Source":"xmem2","Target":"/h","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"tmpfs","o":"bind","device":"/etc"}}}}]',
    'HOST_PATH',
  ),
  host('a tmpfs that changes the mount at its place', '"Tmpfs":{"/x":"remount,rw"}', 'HOST_PATH'),
  host('a tmpfs that shares mounts', '"tmpfs":{"/x":"size=1m,rshared"}', 'HOST_PATH'),
  post(
    'a volume of an overlay',
    '/volumes/create',
    '{"Name":"xover","DriverOpts":{"type":"overlay","o":"lowerdir=/etc:/usr","device":"overlay"}}',
    'HOST_PATH',
  ),
  post(
    'a volume of a disk',
    '/volumes/create',
    '{"Name":"xdisk","DriverOpts":{"type":"ext4","device":"/dev/sda1"}}',
    'HOST_PATH',
  ),
  post(
    'a volume of the kernel',
    '/volumes/create',
    '{"Name":"xproc","DriverOpts":{"type":"proc","device":"proc"}}',
    'HOST_PATH',
  ),
  post(
    'a volume over the network',
    '/volumes/create',
    '{"Name":"xnfs","DriverOpts":{"type":"nfs","o":"addr=127.0.0.1","device":":/x"}}',
    'VOLUME_DRIVER',
  ),
  post('a network of the host', '/networks/create', '{"Name":"xmac","Driver":"macvlan"}', 'HOST_NETWORK', {
    isNone: true,
  }),
  post(
    'a network that opens all ports of its containers',
    '/networks/create',
    '{"Name":"xopen","Options":{"com.docker.network.bridge.gateway_mode_ipv4":"nat-unprotected"}}',
    'HOST_NETWORK',
    { isNone: true },
  ),
  create(
    'a kernel parameter of its interface',
    ',"NetworkingConfig":{"EndpointsConfig":{"bridge":{"DriverOpts":{"com.docker.network.endpoint.sysctls":"net.ipv4.conf.IFNAME.forwarding=1"}}}}',
    'KERNEL_PARAMETER',
    { isNone: true },
  ),
  post(
    'a kernel parameter of its interface, later',
    '/networks/bridge/connect',
    '{"Container":"plain","EndpointConfig":{"driveropts":{"com.docker.network.endpoint.sysctls":"net.ipv4.conf.IFNAME.route_localnet=1"}}}',
    'KERNEL_PARAMETER',
    { isNone: true },
  ),
  post(
    'a network that takes the addresses of others',
    '/networks/create',
    '{"Name":"xsub","IPAM":{"Config":[{"Subnet":"8.8.8.0/24"}]}}',
    'HOST_NETWORK',
    { isNone: true },
  ),
  post('a plugin', '/plugins/pull?remote=x', '[]', 'OPERATION_REFUSED', { isNone: true }),
  post('a swarm of one', '/swarm/init', '{"ListenAddr":"127.0.0.1"}', 'OPERATION_REFUSED', { isNone: true }),
  {
    name: 'BuildKit',
    line: 'POST /grpc',
    headers: [
      ['Upgrade', 'h2c'],
      ['Connection', 'Upgrade'],
    ],
    code: 'OPERATION_UNKNOWN',
    isForGateways: true,
  },
  {
    name: 'BuildKit, with a query',
    line: 'POST /grpc?x=y',
    headers: [
      ['Upgrade', 'h2c'],
      ['Connection', 'Upgrade'],
    ],
    code: 'OPERATION_UNKNOWN',
  },
  {
    name: 'a build on the network of the host',
    line: 'POST /build?networkmode=host',
    body: '\0'.repeat(1024),
    headers: [['Content-Type', 'application/x-tar']],
    code: 'HOST_NAMESPACE',
    isNone: true,
  },
  // What dockerd does with them: policy-git.test.ts.
  ...(
    [
      ['a build from a repository, with the SSH key of root', 'git@127.0.0.1:secret.git'],
      ['a build from a repository whose submodules may be elsewhere', 'https://127.0.0.1/app.git%23main'],
      ['a build from a repository, without a scheme', 'github.com/corp/app'],
    ] as const
  ).map(([name, remote]) =>
    post(name, `/build?version=2&remote=${remote}`, undefined, 'BUILD_OPTION', { isNone: true }),
  ),
  {
    name: 'processes of the host, by the name of another column',
    // Which lines it shows is up to chance.
    line: 'GET /v1.45/containers/plain/top?ps_args=-oetimes%3DPID%20-oargs%20-A%20e%20--forest',
    code: 'RUNTIME',
    isNone: true,
  },
  {
    name: 'processes of the host, by a column of several words',
    line: 'GET /v1.45/containers/plain/top?ps_args=-eo%20lstart,etimes,uid,pid,args',
    code: 'RUNTIME',
    isNone: true,
  },
  host('a real-time limit', '"Ulimits":[{"Name":"rtprio","Soft":90,"Hard":90}]', 'RESOURCES'),
  host('whether a file of the host is there', '"BlkioWeightDevice":[{"Path":"/root/x","Weight":10}]', 'HOST_DEVICE'),
  post('another name for a privileged container', '/containers/root/rename?name=x', undefined, 'TARGET_TOO_POWERFUL', {
    isNone: true,
  }),
  post(
    'change a service where there is no swarm',
    '/services/x/update?version=1',
    '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"IMAGE"}}}',
    'TARGET_UNKNOWN',
    { isNone: true },
  ),
  // Labels that the rule denies
  create('a label', LABEL, 'LABEL_REFUSED'),
  create('a label, by another spelling of the field', LABEL.replace('Labels', 'LABEL\u017f'), 'LABEL_REFUSED'),
  create('a label, in another case', LABEL.replace('traefik', 'TRAEFIK'), 'LABEL_REFUSED'),
  create(
    'a label, with a letter whose lower case is another one',
    LABEL.replace('traefik', 'traef\u0130k'),
    'LABEL_REFUSED',
  ),
  create('a label, escaped', LABEL.replace('traefik', String.raw`\u0074raefik`), 'LABEL_REFUSED'),
  create('a label twice', `${LABEL},"labels":{}`, 'BODY_AMBIGUOUS'),
  create('the label of an owner', ',"Labels":{"docker-mtls.owner":"team-a"}', 'LABEL_REFUSED'),
  post('a label by the image', '/containers/create', `{"Image":"${LABELLED}"}`, 'LABEL_REFUSED'),
  post('start a container with a label', '/containers/routed/start', undefined, 'LABEL_REFUSED'),
  post('restart a container with a label', '/containers/routed/restart?t=0', undefined, 'LABEL_REFUSED'),
  host(
    'a label of a volume, inline',
    `"Mounts":[{"Type":"volume","Source":"xlabel","Target":"/v","VolumeOptions":{${LABEL.slice(1)}}}]`,
    'LABEL_REFUSED',
  ),
  post('a label of a volume', '/volumes/create', `{"Name":"xlabel2"${LABEL}}`, 'LABEL_REFUSED'),
  post('a label of a network', '/networks/create', `{"Name":"xlabel"${LABEL}}`, 'LABEL_REFUSED'),
  post('a label of an image', '/commit?container=plain&repo=xlabel', `{${LABEL.slice(1)}}`, 'LABEL_REFUSED'),
  post(
    'a label of an image, by an instruction',
    '/commit?container=plain&repo=xlabel&changes=LABEL%20traefik.enable%3Dtrue',
    '{}',
    'LABEL_REFUSED',
  ),
  {
    name: 'a label of the containers of a build',
    line: `POST /build?version=2&labels=${encodeURIComponent('{"traefik.enable":"true"}')}`,
    body: '\0'.repeat(1024),
    headers: [['Content-Type', 'application/x-tar']],
    code: 'LABEL_REFUSED',
    isNone: true,
  },
  {
    name: 'a build whose steps are containers',
    line: 'POST /build?version=1',
    body: '\0'.repeat(1024),
    headers: [['Content-Type', 'application/x-tar']],
    code: 'LABEL_REFUSED',
    isNone: true,
  },
  { name: 'the debug pages', line: 'GET /debug/vars', code: 'OPERATION_UNKNOWN' },
  post('kill with a form', '/containers/plain/kill?signal=CONT', 'signal=KILL', undefined, {
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    isNone: true,
  }),
]
