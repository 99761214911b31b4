import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, describe, test } from 'node:test'
import type { CommandResult } from '../support/command.ts'
import { processesNaming } from '../support/processes.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { dockerLocally } from './harness/docker-cli.ts'
import { IMAGE, makeImage, printing } from './harness/image.ts'
import { startRegistry, type Registry } from './harness/registry.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry', 'htpasswd')
const auth = { username: 'ann', password: 'it\'s "secret" $1' }

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('registry-'))

describe('a real registry and the real docker', { skip }, () => {
  let daemon: SecuredDaemon
  let open: Registry
  let closed: Registry
  let config: string

  before(async () => {
    daemon = await startSecuredDaemon()
    await makeImage(daemon)
    open = await startRegistry()
    closed = await startRegistry({ auth })
  })
  after(() => Promise.all([open?.stop(), closed?.stop(), daemon?.stop()]))

  const docker = (args: readonly string[], input = ''): Promise<CommandResult> =>
    dockerLocally(daemon, args, { input, env: { DOCKER_CONFIG: config } })

  async function succeed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await docker(args)
    assert.equal(code, 0, `docker ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  async function roundTrip(image: string): Promise<void> {
    await succeed('tag', IMAGE, image)
    await succeed('push', image)
    await succeed('rmi', image)
    await succeed('pull', image)
    assert.equal(await succeed('run', '--rm', image, ...printing('echo hello')), 'hello\n')
  }

  test('an image goes there and comes back', async (t) => {
    config = await temporaryFolder(t)
    await roundTrip(`${open.host}/a/b:1`)
  })

  test('what needs a user is refused without one and with a wrong password, and given after a login', async (t) => {
    config = await temporaryFolder(t)
    const image = `${closed.host}/c:1`
    await succeed('tag', IMAGE, image)
    const anonymous = await docker(['push', image])
    assert.notEqual(anonymous.code, 0)
    assert.match(anonymous.stderr, /no basic auth credentials/)

    const login = ['login', '--username', auth.username, '--password-stdin', closed.host]
    const wrong = await docker(login, 'wrong')
    assert.notEqual(wrong.code, 0)
    assert.match(wrong.stderr, /401 Unauthorized/)

    const right = await docker(login, auth.password)
    assert.equal(right.code, 0, right.stderr)
    await roundTrip(image)
  })

  test('it leaves no process and no folder', async () => {
    assert.equal(folders().length, 2)
    assert.equal(processesNaming('docker-registry serve').length, 2)
    await Promise.all([open.stop(), closed.stop()])
    await open.stop()
    assert.deepEqual(folders(), [])
    assert.deepEqual(processesNaming('docker-registry serve'), [])
  })
})

test('a registry that can not start fails with the reason, and leaves nothing', { skip }, async () => {
  const found = folders()
  await assert.rejects(startRegistry({ auth: { username: 'a:b', password: 'x' } }), /htpasswd failed/)
  assert.deepEqual(folders(), found)
})
