import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startSecuredDaemon, type SecuredDaemon } from './daemon/harness/secured.ts'
import { runCommand, type CommandResult } from './support/command.ts'
import { createAuthority } from '../lib/pki.ts'
import { rotateAuthority } from '../lib/provision.ts'
import { dockerLocally } from './daemon/harness/docker-cli.ts'
import { IMAGE, makeImage, printing } from './daemon/harness/image.ts'
import { startRegistry } from './daemon/harness/registry.ts'
import { startSlowProxy } from './daemon/support/slow-proxy.ts'
import { TYPESCRIPT } from './support/programs.ts'
import { lacks } from './support/requirements.ts'
import { temporaryFolder } from './support/temporary.ts'

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url))

function run(
  name: string,
  env: Readonly<Record<string, string>> = {},
  args: string[] = [],
  input = '',
): Promise<CommandResult> {
  const cwd = join(EXAMPLES, '..')
  return runCommand(process.execPath, [...TYPESCRIPT, join(EXAMPLES, `${name}.ts`), ...args], { env, cwd, input })
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

test('keep-certificates: lists certificates, and reports a rotation', async (t) => {
  const folder = join(await temporaryFolder(t), 'pki')
  const none = await run('keep-certificates', {}, [folder])
  assert.equal(none.code, 1)
  assert.match(none.stderr, /ERR_CA_MISSING/)
  succeeded(await run('make-certificates', {}, [folder]))
  const text = succeeded(await run('keep-certificates', {}, [folder]))
  assert.match(
    text,
    /^no certificate needs renewal\nca docker-mtls CA .*: in use.*\nserver build01\.example\.com: in use.*\nclient deploy: in use/m,
  )
  assert.match(text, /^no rotation is in progress$/m)
  await rotateAuthority({ folder })
  assert.match(succeeded(await run('keep-certificates', {}, [folder])), /^trust: waits for deploy$/m)
})

test('sign-request: signs the key that was read out, and no other', async () => {
  const text = succeeded(await run('sign-request', {}, ['ben']))
  const [asked, ...rest] = text.split('\n')
  assert.match(asked ?? '', /^key of ben: (?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  assert.match(rest.join('\n'), /^signed ben for clientAuth\nPKCS#12 of \d{4} bytes\nthis is not the key of ben\n$/)
  const wrong = await run('sign-request', {}, ['ben.example.com'])
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /ERR_NAME_INVALID/)
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

  test("probe: succeeds with the daemon's CA, and fails with another one", async (t) => {
    const [host = '', port = ''] = daemon.host.replace('tcp://', '').split(':')
    const text = succeeded(await run('probe', {}, [host, daemon.client.ca, port]))
    assert.match(text, /^TLS versions: TLSv1\.2, TLSv1\.3; plaintext: refused\ncertificate: CN=localhost, valid until /)
    assert.match(text, /^accepted CAs: only ours\nwithout a certificate: certificate required\n$/m)
    const other = await createAuthority()
    const file = join(await temporaryFolder(t), 'other.pem')
    await writeFile(file, other.certificate)
    const foreign = await run('probe', {}, [host, file, port])
    assert.equal(foreign.code, 1)
    assert.match(foreign.stdout, /^accepted CAs: others too$/m)
    assert.match(foreign.stderr, /ERR_SERVER_CERT_UNTRUSTED/)
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

  test('gateway-with-database: a row decides, from the next request on', async () => {
    const text = succeeded(await run('gateway-with-database', {}, [daemon.place.socketPath]))
    assert.equal(
      text,
      'list: 0 containers run\n' +
        'info: refused: ann may not use system.info\n' +
        'info, with a new row: 0 containers\n' +
        'info, without it: refused: ann may not use system.info\n' +
        'info, without a table: failed: docker-mtls gateway: whether you may do this could not be decided\n',
    )
  })

  test('fetch-with-dispatcher', async () => {
    const text = succeeded(await run('fetch-with-dispatcher', daemon.clientEnv))
    assert.match(text, /^200: Docker Engine \d+[^]*example\.com[^]*it only sends to/)
  })

  test('pull-with-progress', { skip: lacks('docker', 'busybox', 'docker-registry', 'htpasswd') }, async (t) => {
    const auth = { username: 'ann', password: 'secret' }
    const registry = await startRegistry({ auth })
    t.after(() => registry.stop())
    // dockerd reports the progress of nothing that arrives at once.
    const slow = await startSlowProxy(registry.host, 2e6)
    t.after(() => slow.stop())
    const config = await temporaryFolder(t)
    const basic = Buffer.from('ann:secret').toString('base64')
    await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [slow.host]: { auth: basic } } }))
    const image = `${slow.host}/team/app:1`
    await makeImage(daemon, image)
    const cli = { env: { DOCKER_CONFIG: config } }
    succeeded(await dockerLocally(daemon, ['push', '--quiet', image], cli))
    succeeded(await dockerLocally(daemon, ['rmi', image], cli))
    const text = succeeded(await run('pull-with-progress', { ...daemon.clientEnv, DOCKER_CONFIG: config }, [image]))
    assert.match(text, /^1: Pulling from team\/app\n[^]*\d+% of \d\.\d MB\n[^]*: Pull complete\n/)
    assert.match(text, /app:1 is downloaded: sha256:[0-9a-f]{64}\n$/)
    const refused = await run('pull-with-progress', daemon.clientEnv, [image])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /no basic auth credentials[^]*docker login 127\.0\.0\.1/)
  })

  test('show-progress', { skip: lacks('docker', 'busybox') }, async (t) => {
    const image = await makeImage(daemon)
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'Dockerfile'), `FROM ${image}\nRUN echo hello from a step\n`)
    const { code, stdout, stderr } = await run('show-progress', daemon.clientEnv, [folder, 'shown:1'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^shown:1 is sha256:[0-9a-f]{64}\n$/)
    assert.match(
      stderr,
      /^(#\d+) \[2\/2\] RUN echo hello from a step\n(.*\n)*\1 hello from a step\n(.*\n)*\1 done, .*s\n/m,
    )
    await writeFile(join(folder, 'Dockerfile'), `FROM ${image}\nRUN exit 3\n`)
    const failed = await run('show-progress', daemon.clientEnv, [folder, 'shown:2'])
    assert.deepEqual([failed.code, failed.stdout], [1, ''])
    assert.match(failed.stderr, /^#\d+ failed after .*\n(.*\n)*building \[2\/2\] RUN exit 3/m)
  })

  test('run', { skip: lacks('docker', 'busybox') }, async () => {
    const image = await makeImage(daemon)
    const hello = succeeded(await run('run', daemon.clientEnv, [image, ...printing('echo hello')]))
    assert.equal(hello, 'hello\n')
    const failed = await run('run', daemon.clientEnv, [image, 'sh', '-c', 'echo no >&2; sleep 0.5; exit 3'])
    assert.deepEqual([failed.code, failed.stdout, failed.stderr], [3, '', 'no\n'])
    const missing = await run('run', daemon.clientEnv, [image, '/no/such/program'])
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /no such file or directory/)
  })

  test('logs', { skip: lacks('docker', 'busybox') }, async () => {
    const image = await makeImage(daemon)
    const start = (name: string, script: string): Promise<CommandResult> =>
      dockerLocally(daemon, ['run', '--detach', '--name', name, image, 'sh', '-c', script])
    succeeded(await start('speaker', 'echo one; sleep 1; echo two >&2; exit 4'))
    const text = succeeded(await run('logs', daemon.clientEnv, ['speaker']))
    assert.equal(text, 'stdout: one\nstderr: two\nExit code: 4\n')
    succeeded(await start('endless', 'echo one; sleep 1000'))
    assert.equal(
      succeeded(await run('logs', daemon.clientEnv, ['endless', '1'])),
      'stdout: one\nStill running after 1 s\n',
    )
    await dockerLocally(daemon, ['rm', '--force', 'speaker', 'endless'])
  })

  test('events', { skip: lacks('docker', 'busybox') }, async () => {
    const image = await makeImage(daemon)
    const failing = await dockerLocally(daemon, ['run', '--rm', '--name', 'brief', image, 'sh', '-c', 'exit 7'])
    assert.equal(failing.code, 7, failing.stderr)
    const text = succeeded(await run('events', daemon.clientEnv, ['1']))
    assert.match(text, /^(\S+Z .*\n)*\S+Z brief: start\n\S+Z brief: die with 7\n/)
  })

  test('follow-events', { skip: lacks('docker', 'busybox') }, async () => {
    const image = await makeImage(daemon)
    const ended = new AbortController()
    const running = run('follow-events', daemon.clientEnv, ['8']).finally(() => ended.abort())
    // It takes a moment until it listens.
    while (!ended.signal.aborted) {
      succeeded(await dockerLocally(daemon, ['run', '--rm', '--name', 'brief', image, 'sleep', '0.5']))
    }
    assert.match(succeeded(await running), /^running: .+\n(brief: .+\n)*brief: start\nbrief: die\n/)
  })

  test('ensure', { skip: lacks('docker', 'busybox') }, async () => {
    const image = await makeImage(daemon)
    const first = succeeded(await run('ensure', daemon.clientEnv, [image]))
    assert.equal(first, 'image: unchanged\nnetwork: created\nvolume: created\ncontainer: started\n')
    const second = succeeded(await run('ensure', daemon.clientEnv, [image]))
    assert.equal(second, 'image: unchanged\nnetwork: unchanged\nvolume: unchanged\ncontainer: unchanged\n')
    succeeded(await run('ensure', daemon.clientEnv, [image, '--remove']))
  })

  test('exec-with-stdin', { skip: lacks('docker', 'busybox') }, async () => {
    const image = await makeImage(daemon)
    succeeded(await dockerLocally(daemon, ['run', '--detach', '--name', 'db', image, 'sleep', '1000']))
    const exec = (command: string[], input: string): Promise<CommandResult> =>
      run('exec-with-stdin', daemon.clientEnv, ['db', ...command], input)
    assert.equal(succeeded(await exec(['sort'], 'b\na\n')), 'a\nb\n')
    const failed = await exec(['sh', '-c', 'cat >&2; exit 5'], 'no')
    assert.deepEqual([failed.code, failed.stdout, failed.stderr], [5, '', 'no'])
    const missing = await exec(['nosuchprogram'], '')
    assert.equal(missing.code, 127)
    assert.match(missing.stderr, /executable file not found/)
    await dockerLocally(daemon, ['rm', '--force', 'db'])
  })

  test('build', { skip: lacks('docker', 'busybox') }, async (t) => {
    await makeImage(daemon)
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'Dockerfile'), `FROM ${IMAGE}\nCOPY text /text\nRUN cat /text\n`)
    await writeFile(join(folder, 'text'), 'said while it was built\n')
    const text = succeeded(await run('build', daemon.clientEnv, [folder, 'built:1']))
    assert.match(text, /^done: .*COPY text \/text\n[^]*said while it was built\n[^]*done: .*RUN cat \/text\n/m)
    assert.match(text, /built:1 is sha256:[0-9a-f]{64}, \d+ bytes\n$/)
    await writeFile(join(folder, 'Dockerfile'), `FROM ${IMAGE}\nRUN echo why it failed && exit 3\n`)
    const failed = await run('build', daemon.clientEnv, [folder, 'built:1'])
    assert.equal(failed.code, 1)
    assert.match(failed.stderr, /RUN echo why it failed[^]*3/)
  })

  test('swarm-service', { skip: lacks('docker', 'busybox') }, async () => {
    const image = await makeImage(daemon)
    const without = await run('swarm-service', daemon.clientEnv, [image])
    assert.equal(without.code, 1)
    assert.equal(without.stderr, 'Create a swarm first:  docker swarm init\n')
    succeeded(
      await dockerLocally(daemon, ['swarm', 'init', '--listen-addr', '127.0.0.1', '--advertise-addr', '127.0.0.1']),
    )
    const text = succeeded(await run('swarm-service', daemon.clientEnv, [image]))
    assert.match(text, /^1 of 1 tasks running\nlog: hello from a secret\n[^]*^2 of 2 tasks running\n$/m)
    assert.equal(succeeded(await dockerLocally(daemon, ['secret', 'ls', '--quiet'])), '')
    assert.equal(succeeded(await dockerLocally(daemon, ['service', 'ls', '--quiet'])), '')
    succeeded(await dockerLocally(daemon, ['swarm', 'leave', '--force']))
  })
})
