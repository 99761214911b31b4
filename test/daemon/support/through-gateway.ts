import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createGateway } from '../../../lib/gateway.ts'
import { connect, type DockerClient } from '../../../lib/index.ts'
import { definePolicy } from '../../../lib/policy.ts'
import { newClient, newServerTls } from '../../gateway/support/fixture.ts'
import { runCommand } from '../../support/command.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { writeClient } from '../../transport/support/credentials.ts'
import { execute, startContainer } from './exec.ts'

/** What `docker build` needs for BuildKit. */
export const BUILDX = '/usr/libexec/docker/cli-plugins/docker-buildx'

/**
 * Puts a gateway in front of a daemon that a client reaches in its own way: an exec with half close, events, and a build by BuildKit
 * work through it, and the client goes on after the gateway's end.
 */
export async function worksThroughGateway(t: TestContext, daemon: DockerClient, image: string): Promise<void> {
  const gateway = await createGateway({
    listen: { host: '127.0.0.1', port: 0 },
    tls: await newServerTls(),
    daemon,
    policy: definePolicy({ version: 1, rules: [{ name: 'ann', who: { commonName: 'ann' }, level: 'baseline' }] }),
  })
  t.after(() => gateway.close())
  const folder = await temporaryFolder(t)
  await writeClient(join(folder, 'client'), await newClient('ann'))
  const env = {
    DOCKER_HOST: `tcp://127.0.0.1:${'port' in gateway.address ? gateway.address.port : 0}`,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: join(folder, 'client'),
  }
  const docker = await connect({}, env)
  t.after(() => docker.close())

  const container = await startContainer(docker, image)
  const input = randomBytes(1 << 20)
  const late = ['sh', '-c', 'cat; sleep 0.5; echo late >&2; exit 3']
  const { stdout, stderr, exitCode } = await execute(docker, container, late, input)
  assert.ok(stdout.equals(input), `${stdout.length} bytes came back of ${input.length}`)
  assert.deepEqual([String(stderr), exitCode], ['late\n', 3])

  const { body } = await docker.request({ method: 'GET', path: '/events' })
  const { Name } = await docker.volumes.create({})
  let seen = ''
  for await (const chunk of body) {
    seen += String(chunk)
    if (seen.includes(Name)) break
  }
  assert.match(seen, /"Type":"volume"/)
  await docker.volumes.remove(Name)
  await assert.rejects(docker.containers.create({ Image: image, HostConfig: { Privileged: true } }), /PRIVILEGED/)

  await mkdir(join(folder, 'context'))
  await writeFile(join(folder, 'context/file'), input)
  await writeFile(join(folder, 'context/Dockerfile'), `FROM ${image}\nCOPY file /file\nRUN wc -c < /file > /count\n`)
  const words = ['build', '--output', `type=local,dest=${join(folder, 'out')}`, join(folder, 'context')]
  const built = await runCommand('docker', words, {
    env: { ...env, DOCKER_BUILDKIT: '1', DOCKER_CONFIG: folder, HOME: folder },
  })
  assert.equal(built.code, 0, built.stderr)
  assert.equal((await runCommand('cat', [join(folder, 'out/count')])).stdout, `${input.length}\n`)

  await docker.containers.remove(container, { force: true })
  await gateway.close()
  await assert.rejects(docker.ping())
  await daemon.ping()
}
