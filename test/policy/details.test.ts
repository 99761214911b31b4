import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { BODIES, TYPES } from '../../lib/engine/body-fields/table.ts'
import { readRequest, type Json } from '../../lib/policy.ts'
import { boundDetails } from '../../lib/policy/details/bound.ts'
import { detailsOf } from '../../lib/policy/details/details.ts'
import { imageText, platformText, remoteText } from '../../lib/policy/details/safe.ts'
import { OPERATIONS, namedOperation } from '../../lib/policy/operations.ts'
import { parametersOf } from '../../lib/policy/reading/query-parameters.ts'

function detailsFor(line: string, body?: object): object | undefined {
  const [method = '', target = ''] = line.split(' ')
  const json = body && { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }
  const read = readRequest({ method, target, ...json })
  assert.ok('operation' in read, JSON.stringify(read))
  return detailsOf(read)
}

const DIGEST = `sha256:${'a'.repeat(64)}`

const ROWS: readonly (readonly [line: string, expected: object | undefined, body?: object])[] = [
  ['GET /_ping', undefined],
  ['GET /containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%22%5D%7D', undefined],
  ['GET /info', undefined],
  ['GET /containers/web/json', { container: 'web' }],
  ['POST /containers/web/kill?signal=KILL', { container: 'web', signal: 'KILL' }],
  ['DELETE /containers/web?force=1&v=1', { container: 'web', force: true, removeVolumes: true }],
  ['DELETE /containers/web?force=0', { container: 'web' }],
  ['DELETE /containers/web/db?link=1&force=1&v=1', { container: 'web', link: 'db' }],
  ['POST /containers/web/rename?name=db', { container: 'web', name: 'db' }],
  ['PUT /containers/web/archive?path=/etc/cron.d', { container: 'web', path: '/etc/cron.d' }],
  ['POST /containers/web/exec', { container: 'web', privileged: true, user: '0' }, { Privileged: true, User: '0' }],
  ['POST /exec/abc/start', { exec: 'abc' }, { Detach: true }],
  ['POST /images/create?fromImage=ghcr.io/me/app&tag=1.2', { image: 'ghcr.io/me/app:1.2' }],
  [`POST /images/create?fromImage=app&tag=${DIGEST}`, { image: `app@${DIGEST}` }],
  ['POST /images/create?fromSrc=-&repo=app&tag=1', { remote: '-', tags: ['app:1'] }],
  ['POST /images/me/app/push?tag=1', { image: 'me/app:1' }],
  ['POST /images/app/tag?repo=other&tag=2', { image: 'app', tags: ['other:2'] }],
  ['GET /images/get?names=a&names=b:1', { images: ['a', 'b:1'] }],
  ['DELETE /images/app?force=1', { image: 'app', force: true }],
  ['POST /commit?container=web&repo=app', { container: 'web', tags: ['app'] }],
  [
    'POST /build?t=a:1&t=b&remote=https%3A%2F%2Fann%3Ahunter2%40h%2Fx.git&networkmode=host&dockerfile=D&platform=linux%2Farm64&cachefrom=%5B%22c%22%5D',
    {
      tags: ['a:1', 'b'],
      remote: 'https://h/x.git',
      networkMode: 'host',
      dockerfile: 'D',
      platform: 'linux/arm64',
      images: ['c'],
    },
  ],
  [
    'POST /containers/create',
    { image: 'app' },
    {
      Image: 'app',
      Cmd: ['echo', 'hunter2'],
      User: '',
      HostConfig: {
        NetworkMode: 'default',
        Binds: null,
        CapAdd: null,
        Privileged: false,
        MaskedPaths: null,
        VolumeDriver: '',
      },
      NetworkingConfig: { EndpointsConfig: { default: {} } },
    },
  ],
  [
    'POST /containers/create',
    { networks: ['own'], sysctls: ['net.ipv4.ip_forward', 'net.ipv4.conf.IFNAME.forwarding', '*'] },
    {
      HostConfig: { Sysctls: { 'net.ipv4.ip_forward': '1' } },
      NetworkingConfig: {
        EndpointsConfig: {
          own: {
            DriverOpts: {
              'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.forwarding=hunter2,?',
              a: 'hunter2',
            },
          },
        },
      },
    },
  ],
  ['POST /networks/n/connect', { network: 'n', container: 'web' }, { Container: 'web' }],
  [
    'POST /networks/create',
    { name: 'n', driver: 'macvlan', driverOptions: ['parent'], internal: true },
    { Name: 'n', Driver: 'macvlan', Options: { parent: 'eth0' }, Internal: true },
  ],
  [
    'POST /volumes/create',
    { name: 'v', driver: 'local', mounts: ['/etc'], driverOptions: ['type', 'o', 'device'] },
    { Name: 'v', Driver: 'local', DriverOpts: { type: 'none', o: 'bind', device: '/etc' } },
  ],
  [
    'POST /volumes/create',
    { name: 'v', driver: 'local', driverOptions: ['type', 'o', 'device'] },
    { Name: 'v', Driver: 'local', DriverOpts: { type: 'cifs', o: 'username=a,password=hunter2', device: '//h/s' } },
  ],
  [
    'POST /volumes/create',
    { name: 'v', driver: 'vault', driverOptions: ['type', 'o', 'device'] },
    { Name: 'v', Driver: 'vault', DriverOpts: { type: 'none', o: 'bind', device: '/hunter2' } },
  ],
  ['POST /services/s/update?version=3&rollback=previous', { service: 's', rollback: true }, { Name: 'web' }],
  ['POST /build?remote=https%3A%2Fann%3Ahunter2%40h%2Fx', { remote: '*' }],
  ['POST /build?remote=ann%3A1%2Fhunter2%40h%2Fx', { remote: '*' }],
  ['POST /build?platform=linux%2Famd64%2Clinux%2Farm64', { platform: 'linux/amd64,linux/arm64' }],
  ['POST /secrets/create', { name: 's' }, { Name: 's', Data: 'aHVudGVyMg==' }],
  [
    'POST /nodes/n/update?version=1',
    { node: 'n', role: 'manager', availability: 'drain' },
    { Role: 'manager', Availability: 'drain' },
  ],
  ['POST /swarm/join', { managers: ['10.0.0.1:2377'] }, { RemoteAddrs: ['10.0.0.1:2377'], JoinToken: 'hunter2' }],
  ['POST /plugins/pull?remote=vieux/sshfs&name=s', { remote: 'vieux/sshfs', name: 's' }, []],
  [
    'POST /containers/a/checkpoints',
    { container: 'a', checkpoint: 'c', folder: '/x' },
    { CheckpointID: 'c', CheckpointDir: '/x' },
  ],
  [
    'POST /containers/create?name=web&platform=linux/amd64',
    {
      name: 'web',
      image: 'alpine:3.20',
      user: '0:0',
      privileged: true,
      networkMode: 'host',
      pidMode: 'host',
      ipcMode: 'container:db',
      utsMode: 'host',
      usernsMode: 'host',
      cgroupnsMode: 'host',
      mounts: ['/:ro', '/root', '/run/docker.sock', 'image app:1', 'data'],
      driver: 'local',
      driverOptions: ['o', 'device', '*'],
      volumesFrom: ['db:ro'],
      capAdd: ['SYS_ADMIN', 'ALL'],
      devices: ['/dev/sda', 'c 1:3 rwm', 'nvidia', 'vendor.com/gpu=0'],
      securityOptions: ['seccomp=*', 'apparmor=unconfined', 'no-new-privileges=true', '*'],
      unmasked: true,
      runtime: 'kata',
      cgroupParent: '/system.slice',
      sysctls: ['net.core.somaxconn'],
      ports: ['127.0.0.1:8080->80/tcp', '[::]:53->53/udp'],
      publishAll: true,
      networks: ['front'],
      logDriver: 'splunk',
      platform: 'linux/amd64',
    },
    {
      Image: 'alpine:3.20',
      User: '0:0',
      NetworkingConfig: { EndpointsConfig: { front: {}, host: {} } },
      HostConfig: {
        Privileged: true,
        NetworkMode: 'host',
        PidMode: 'host',
        IpcMode: 'container:db',
        UTSMode: 'host',
        UsernsMode: 'host',
        CgroupnsMode: 'host',
        Binds: ['/hunter2', '/var/run/docker.sock:/s', '/etc/../:/h:ro'],
        Mounts: [
          { Type: 'tmpfs', Target: '/t' },
          { Type: 'image', Source: 'app:1', Target: '/i' },
          {
            Type: 'volume',
            Source: 'data',
            Target: '/d',
            VolumeOptions: {
              DriverConfig: { Name: 'local', Options: { o: 'bind', device: '/root', 'a b': 'hunter2' } },
            },
          },
        ],
        VolumesFrom: ['db:ro'],
        CapAdd: ['cap_sys_admin', 'all'],
        Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/dev/x', CgroupPermissions: 'rwm' }],
        DeviceCgroupRules: ['c 1:3 rwm'],
        DeviceRequests: [{ Driver: 'nvidia' }, { DeviceIDs: ['vendor.com/gpu=0'] }],
        SecurityOpt: ['seccomp={"a":"hunter2"}', 'apparmor=unconfined', 'no-new-privileges', 'hunter2=x'],
        MaskedPaths: [],
        Runtime: 'kata',
        CgroupParent: '/system.slice',
        Sysctls: { 'net.core.somaxconn': '1' },
        PortBindings: {
          '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
          '53/udp': [{ HostIp: '::', HostPort: '53' }],
        },
        PublishAllPorts: true,
        LogConfig: { Type: 'splunk', Config: { 'splunk-token': 'hunter2' } },
      },
    },
  ],
  [
    'POST /services/s/update?version=3&rollback=none',
    {
      service: 's',
      name: 'web',
      image: 'app:1',
      user: '0',
      mounts: ['/etc:ro'],
      capAdd: ['NET_ADMIN'],
      securityOptions: ['seccomp=unconfined', 'credentialspec=*'],
      networks: ['host'],
      ports: ['80->8080/tcp'],
      secrets: ['token'],
      configs: ['conf'],
    },
    {
      Name: 'web',
      TaskTemplate: {
        ContainerSpec: {
          Image: 'app:1',
          User: '0',
          Env: ['A=hunter2'],
          Mounts: [{ Type: 'bind', Source: '/etc', Target: '/e', ReadOnly: true }],
          CapabilityAdd: ['CAP_NET_ADMIN'],
          Privileges: { Seccomp: { Mode: 'unconfined' }, CredentialSpec: { Config: 'hunter2' } },
          Secrets: [{ SecretName: 'token', SecretID: 'x' }],
          Configs: [{ ConfigName: 'conf', ConfigID: 'x' }],
        },
        Networks: [{ Target: 'host' }],
      },
      EndpointSpec: { Ports: [{ PublishedPort: 80, TargetPort: 8080 }] },
    },
  ],
]

