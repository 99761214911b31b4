import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createGateway, type Gateway, type GatewayEvent } from '../../lib/gateway.ts'
import { definePolicy } from '../../lib/policy.ts'
import { newClient, newServerTls } from '../gateway/support/fixture.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'

import { appendFileSync } from 'node:fs'
const note = (...a: unknown[]) => appendFileSync('/work/notes/bk.out', a.map((x) => (typeof x === 'string' ? x : JSON.stringify(x))).join(' ') + '\n')
const skip = lacks('namespaces', 'dockerd', 'docker', '/usr/libexec/docker/cli-plugins/docker-buildx', 'docker-compose')

describe('experiment', { skip }, () => {
  let daemon: Daemon
  let gateway: Gateway
  let image: string
  const events: GatewayEvent[] = []

  before(async () => {
    const place = await chooseDaemonPlace()
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
    image = await makeImage(daemon)
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: place.socketPath },
      policy: definePolicy({
        version: 1,
        rules: [{ name: 'ann', who: { commonName: 'ann' }, level: 'baseline' }],
      }),
      log: (event) => events.push(event),
    })
  })
  after(async () => {
    await gateway?.close()
    await daemon?.stop()
  })

  async function envOf(name: string): Promise<Record<string, string>> {
    const folder = join(daemon.place.folder, `client-${name}`)
    await writeClient(folder, await newClient(name))
    const host = `tcp://127.0.0.1:${'port' in gateway.address ? gateway.address.port : 0}`
    return { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder, DOCKER_CONFIG: folder }
  }

  test('a build', async () => {
    const env = await envOf('ann')
    const context = join(daemon.place.folder, 'context')
    await mkdir(context)
    await writeFile(join(context, 'Dockerfile'), `FROM ${image}\nCOPY file /file\nRUN cat /file; sleep 0.5\n`)
    await writeFile(join(context, 'file'), 'in the file\n')
    for (const args of [
      ['build', '-t', 'one', context],
      ['buildx', 'build', '--metadata-file', join(context, 'm.json'), '-t', 'two', context],
      ['buildx', 'build', '--load', '--no-cache', '-o', `type=local,dest=${context}/out`, context],
      ['buildx', 'ls'],
      ['buildx', 'du'],
    ]) {
      events.length = 0
      const { code, stdout, stderr } = await runCommand('docker', args, { env })
      note(args.join(' '), code, stdout.slice(-600), stderr.slice(-3000))
      for (const event of events)
        if (event.event === 'request') note(event.method, event.path, event.verdict, event.status, event.reason, JSON.stringify(event.reasons), event.milliseconds)
        else if (event.event !== 'begin') note(event)
    }
    assert.ok(true)
  })
})
