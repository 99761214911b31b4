import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { connect, type DockerClient } from '../../lib/index.ts'
import { definePolicy } from '../../lib/policy.ts'
import { busyboxTar } from '../daemon/harness/image.ts'
import { newClient, newServerTls } from '../gateway/support/fixture.ts'
import { runCommand } from '../support/command.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startPodman, type Podman } from './support/podman.ts'

const LEVELS = ['baseline', 'privileged'] as const
const IMAGE = 'busybox:made-here'

const create = (body: object): [string, string, object] => ['POST', '/containers/create', { Image: IMAGE, ...body }]

describe('a gateway in front of Podman', () => {
  let podman: Podman
  let gateway: Gateway
  let privileged: DockerClient
  let port = 0
  const file = (): string => join(podman.folder, 'of-the-host')
  const folderOf = (level: string): string => join(podman.folder, level)
  before(async () => {
    podman = await startPodman()
    const rules = LEVELS.map((level) => ({ name: level, who: { commonName: level }, level }))
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: podman.socketPath },
      policy: definePolicy({ version: 1, rules }),
    })
    if ('port' in gateway.address) port = gateway.address.port
    for (const level of LEVELS) await writeClient(folderOf(level), await newClient(level))
    privileged = await connect({ host: `tcp://127.0.0.1:${port}`, certPath: folderOf('privileged') }, {})
    await privileged.images.import(await busyboxTar(), { repo: 'busybox', tag: 'made-here' })
  })
  after(async () => {
    await privileged?.close()
    await gateway?.close()
    await podman?.stop()
  })

  /** A request at the level baseline by curl: the client itself ends with its first ping. */
  async function ask(method: string, path: string, body?: object): Promise<string> {
    const folder = folderOf('baseline')
    const files = [
      '--cacert',
      join(folder, 'ca.pem'),
      '--cert',
      join(folder, 'cert.pem'),
      '--key',
      join(folder, 'key.pem'),
    ]
    const sent = body === undefined ? [] : ['-H', 'Content-Type: application/json', '--data', JSON.stringify(body)]
    const url = `https://127.0.0.1:${port}${path}`
    const { stdout, stderr } = await runCommand('curl', [
      '-sS',
      '-X',
      method,
      ...files,
      ...sent,
      '-w',
      '%{http_code}',
      url,
    ])
    return stdout + stderr
  }

  test('tells the client of another level why', async () => {
    const connecting = connect({ host: `tcp://127.0.0.1:${port}`, certPath: folderOf('baseline') }, {})
    await assert.rejects(connecting, /calls itself "Libpod\/[^]*put it in front of dockerd/)
  })

  test('serves the level privileged', async () => {
    const { stdout } = await privileged.run(IMAGE, ['echo', 'through the gateway'])
    assert.equal(String(stdout), 'through the gateway\n')
  })

  describe('sends nothing of other levels', () => {
    const attacks: Readonly<Record<string, () => [method: string, path: string, body?: object]>> = {
      'a file of the host by ContainerIDFile': () => create({ HostConfig: { ContainerIDFile: file() } }),
      'a bind mount by a volume with a colon': () => create({ Volumes: { [`${podman.folder}:/host`]: {} } }),
      'a Dockerfile of the host': () => ['POST', `/build?dockerfile=${file()}`],
      'a path of libpod': () => ['GET', '/v5.0.0/libpod/containers/json'],
      'annotations of the runtime': () =>
        create({ HostConfig: { Annotations: { 'run.oci.keep_original_groups': '1' } } }),
      'the UTS namespace of the host': () => create({ HostConfig: { UTSMode: 'host' } }),
      'a namespace by its path': () => create({ HostConfig: { PidMode: 'ns:/proc/1/ns/pid' } }),
      'another runtime': () => create({ HostConfig: { Runtime: '/usr/bin/busybox' } }),
      'unmasked paths': () => create({ HostConfig: { SecurityOpt: ['unmask=ALL'] } }),
      'what is harmless': () => create({}),
    }
    for (const [what, attack] of Object.entries(attacks))
      test(what, async () => {
        const containers = (await privileged.containers.list({ all: true })).length
        const answer = await ask(...attack())
        // What is wrong for dockerd too is refused by the policy, before the daemon is looked at.
        assert.match(
          answer,
          /\((?:DAEMON_UNKNOWN|HOST_NAMESPACE|CONFINEMENT|RUNTIME)\)"\}\s*403$|5\.0\.0 is too new.*400$/s,
        )
        assert.equal((await privileged.containers.list({ all: true })).length, containers)
        assert.equal(existsSync(file()), false)
      })
  })
})