describe('the details of a request', () => {
  test('take no long time, whatever is in them', () => {
    const began = performance.now()
    const body = { Name: 'v', Driver: 'local', DriverOpts: { type: 'none', o: 'bind', device: '/'.repeat(2_000_000) } }
    assert.ok(detailsFor('POST /volumes/create', body))
    const SecurityOpt = Array.from({ length: 50_000 }, () => 'seccomp=unconfined')
    assert.ok(detailsFor('POST /containers/create', { Image: 'a', HostConfig: { SecurityOpt } }))
    assert.ok(performance.now() - began < 2_000)
  })

  for (const [line, expected, body] of ROWS) {
    test(line, () => {
      const details = detailsFor(line, body)
      assert.deepEqual(details, expected)
      assert.doesNotMatch(JSON.stringify(details ?? {}), /hunter2/)
    })
  }
})

/** A body with a text of its own in each place, by the table of fields. */
class Planted {
  readonly places = new Map<string, string>()

  plant(place: string): string {
    const text = `t${this.places.size}x`
    this.places.set(text, place)
    return text
  }

  value(form: string, place: string, types: readonly string[] = []): Json {
    if (form.startsWith('[')) return [this.value(form.slice(1), place, types)]
    if (form.startsWith('*'))
      return { [this.plant(`${place}.KEY`)]: this.value(form.slice(1) || 's', `${place}.*`, types) }
    if (form === 's' || form === 'c') return place.endsWith('.Binds') ? `${this.plant(place)}:/x` : this.plant(place)
    if (['i', 'n', 'b'].includes(form) || form.startsWith('s=') || types.includes(form)) return null
    const entries = (TYPES[form] ?? '').split(' ').map((field) => field.split(':'))
    return Object.fromEntries(
      entries.map(([name = '', one = 's']) => [
        name,
        this.value(one, place === '' ? name : `${place}.${name}`, [...types, form]),
      ]),
    )
  }

