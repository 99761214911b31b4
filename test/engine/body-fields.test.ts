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

test('allowUnknown is a boolean, of calls that check names alone', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  const wrong = docker.containers.create({}, { allowUnknown: 'yes' as never })
  await assert.rejects(wrong, { code: 'ERR_ARGUMENT_INVALID', message: /allowUnknown of containers\.create\(\)/ })
  const unknown = { code: 'ERR_OPTION_UNKNOWN' }
  await assert.rejects(docker.containers.pause('x', { allowUnknown: true } as object), unknown)
  assert.deepEqual(asked, [])
})
