import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArgumentError, type DockerClient } from '../../lib/index.ts'
import { pretend } from './support/pretend.ts'

type Call = (docker: DockerClient, options?: object) => PromiseLike<unknown>

/** A body with an unknown field, and the suggestion. */
const ROWS: Readonly<Record<string, readonly [call: Call, hint: RegExp]>> = {
  'HostConfig.Memroy': [
    (docker, options) => docker.containers.create({ HostConfig: { Memroy: 1 } } as object, options),
    /Did you mean HostConfig\.Memory\?/,
  ],
  'HostConfig.memory': [
    (docker, options) => docker.containers.create({ HostConfig: { memory: 1 } } as object, options),
    /Did you mean HostConfig\.Memory\?/,
  ],
  Memory: [
    (docker, options) => docker.containers.create({ Image: 'x', Memory: 1 } as object, options),
    /Did you mean HostConfig\.Memory\?/,
  ],
  'HostConfig.PortBindings.80/tcp.0.Port': [
    (docker, options) =>
      docker.containers.create({ HostConfig: { PortBindings: { '80/tcp': [{ Port: '1' }] } } } as object, options),
    /Correct the name/,
  ],
  'NetworkingConfig.EndpointsConfig.net.Alias': [
    (docker, options) => {
      const NetworkingConfig = { EndpointsConfig: { net: { Alias: ['a'] } } }
      return docker.containers.create({ NetworkingConfig } as object, options)
    },
    /Did you mean NetworkingConfig\.EndpointsConfig\.net\.Aliases\?/,
  ],
  MemorySwapp: [
    (docker, options) => docker.containers.update('x', { MemorySwapp: 1 } as object, options),
    /Did you mean MemorySwap\?/,
  ],
  Volume: [(docker, options) => docker.images.commit('x', { Volume: {} } as object, options), /Did you mean Volumes\?/],
  WorkDir: [
    (docker, options) => docker.exec.create('x', { Cmd: ['a'], WorkDir: '/' } as never, options),
    /Correct the name/,
  ],
  memory: [
    (docker, options) => docker.containers.create({ Image: 'x', memory: 1 } as object, options),
    /Did you mean HostConfig\.Memory\?/,
  ],
  binds: [
    (docker, options) => docker.containers.create({ Image: 'x', binds: [] } as object, options),
    /Did you mean HostConfig\.Binds\?/,
  ],
  cwd: [
    (docker, options) => docker.containers.create({ Image: 'x', cwd: '/' } as object, options),
    /Did you mean WorkingDir\?/,
  ],
  foo: [
    (docker, options) => docker.containers.create({ Image: 'x', foo: 1 } as object, options),
    /\nCorrect the name, or omit it\. To send/,
  ],
  stdin: [
    (docker, options) => docker.exec.start('x', { stdin: 'x' } as object, options),
    /\nTo send input, set AttachStdin: true in exec\.create\(\)[^]*docker\.exec\.run\(\) with \{ stdin \}\. /,
  ],
  Stdin: [
    (docker, options) => docker.exec.create('x', { Cmd: ['a'], Stdin: true } as never, options),
    /\nTo send input, set AttachStdin: true, or/,
  ],
  Ttyy: [(docker, options) => docker.exec.start('x', { Ttyy: true } as object, options), /Did you mean Tty\?/],
  'IPAM.Config.0.Subnets': [
    (docker, options) => docker.networks.create({ Name: 'x', IPAM: { Config: [{ Subnets: '' }] } } as never, options),
    /Did you mean IPAM\.Config\.0\.Subnet\?/,
  ],
  Label: [(docker, options) => docker.volumes.create({ Label: {} } as object, options), /Did you mean Labels\?/],
  'Raft.SnapshotIntervall': [
    (docker, options) => docker.swarm.update({ Raft: { SnapshotIntervall: 1 } } as object, { version: 1, ...options }),
    /Did you mean Raft\.SnapshotInterval\?/,
  ],
}

test('an unknown field is refused before anything is sent, and allowUnknown sends it', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  for (const [field, [call, hint]] of Object.entries(ROWS)) {
    const error = await Promise.resolve(call(docker)).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof ArgumentError && error instanceof TypeError, field)
    assert.equal(error.code, 'ERR_API_FIELD_UNKNOWN')
    assert.ok(error.message.includes(`the API has no field ${field},`), error.message)
    assert.match(error.message, hint)
  }
  assert.equal(asked.length, 0)
  for (const [call] of Object.values(ROWS)) await Promise.resolve(call(docker, { allowUnknown: true })).catch(() => {})
  assert.equal(asked.length, Object.keys(ROWS).length)
  assert.match(asked[0]?.body.toString() ?? '', /"Memroy":1/)
})

