import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startSecuredDaemon, type SecuredDaemon } from './daemon/harness/secured.ts'
import { runCommand, type CommandResult } from './support/command.ts'
import { lacks } from './support/requirements.ts'
import { temporaryFolder } from './support/temporary.ts'

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url))

function run(name: string, env: Readonly<Record<string, string>> = {}, args: string[] = []): Promise<CommandResult> {
  const cwd = join(EXAMPLES, '..')
  return runCommand(process.execPath, ['--import', 'tsx', join(EXAMPLES, `${name}.ts`), ...args], { env, cwd })
}

function succeeded({ code, stdout, stderr }: CommandResult): string {
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
  return stdout
}

test('make-certificates: in memory and in a folder, which a second run keeps', async (t) => {
  const folder = join(await temporaryFolder(t), 'pki')
  assert.match(succeeded(await run('make-certificates', {}, [folder])), /as a client: good[^]*created/)
  const key = await readFile(join(folder, 'ca/ca-key.pem'), 'utf8')
  assert.match(succeeded(await run('make-certificates', {}, [folder])), /kept/)
  assert.equal(await readFile(join(folder, 'ca/ca-key.pem'), 'utf8'), key)
  assert.equal((await stat(join(folder, 'clients/deploy/key.pem'))).mode & 0o777, 0o600)
})

test('render-daemon-config: both ways verify clients', async () => {
  const text = succeeded(await run('render-daemon-config'))
  assert.match(text, /^ExecStart=\/usr\/sbin\/dockerd .*--tlsverify .*--tlscacert=\/etc\/docker\/tls\/ca\.pem/m)
  assert.match(text, /"tlsverify": true/)
  assert.match(text, /export DOCKER_TLS_VERIFY=/)
  assert.doesNotMatch(text, /2375/)
})

test('connect-from-environment: without a daemon it says what to do', async (t) => {
  const { code, stderr } = await run('connect-from-environment', {
    HOME: await temporaryFolder(t),
    DOCKER_HOST: 'tcp://127.0.0.1:2375',
  })
  assert.equal(code, 1)
  assert.match(stderr, /^ERR_PLAINTEXT_PORT: .*\n.*2376/)
})

describe('with a real daemon', { skip: lacks('namespaces', 'dockerd') }, () => {
  let daemon: SecuredDaemon
  before(async () => {
    daemon = await startSecuredDaemon()
  })
  after(() => daemon.stop())

  test('connect-from-environment', async () => {
    const text = succeeded(await run('connect-from-environment', daemon.clientEnv))
    assert.match(text, /^Docker Engine \d+\.\d+.*, API 1\.\d+, chosen by DOCKER_HOST\n/)
  })

  test('connect-with-values', async () => {
    const { ca, cert, key } = daemon.client
    const [DEPLOY_CA, DEPLOY_CERT, DEPLOY_KEY] = await Promise.all(
      [ca, cert, key].map((file) => readFile(file, 'utf8')),
    )
    assert.ok(DEPLOY_CA !== undefined && DEPLOY_CERT !== undefined && DEPLOY_KEY !== undefined)
    const elsewhere = { DOCKER_HOST: 'tcp://192.0.2.1:2375' }
    const text = succeeded(
      await run('connect-with-values', { ...elsewhere, DEPLOY_HOST: daemon.host, DEPLOY_CA, DEPLOY_CERT, DEPLOY_KEY }),
    )
    assert.match(text, /^TLSv1\.3 to localhost as tester\n200 \{ Volumes: \[\]/)
  })

  test('fetch-with-dispatcher', async () => {
    const text = succeeded(await run('fetch-with-dispatcher', daemon.clientEnv))
    assert.match(text, /^200: Docker Engine \d+[^]*example\.com[^]*and nowhere else/)
  })
})