  /** The places of the texts that are in this. */
  foundIn(value: object | undefined): string[] {
    return [...JSON.stringify(value ?? {}).matchAll(/t\d+x/gi)]
      .map(([text]) => this.places.get(text.toLowerCase()) ?? text)
      .toSorted()
  }
}

const OF_SERVICES =
  'Name Networks.Target TaskTemplate.ContainerSpec.CapabilityAdd TaskTemplate.ContainerSpec.Configs.ConfigName TaskTemplate.ContainerSpec.Image TaskTemplate.ContainerSpec.Mounts.Source TaskTemplate.ContainerSpec.Mounts.VolumeOptions.DriverConfig.Name TaskTemplate.ContainerSpec.Mounts.VolumeOptions.DriverConfig.Options.KEY TaskTemplate.ContainerSpec.Secrets.SecretName TaskTemplate.ContainerSpec.Sysctls.KEY TaskTemplate.ContainerSpec.User TaskTemplate.LogDriver.Name TaskTemplate.Networks.Target TaskTemplate.PluginSpec.Remote TaskTemplate.Runtime'

/** All that a body or a query can bring into the log, by operation. Whoever adds to this decides that it is never a secret. Of
 * services.update, `rollback` is planted, too, and hides the body, which has the fields of services.create. */
const SHOWN: Readonly<Record<string, string>> = {
  'checkpoints.create': 'CheckpointDir CheckpointID',
  'checkpoints.list': '?dir',
  'checkpoints.remove': '?dir',
  'configs.create': 'Name',
  'configs.update': 'Name',
  'containers.archive.get': '?path',
  'containers.archive.put': '?path',
  'containers.archive.stat': '?path',
  'containers.create':
    '?name ?platform HostConfig.Binds HostConfig.CapAdd HostConfig.CgroupParent HostConfig.DeviceCgroupRules HostConfig.DeviceRequests.DeviceIDs HostConfig.Devices.PathOnHost HostConfig.IpcMode HostConfig.LogConfig.Type HostConfig.Mounts.Source HostConfig.Mounts.VolumeOptions.DriverConfig.Options.KEY HostConfig.NetworkMode HostConfig.PidMode HostConfig.PortBindings.*.HostIp HostConfig.PortBindings.*.HostPort HostConfig.Runtime HostConfig.Sysctls.KEY HostConfig.UTSMode HostConfig.UsernsMode HostConfig.VolumeDriver HostConfig.VolumesFrom Image NetworkingConfig.EndpointsConfig.KEY User',
  'containers.kill': '?signal',
  'containers.rename': '?name',
  'containers.restart': '?signal',
  'containers.start': '?checkpoint',
  'containers.stop': '?signal',
  'exec.create': 'User',
  'images.build': '?cgroupparent ?dockerfile ?networkmode ?platform ?remote ?t',
  'images.commit': '?container ?repo ?tag',
  'images.pull': '?fromImage ?platform ?tag',
  'images.push': '?platform ?tag',
  'images.save': '?names',
  'images.tag': '?repo ?tag',
  'networks.connect': 'Container',
  'networks.create': 'Driver Name Options.KEY',
  'networks.disconnect': 'Container',
  'plugins.create': '?name',
  'plugins.privileges': '?remote',
  'plugins.pull': '?name ?remote',
  'plugins.upgrade': '?remote',
  'secrets.create': 'Driver.Name Name',
  'secrets.update': 'Driver.Name Name',
  'services.create': OF_SERVICES,
  'swarm.init': 'Availability',
  'swarm.join': 'Availability RemoteAddrs',
  'volumes.create': 'Driver DriverOpts.KEY Name',
}

