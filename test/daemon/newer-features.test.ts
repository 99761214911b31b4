import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { audit } from '../../lib/audit.ts'
import { ENDPOINT_IFNAME, ENDPOINT_SYSCTLS } from '../../lib/container/endpoint-options.ts'
import { BadRequestError, type ContainerCreateRequest } from '../../lib/index.ts'
import { lacks } from '../support/requirements.ts'
import { testedEngine } from './harness/engine.ts'
import { SLEEP, startBusyboxEngine, type BusyboxEngine } from './support/busybox-engine.ts'

const IS_28 = testedEngine().major >= 28
const GATEWAY_MODE = 'com.docker.network.bridge.gateway_mode_ipv4'
const DriverOpts = { [ENDPOINT_IFNAME]: 'web0', [ENDPOINT_SYSCTLS]: 'net.ipv4.conf.IFNAME.forwarding=1' }
const UNPROTECTED = { [GATEWAY_MODE]: 'nat-unprotected' }

const codeOf = ({ code }: { readonly code: string }): string => code

/** What Docker 28 can do, and what 26 makes of it. */
describe('what is new in Docker 28', { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip') }, () => {
  let engine: BusyboxEngine
  before(async () => {
    engine = await startBusyboxEngine()
    for (const [Name, Options] of Object.entries({ own: {}, open: UNPROTECTED }))
      await engine.docker.networks.create({ Name, Options })
  })
  after(() => engine?.stop())

  const output = async (container: string, ...Cmd: string[]): Promise<string> => {
    const { stdout } = await engine.docker.exec.run(container, Cmd)
    return stdout.toString().trim()
  }
  const findings = async (check: string): Promise<string[]> =>
    (await audit(engine.docker, { only: [check], hostFiles: 'none' })).findings.map(({ subject, status, detail }) =>
      `${'name' in subject ? subject.name : ''} ${status} ${detail ?? ''}`.trim(),
    )

  test('kernel parameters and the name of an interface, which 26 ignores', async () => {
    await engine.start(
      { HostConfig: { NetworkMode: 'own' }, NetworkingConfig: { EndpointsConfig: { own: { DriverOpts } } } },
      'interface',
    )
    const [name, value] = IS_28
      ? ['web0', '1']
      : ['eth0', await output('interface', 'cat', '/proc/sys/net/ipv4/conf/default/forwarding')]
    assert.equal(await output('interface', 'cat', `/proc/sys/net/ipv4/conf/${name}/forwarding`), value)
    assert.deepEqual(await findings('C-SYSCTL'), ['interface warn net.ipv4.conf.IFNAME.forwarding=1'])
  })

  test('an interface parameter among those of the container, which an older client sends, is moved to its network', async () => {
    const older = await engine.connect({ apiVersion: '1.45' })
    try {
      const Sysctls = { 'net.ipv4.conf.eth0.forwarding': '1' }
      const { Id } = await older.containers.create(
        { Image: engine.image, Cmd: SLEEP, HostConfig: { Sysctls, NetworkMode: 'own' } },
        { name: 'moved' },
      )
      const { HostConfig, NetworkSettings } = await engine.docker.containers.inspect(Id)
      assert.deepEqual(
        [HostConfig.Sysctls, NetworkSettings.Networks['own']?.DriverOpts],
        IS_28 ? [undefined, { [ENDPOINT_SYSCTLS]: 'net.ipv4.conf.IFNAME.forwarding=1' }] : [Sysctls, null],
      )
      assert.equal((await findings('C-SYSCTL')).filter((text) => /^moved warn .*forwarding=1$/.test(text)).length, 1)
    } finally {
      await older.close()
    }
  })

  test('gateway modes of a bridge', async () => {
    assert.deepEqual((await engine.docker.networks.inspect('open')).Options, UNPROTECTED)
    assert.ok((await findings('N-UNPROTECTED')).includes('open fail gateway mode: nat-unprotected'))
    const odd = engine.docker.networks.create({ Name: 'odd', Options: { [GATEWAY_MODE]: 'odd' } })
    if (IS_28) await assert.rejects(odd, BadRequestError)
    else await odd
  })

  test('the priority of a gateway', async () => {
    const request: ContainerCreateRequest = {
      HostConfig: { NetworkMode: 'own' },
      NetworkingConfig: { EndpointsConfig: { own: {}, open: { GwPriority: 5 } } },
    }
    if (!IS_28) {
      await assert.rejects(engine.start(request), { code: 'ERR_API_FIELD_TOO_NEW' })
      return
    }
    await engine.start(request, 'gateways')
    const { Networks } = (await engine.docker.containers.inspect('gateways')).NetworkSettings
    assert.match(await output('gateways', 'ip', 'route'), new RegExp(`^default via ${Networks['open']?.Gateway} `, 'm'))
  })

  test('a part of an image, and of a volume', async () => {
    const Mounts = [
      { Type: 'image', Source: engine.image, Target: '/programs', ImageOptions: { Subpath: 'bin' } },
    ] as const
    if (IS_28) {
      await engine.start({ HostConfig: { Mounts } }, 'image')
      assert.match(await output('image', 'ls', '/programs'), /^busybox$/m)
      assert.match((await findings('C-IMGMOUNT')).join('\n'), /^image warn image busybox:made-here$/m)
    } else await assert.rejects(engine.start({ HostConfig: { Mounts } }), { code: 'ERR_API_FIELD_TOO_NEW' })
    const part = { Type: 'volume', Source: 'parts', Target: '/part' } as const
    const maker = await engine.start({ Cmd: ['mkdir', '/part/one'], HostConfig: { Mounts: [part] } })
    await engine.docker.containers.wait(maker)
    await engine.start({ HostConfig: { Mounts: [{ ...part, VolumeOptions: { Subpath: 'one' } }] } }, 'part')
    await assert.rejects(
      engine.start({ HostConfig: { Mounts: [{ ...part, VolumeOptions: { Subpath: '../one' } }] } }),
      BadRequestError,
    )
  })

  test('devices by CDI name', async () => {
    const DeviceRequests = [{ Driver: 'cdi', DeviceIDs: ['example.com/disk=all'] }]
    await engine.docker.containers.create({ Image: engine.image, HostConfig: { DeviceRequests } }, { name: 'cdi' })
    assert.ok((await findings('C-DEV')).includes('cdi warn devices of cdi example.com/disk=all'))
  })

  test('platforms of an image', async () => {
    const { images } = engine.docker
    const { Os: os, Architecture: architecture } = await images.inspect(engine.image)
    const platform = { os, architecture }
    const archive = await buffer(await images.save(engine.image))
    const calls: Readonly<Record<string, () => PromiseLike<unknown>>> = {
      history: () => images.history(engine.image, { platform }),
      inspect: () => images.inspect(engine.image, { platform }),
      save: async () => buffer(await images.save(engine.image, { platform })),
      'save several': () => images.save(engine.image, { platform: [platform, { os, architecture: 'riscv64' }] }),
      load: () => images.load(archive, { platform }),
      manifests: () => images.inspect(engine.image, { manifests: true }),
      identity: () => images.list({ manifests: true, identity: true }),
      attestations: () => images.attestations(engine.image),
    }
    const ended: Record<string, string> = {}
    for (const [name, call] of Object.entries(calls)) ended[name] = await call().then(() => 'ok', codeOf)
    const tooNew = 'ERR_API_FIELD_TOO_NEW'
    assert.deepEqual(ended, {
      history: IS_28 ? 'ok' : tooNew,
      inspect: IS_28 ? 'ok' : tooNew,
      save: IS_28 ? 'ok' : tooNew,
      'save several': IS_28 ? 'ERR_API_BAD_REQUEST' : tooNew,
      load: IS_28 ? 'ok' : tooNew,
      manifests: IS_28 ? 'ok' : tooNew,
      identity: tooNew,
      attestations: tooNew,
    })
  })
})