test('maps have any keys, undefined is no field, and fields of older versions are known', async (t) => {
  const { docker, asked } = await pretend(t, '1.40', '{}')
  const map = { 'any key': '1', Memroy: '2' }
  await docker.containers.create({
    Labels: map,
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
    Memroy: undefined,
    MacAddress: '02:42:ac:11:00:02',
    HostConfig: {
      LogConfig: { Type: 'json-file', Config: map },
      Sysctls: map,
      Tmpfs: map,
      StorageOpt: map,
      KernelMemory: 1,
      DeviceRequests: [{ Driver: 'nvidia', Capabilities: [['gpu']], Options: map }],
      Mounts: [{ Type: 'volume', Target: '/a', VolumeOptions: { Labels: map, DriverConfig: { Options: map } } }],
    },
    NetworkingConfig: { EndpointsConfig: { net: { DriverOpts: map } } },
  } as object)
  await docker.networks.create({ Name: 'x', Options: map, Labels: map, CheckDuplicate: true, IPAM: { Options: map } })
  await docker.volumes.create({ DriverOpts: map, Labels: map })
  assert.equal(asked.length, 3)
})

/** A value that the daemon can't read, what the error says about it, and the remedy. */
const WRONG: readonly (readonly [call: Call, got: RegExp, todo: RegExp])[] = [
  [
    (docker, options) => docker.containers.create({ HostConfig: { Memory: '512m' } } as never, options),
    /^HostConfig\.Memory is a string, not an integer$/,
    /bytes.*  512 \* 1024 \*\* 2$/,
  ],
  [
    (docker, options) => docker.containers.create({ HostConfig: { NanoCpus: 1.5 } }, options),
    /^HostConfig\.NanoCpus is 1\.5, not an integer$/,
    /billionths of a CPU/,
  ],
  [
    (docker, options) => docker.containers.update('x', { Memory: NaN }, options),
    /^Memory is NaN, not an integer$/,
    /bytes/,
  ],
  [
    (docker, options) => docker.containers.create({ Env: { A: 'b' } } as never, options),
    /^Env is an object, not an array$/,
    /^Pass an array\. For example:  Env: \['NAME=value'\]$/,
  ],
  [
    (docker, options) => docker.exec.create('x', { Cmd: 'ls' } as never, options),
    /^Cmd is a string, not an array$/,
    /Cmd: \['ls', '-l'\]/,
  ],
  [
    (docker, options) => docker.containers.create({ Image: 'x', Cmd: 'ls -l' } as never, options),
    /^Cmd is a string, not an array$/,
    /^Pass an array\. For example: {2}Cmd: \['ls', '-l'\]$/,
  ],
  [
    (docker, options) => docker.containers.create({ Image: 'x', Entrypoint: 'sh\t-c' } as never, options),
    /^Entrypoint is a string, not an array$/,
    /Entrypoint: \['sh', '-c'\]$/,
  ],
  [
    (docker, options) => docker.images.commit('x', { Cmd: ['ls', 1] } as never, options),
    /^Cmd\.1 is a number, not a string$/,
    /^Pass a string/,
  ],
  [
    (docker, options) => {
      const RestartPolicy = { Name: 'allways' }
      return docker.containers.create({ HostConfig: { RestartPolicy } } as never, options)
    },
    /^HostConfig\.RestartPolicy\.Name is "allways"$/,
    /^Pass 'no', 'always', 'unless-stopped' or 'on-failure'\.$/,
  ],
  [
    (docker, options) =>
      docker.containers.create({ HostConfig: { Mounts: [{ Type: 'volumes', Target: '/a' }] } } as never, options),
    /^HostConfig\.Mounts\.0\.Type is "volumes"$/,
    /^Pass 'bind', .* or 'volume'\.$/,
  ],
  [
    (docker, options) => docker.nodes.update('x', { Role: 7 } as never, { version: 1, ...options }),
    /^Role is 7$/,
    /^Pass 'worker' or 'manager'\.$/,
  ],
  [
    (docker, options) => docker.containers.create({ Env: ['A=b', 1] } as never, options),
    /^Env\.1 is a number, not a string$/,
    /^Pass a string/,
  ],
  [
    (docker, options) => {
      const PortBindings = { '80/tcp': [{ HostPort: 8080 }] }
      return docker.containers.create({ HostConfig: { PortBindings } } as never, options)
    },
    /^HostConfig\.PortBindings\.80\/tcp\.0\.HostPort is a number, not a string$/,
    /HostPort: '8080'$/,
  ],
  [
    (docker, options) => {
      const PortBindings = { '80/tcp': { HostPort: '8080' } }
      return docker.containers.create({ HostConfig: { PortBindings } } as never, options)
    },
    /^HostConfig\.PortBindings\.80\/tcp is an object, not an array$/,
    /PortBindings: \{ '80\/tcp': \[\{ HostPort/,
  ],
  [
    (docker, options) => docker.containers.create({ ExposedPorts: ['80/tcp'] } as never, options),
    /^ExposedPorts is an array, not an object$/,
    /ExposedPorts: \{ '80\/tcp': \{\} \}/,
  ],
  [
    (docker, options) => docker.containers.create({ Labels: { Env: 1 } } as never, options),
    /^Labels\.Env is a number, not a string$/,
    /Labels: /,
  ],
  [
    (docker, options) => docker.containers.create({ Tty: 'true' } as never, options),
    /^Tty is a string, not true or false$/,
    /^Pass true or false\.$/,
  ],
  [
    (docker, options) => docker.containers.create({ Healthcheck: { Interval: '10s' } } as never, options),
    /^Healthcheck\.Interval is a string/,
    /nanoseconds.*10 \* 1e9/,
  ],
  [
    (docker, options) => docker.networks.create({ Name: 'x', IPAM: { Config: {} } } as never, options),
    /^IPAM\.Config is an object, not an array$/,
    /^Pass an array\.$/,
  ],
  [
    (docker, options) => docker.services.create({ Mode: { Replicated: { Replicas: '2' } } } as never, options),
    /^Mode\.Replicated\.Replicas is a string, not an integer$/,
    /^Pass an integer\.$/,
  ],
  [
    (docker, options) => docker.plugins.pull('x', [{ Name: 'network', Value: 'host' }] as never, options),
    /^0\.Value is a string, not an array$/,
    /^Pass an array\.$/,
  ],
]

test('a value of the wrong type is refused before anything is sent, and allowUnknown sends it', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  for (const [call, got, todo] of WRONG) {
    const wanted = { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID', got, todo }
    await assert.rejects(Promise.resolve(call(docker)), wanted, call.toString())
  }
  assert.equal(asked.length, 0)
  for (const [call] of WRONG) await Promise.resolve(call(docker, { allowUnknown: true })).catch(() => {})
  assert.equal(asked.length, WRONG.length)
})

test('null, a Date, and one word for a command are taken, as dockerd takes them', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  await docker.containers.create({
    Cmd: 'date',
    Entrypoint: ['sh'],
    Env: null,
    Labels: null,
    StopTimeout: null,
    Hostname: new Date(0),
    HostConfig: {
      PortBindings: { '80/tcp': null, '81/tcp': [{ HostIp: null, HostPort: '' }] },
      Memory: 0,
      Init: null,
      RestartPolicy: { Name: '' },
      LogConfig: { Type: 'a-plugin' },
      Mounts: [{ Type: 'Volume', Target: '/a' }],
    },
  } as object)
  assert.equal(asked.length, 1)
  const written = { toJSON: () => ({ Memroy: 1 }) }
  await assert.rejects(docker.containers.create({ HostConfig: written } as object), { code: 'ERR_API_FIELD_UNKNOWN' })
  await assert.rejects(docker.containers.create({ Hostname: Buffer.from('x') } as object), {
    got: 'Hostname is an object, not a string',
  })
})

test('allowUnknown is a boolean, of calls that check names alone', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  const wrong = docker.containers.create({}, { allowUnknown: 'yes' as never })
  await assert.rejects(wrong, { code: 'ERR_ARGUMENT_INVALID', message: /allowUnknown of containers\.create\(\)/ })
  const unknown = { code: 'ERR_OPTION_UNKNOWN' }
  await assert.rejects(docker.containers.pause('x', { allowUnknown: true } as object), unknown)
  assert.deepEqual(asked, [])
})
