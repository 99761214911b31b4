import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type DockerClient } from '../../lib/index.ts'
import { bridge, type Bridge } from '../../lib/interop.ts'
import { makeImage } from '../daemon/harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from '../daemon/harness/secured.ts'
import { startSshd, type Sshd } from '../daemon/harness/sshd.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'

describe('a bridge by ssh', { skip: lacks('namespaces', 'dockerd', 'docker', 'ssh', 'sshd') }, () => {
  let daemon: SecuredDaemon
  let sshd: Sshd
  let docker: DockerClient
  let made: Bridge
  let image: string
  before(async () => {
    daemon = await startSecuredDaemon()
    image = await makeImage(daemon)
    sshd = await startSshd({ dockerHost: daemon.place.listen[0] })
    docker = await connect({ host: `ssh://root@127.0.0.1:${sshd.port}` })
    made = await bridge(docker, join(daemon.place.folder, 'bridge.sock'))
  })
  after(async () => {
    await made?.close()
    await docker?.close()
    await sshd?.stop()
    await daemon?.stop()
  })

  test('run -i of the docker command: the input ends, the output comes', async () => {
    const input = 'over ssh\n'.repeat(100_000)
    const env = { DOCKER_HOST: `unix://${made.path}` }
    const { code, stdout, stderr } = await runCommand('docker', ['run', '-i', '--rm', image, 'cat'], { env, input })
    assert.equal(code, 0, stderr)
    assert.ok(stdout === input, `${stdout.length} bytes came back of ${input.length}`)
  })

  test('without sshd the docker command is told why', async () => {
    await sshd.stop()
    const { code, stderr } = await runCommand('docker', ['ps'], { env: { DOCKER_HOST: `unix://${made.path}` } })
    assert.equal(code, 1)
    assert.match(stderr, /docker-mtls: ERR_\w+: /)
  })
})