test('nothing of a body or a query but what is named here gets into them, whatever the operation', () => {
  const shown: Record<string, string> = {}
  for (const operation of OPERATIONS) {
    const planted = new Planted()
    const form = BODIES[operation.name]
    const body = form === undefined ? undefined : planted.value(form, '')
    const query = new Map([...parametersOf(operation).keys()].map((name) => [name, [planted.plant(`?${name}`)]]))
    const named = namedOperation(operation, query)
    const found = planted.foundIn(
      detailsOf({
        operation: named,
        parameters: { name: 'app' },
        query,
        ...(body !== undefined && { body }),
      }),
    )
    const all = [...new Set([...(shown[named.name] ?? '').split(' '), ...found])].filter(Boolean)
    if (all.length > 0) shown[named.name] = all.join(' ')
  }
  assert.deepEqual(shown, SHOWN)
})

test('name parameters that were left out only if they are those of known clients', () => {
  const target = '/containers/json?authconfig=&hunter2&abortSignal=&Secret-1=a'
  const read = readRequest({ method: 'GET', target, isRewritten: true })
  assert.ok('operation' in read)
  assert.deepEqual(detailsOf(read), { leftOut: ['authconfig', '*', 'abortSignal'] })
})

test('are bounded, and say what they lack', () => {
  const many = Array.from({ length: 100 }, (_, index) => `/very/long/${index}`)
  const details = detailsFor('POST /containers/create', {
    Image: 'a',
    HostConfig: { Binds: [...many, '/:/host'].map((path) => (path.includes(':') ? path : `${path}:/x`)) },
  }) as { mounts: string[] }
  assert.equal(details.mounts.length, 20)
  // Whoever hides it behind others doesn't hide it.
  assert.equal(details.mounts[0], '/')
  assert.equal(details.mounts.at(-1), 'and 82 more')
  const long = boundDetails({ name: 'n'.repeat(10_000), user: '\u001b[2J\u202e' })
  assert.deepEqual(long, { name: `${'n'.repeat(197)}...`, user: '<U+001B>[2J<U+202E>' })
  for (const odd of [
    '\u0001'.repeat(300),
    `${'n'.repeat(196)}${'😀'.repeat(9)}`,
    `n${'😀'.repeat(300)}`,
    '\ud83d'.repeat(201),
  ]) {
    const { name = '' } = boundDetails({ name: odd }) ?? {}
    assert.ok(name.length <= 200 && !/\p{Cs}/u.test(name), name)
    assert.deepEqual(boundDetails({ name }), { name })
  }
  const texts = Array.from({ length: 100 }, () => 'x'.repeat(1_000))
  const full = boundDetails({ privileged: true, mounts: texts, capAdd: texts, devices: texts, tags: texts, name: 'a' })
  assert.ok(JSON.stringify(full).length < 9_000)
  assert.deepEqual([full?.truncated, full?.privileged, full?.name], [true, true, 'a'])
  assert.deepEqual(boundDetails(full), full)
  assert.deepEqual(boundDetails(details), details)
  for (const nothing of [
    undefined,
    null,
    'secret',
    7,
    [],
    {},
    { other: 'secret', name: 7, privileged: 'yes', mounts: [7] },
  ])
    assert.equal(boundDetails(nothing), undefined)
})

test('have each of their fields', () => {
  const types = readFileSync(new URL('../../lib/policy/details/types.ts', import.meta.url), 'utf8')
  const fields = [...types.matchAll(/^ {2}readonly (\w+)\?: (string|boolean|readonly string\[\])$/gm)]
  assert.ok(fields.length > 50)
  const values: Readonly<Record<string, unknown>> = { string: 'a', boolean: true, 'readonly string[]': ['a'] }
  const all = Object.fromEntries(fields.map(([, name = '', type = '']) => [name, values[type]]))
  assert.deepEqual(boundDetails(all), all)
})

test('have no login', () => {
  const rows: readonly (readonly [show: (text: string) => string, given: string, expected: string])[] = [
    [imageText, 'ann:hunter2@ghcr.io/app', '*'],
    [imageText, 'https://ann:hunter2@ghcr.io/app', '*'],
    [imageText, 'Hunter2', '*'],
    [imageText, 'a1b2c3', 'a1b2c3'],
    [imageText, `app:1@${DIGEST}`, `app:1@${DIGEST}`],
    [remoteText, 'https://hunter2@h:8443/a/b.tar?token=hunter2#hunter2', 'https://h:8443/a/b.tar'],
    [remoteText, 'github.com/me/app.git#main', 'https://github.com/me/app.git'],
    [remoteText, 'git@github.com:me/app.git#hunter2', 'git@github.com:me/app.git'],
    [remoteText, 'https://ann:hunter2@h@x:y/', '*'],
    [remoteText, 'hunter2:hunter2', '*'],
    [platformText, '{"os":"linux","architecture":"arm64","variant":"v8"}', 'linux/arm64/v8'],
    [platformText, '{"os":"linux","secret":"hunter2"}', 'linux'],
    [platformText, '{hunter2', '*'],
    [platformText, 'linux hunter2', '*'],
  ]
  for (const [show, given, expected] of rows) assert.equal(show(given), expected, given)
})
