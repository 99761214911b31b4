import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import { says, startFakeProxy, tunnels } from '../transport/support/proxies.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, runJson, type RunOptions } from './support/run-cli.ts'

interface ExplainData {
  readonly endpoint?: { url: string; kind: string; source: string; certPath?: string }
  readonly error?: { code: string; todo: string }
  readonly steps: { source: string; verdict: string; because: string; value?: string }[]
}
interface PingData {
  readonly endpoint: { url: string; kind: string; source: string }
  readonly tls: { version: string; cipher: string; keyExchange?: string; remoteAddress: string }
  readonly server: { names: { dns: string[] }; daysLeft: number }
  readonly client: { commonName: string; daysLeft: number }
  readonly engine: Record<string, string>
  readonly api: Record<string, string>
  readonly milliseconds: Record<string, number>
  readonly warnings: string[]
}

const HOME = await temporaryFolder()
const folder = join(HOME, 'docker-mtls')
await runCli(['init', 'build01', '--client', 'alice', '--out', folder])
const daemon = await startFakeDaemon(folder)
// An address that its certificate has not.
const elsewhere = await startFakeDaemon(folder, '127.0.0.2')
after(() => Promise.all([daemon.close(), elsewhere.close()]))
const { url } = daemon
const certPath = join(folder, 'clients/alice')
const env = { HOME, DOCKER_TLS_VERIFY: '1', DOCKER_HOST: url, DOCKER_CERT_PATH: certPath }

describe('explain', () => {
  test('says which daemon, who decided, and what else could have', async () => {
    const { code, stdout, stderr } = await runCli(['explain'], { env: { ...env, DOCKER_HOST_IP: 'tcp://other:2376' } })
    assert.equal(code, 0)
    assert.match(stdout, /^Endpoint {5}tcp:\/\/127\.0\.0\.1:\d+\nSelected by {2}DOCKER_HOST\nIdentity {5}\S+alice\n/)
    assert.match(stdout, /^ignored {2}DOCKER_HOST_IP: tcp:\/\/other:2376\n {9}\S/m)
    assert.match(stdout, /^Not set: DOCKER_CONTEXT/m)
    assert.match(stderr, /^Warning: DOCKER_HOST_IP=tcp:\/\/other:2376/)
  })

  test('with nothing set it is the local socket', async () => {
    const { endpoint, steps } = await runJson<ExplainData>(['explain'], { env: { HOME } })
    assert.equal(endpoint?.source, 'local socket')
    assert.equal(steps.find(({ verdict }) => verdict === 'chosen')?.source, 'local socket')
  })

  test('an error is the answer, and exit code 1', async () => {
    const refused = { env: { HOME, DOCKER_HOST: 'tcp://b:2376' } }
    const { code, stdout, stderr } = await runCli(['explain'], refused)
    assert.deepEqual([code, stderr], [1, ''])
    assert.match(
      stdout,
      /^ERR_TLS_VERIFY_REQUIRED: DOCKER_HOST=tcp:\/\/b:2376: .*\nSet DOCKER_TLS_VERIFY: {2}export DOCKER_TLS_VERIFY=1\n/,
    )
    const data = await runJson<ExplainData>(['explain'], refused)
    assert.equal(data.error?.code, 'ERR_TLS_VERIFY_REQUIRED')
    assert.equal(data.endpoint, undefined)
  })

  const ROWS: readonly (readonly [string[], string])[] = [
    [['--host', 'build01', '--cert-path', certPath], 'option host'],
    [['--dotenv', join(certPath, '.env')], `DOCKER_HOST in ${join(certPath, '.env')}`],
    [['--context', 'default'], 'option context'],
    [['--host', 'tcp://build01:2375', '--tls-on-port-2375', '--cert-path', certPath], 'option host'],
  ]
  for (const [argv, source] of ROWS) {
    test(`by ${argv[0]} ${argv.length}`, async () => {
      const { endpoint, error } = await runJson<ExplainData>(['explain', ...argv], { env: { HOME } })
      assert.equal(error, undefined)
      assert.equal(endpoint?.source, source)
    })
  }
})

describe('ping', () => {
  test('says who answered', async () => {
    const { code, stdout, stderr } = await runCli(['ping'], { env })
    assert.equal(code, 0, stderr)
    for (const line of [
      /^Reached {2}tcp:\/\/127\.0\.0\.1:\d+ \(DOCKER_HOST\)$/m,
      /^Server {3}build01, localhost, 127\.0\.0\.1, ::1\n {9}P-256, until \d{4}-\d\d-\d\d \(397 days left\), issued by CN=docker-mtls CA/m,
      /^Address {2}127\.0\.0\.1$/m,
      /^You {6}alice\n {9}P-256, until .* \(397 days left\)/m,
      /^TLS {6}TLSv1\.3, TLS_\w+, X25519(?:MLKEM768)?$/m,
      /^Engine {3}Docker 26\.1\.5, linux\/amd64$/m,
      /^API {6}1\.45 \(the daemon serves 1\.24 to 1\.45\)$/m,
      /^Time {5}[\d.]+ ms to connect, [\d.]+ ms for a ping$/m,
    ]) {
      assert.match(stdout, line)
    }
    assert.equal(stderr, '')
  })

  test('the same for a program', async () => {
    const data = await runJson<PingData>(['ping', '--host', url, '--cert-path', certPath], { env: { HOME } })
    assert.deepEqual(Object.keys(data), [
      'endpoint',
      'tls',
      'server',
      'client',
      'engine',
      'api',
      'milliseconds',
      'warnings',
    ])
    assert.deepEqual(data.endpoint, { url, kind: 'tls', source: 'option host' })
    assert.match(data.tls.keyExchange ?? '', /^X25519(?:MLKEM768)?$/)
    assert.deepEqual([data.tls.version, data.tls.remoteAddress], ['TLSv1.3', '127.0.0.1'])
    assert.deepEqual([data.server.daysLeft, data.client.commonName, data.client.daysLeft], [397, 'alice', 397])
    assert.deepEqual(data.engine, { version: '26.1.5', os: 'linux', arch: 'amd64' })
    assert.deepEqual(data.api, { version: '1.45', newest: '1.45', oldest: '1.24' })
    assert.ok((data.milliseconds['ping'] ?? -1) >= 0)
  })

  test('by a .env file', async () => {
    const { code, stderr } = await runCli(['ping', '--dotenv', join(certPath, '.env')], { env: { HOME } })
    // build01 is not to be found here, and the file was read.
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_NAME_NOT_RESOLVED: .*build01/)
  })

  test('a failure is on stderr as well as in the JSON', async () => {
    const argv = ['explain', '--host', 'tcp://h:2375']
    const plain = await runCli(argv, { env })
    const { code, stdout, stderr } = await runCli([...argv, '--json'], { env })
    assert.deepEqual([code, plain.code, plain.stderr], [1, 1, ''])
    assert.ok(plain.stdout.startsWith(stderr), stderr)
    assert.match(stderr, /^ERR_PLAINTEXT_PORT: .*\n.*\n$/)
    assert.equal((JSON.parse(stdout) as ExplainData).error?.code, 'ERR_PLAINTEXT_PORT')
    assert.equal((await runCli(['explain', '--json'], { env })).stderr, '')
  })

  test('options that exclude each other are refused as what they are', async () => {
    const { stdout } = await runCli(['explain', '--host', 'tcp://h', '--context', 'x'], { env })
    assert.match(stdout, /^refused {2}the options$/m)
    assert.match(stdout, /^ERR_/)
  })

  test('the text and the JSON have the same words', async () => {
    const argv = ['explain', '--host', 'unix:///x']
    const [{ stdout }, { steps }] = [await runCli(argv, { env }), await runJson<ExplainData>(argv, { env })]
    const ignored = steps.filter(({ verdict }) => verdict === 'ignored')
    assert.ok(ignored.length > 0)
    for (const { source } of ignored) assert.match(stdout, new RegExp(`^ignored {2}${source}`, 'm'))
  })

  test('a .env file that is passed over is spoken of before anything else', async () => {
    const argv = ['ping', '--dotenv', join(certPath, '.env')]
    const good = await runCli(argv, { env })
    assert.equal(good.code, 0, good.stderr)
    assert.match(good.stderr, /^Warning: The env file \S+ is ignored: the process already sets DOCKER_HOST.*\.\n$/)
    const unreached = await runCli(argv, { env: { ...env, DOCKER_HOST: 'tcp://127.0.0.1:1' } })
    assert.match(unreached.stderr, /^Warning: The env file .*is ignored.*\nERR_CONNECTION_REFUSED: /)
    const refused = await runCli(argv, { env: { HOME, DOCKER_HOST: 'tcp://b:2376' } })
    assert.match(
      refused.stderr,
      /^Warning: .*\.env is ignored: the process already sets DOCKER_HOST.*\nERR_TLS_VERIFY_REQUIRED: /,
    )
  })

  test("--env-file is Node's own, and refused with the word for ours", async () => {
    for (const argv of [['--env-file', 'x'], ['--env-file=x']]) {
      const { code, stderr } = await runCli(['ping', ...argv], { env: { HOME } })
      assert.equal(code, 2)
      assert.match(stderr, /^ERR_USAGE: .*--env-file is an option of Node itself.*\n.* --dotenv FILE /)
    }
  })

  test('a client of an authority of its own', async (t) => {
    const own = await temporaryFolder(t)
    await cp(certPath, own, { recursive: true })
    await runCli(['cert', 'ca', '--dir', join(own, 'other')])
    await cp(join(own, 'other/ca/ca.pem'), join(own, 'ca.pem'))
    const argv = ['ping', '--host', url, '--cert-path', own]
    const { stderr } = await runCli(argv, { env: { HOME } })
    assert.match(stderr, /^ERR_IDENTITY_ISSUER: [^\n]*\n.*--foreign-client-ca/)
    const foreign = await runCli([...argv, '--foreign-client-ca'], { env: { HOME } })
    assert.match(foreign.stderr, /ERR_SERVER_CERT_UNTRUSTED/)
  })

  test('with a key that is encrypted', async (t) => {
    const own = await temporaryFolder(t)
    await cp(certPath, own, { recursive: true })
    const key = createPrivateKey(await readFile(join(own, 'key.pem')))
    const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'correct horse' })
    await writeFile(join(own, 'key.pem'), encrypted)
    const argv = ['ping', '--host', url, '--cert-path', own]
    const locked = await runCli(argv, { env: { HOME } })
    assert.match(locked.stderr, /^ERR_IDENTITY_KEY_ENCRYPTED: .*\nSet --key-passphrase-file/)
    await writeFile(join(own, 'passphrase'), 'correct horse\n', { mode: 0o600 })
    const opened = await runCli([...argv, '--key-passphrase-file', join(own, 'passphrase')], { env: { HOME } })
    assert.equal(opened.code, 0, opened.stderr)
    assert.ok(!`${opened.stdout}${opened.stderr}${locked.stderr}`.includes('correct horse'))
  })

  test('through a proxy, whose password is read from a file', async (t) => {
    const proxy = await startFakeProxy(tunnels())
    t.after(() => proxy.close())
    const at = (user = ''): string[] => ['ping', '--proxy', `http://${user}127.0.0.1:${proxy.port}`]
    const plain = await runCli(at(), { env })
    assert.equal(plain.code, 0, plain.stderr)
    assert.match(plain.stdout, /^Address {2}known only to the proxy$/m)
    const file = join(await temporaryFolder(t), 'password')
    await writeFile(file, 's3cret/$&\n', { mode: 0o600 })
    const named = await runCli([...at('ann@'), '--proxy-password-file', file], { env })
    assert.equal(named.code, 0, named.stderr)
    const credentials = Buffer.from('ann:s3cret/$&').toString('base64')
    assert.ok(proxy.requests.at(-1)?.endsWith(`Proxy-Authorization: Basic ${credentials}`), proxy.requests.at(-1))
    assert.ok(!`${named.stdout}${named.stderr}`.includes('s3cret'))
  })

  test('a proxy that wants credentials, none at all, and a password for everybody to see', async (t) => {
    const proxy = await startFakeProxy(says('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
    t.after(() => proxy.close())
    const rows: [string[], number, RegExp][] = [
      [
        ['--proxy', `http://127.0.0.1:${proxy.port}`],
        1,
        /^ERR_PROXY_AUTH_REQUIRED: .*\n.*--proxy http:\/\/USER@PROXY:PORT --proxy-password-file FILE\.\n$/,
      ],
      [
        ['--proxy', 'http://ann:s3cret@proxy:3128'],
        2,
        /^ERR_USAGE: .*--proxy: .*every user.*\n.*--proxy-password-file/,
      ],
      [
        ['--proxy', 'socks5://proxy:1080'],
        2,
        /^ERR_ARGUMENT_INVALID: the option --proxy "socks5:.*\n.* --proxy http:\/\/USER@PROXY/,
      ],
      [
        ['--proxy', 'http://ann@proxy:1', '--proxy-password-file', '/nonexistent'],
        1,
        /^ERR_FILE_READ: reading the password in \/nonexistent: there is no such file\./,
      ],
      [['--proxy-password-file', 'x'], 2, /^ERR_USAGE: .*--proxy is missing/],
      [['--proxy', 'http://proxy:1', '--proxy-password-file', 'x'], 2, /^ERR_USAGE: .*has no user name/],
      [
        ['--proxy', 'http://proxy:1', '--host', 'unix:///x'],
        2,
        /^ERR_ARGUMENT_INVALID: the option --proxy for unix:\/\/\/x/,
      ],
    ]
    for (const [argv, code, expected] of rows) {
      const ran = await runCli(['ping', ...argv], { env: argv.includes('--host') ? { HOME } : env })
      assert.equal(ran.code, code, ran.stderr)
      assert.match(ran.stderr, expected)
      assert.doesNotMatch(ran.stderr, /s3cret/)
    }
  })

  const other = join(HOME, 'other')
  const FAILURES: readonly (readonly [string, () => Promise<string[]>, string])[] = [
    [
      'a stranger',
      async () => {
        await runCli(['init', 'build01', '--client', 'eve', '--out', other])
        return ['--host', url, '--cert-path', join(other, 'clients/eve')]
      },
      'ERR_SERVER_CERT_UNTRUSTED',
    ],
    [
      'an address that its certificate has not',
      async () => ['--host', elsewhere.url, '--cert-path', certPath],
      'ERR_SERVER_NAME_MISMATCH',
    ],
    ['nobody there', async () => ['--host', 'tcp://127.0.0.1:1', '--cert-path', certPath], 'ERR_CONNECTION_REFUSED'],
    ['no certificates at all', async () => ['--host', url, '--cert-path', HOME], 'ERR_IDENTITY_FILE_MISSING'],
  ]
  for (const [what, argv, code] of FAILURES) {
    test(`${what}: ${code}`, async () => {
      const ran = await runCli(['ping', ...(await argv())], { env: { HOME } })
      assert.equal(ran.code, 1)
      assert.match(ran.stderr, new RegExp(`^${code}: [^\n]+\\.\n[^\n]+`))
      assert.equal(ran.stdout, '')
    })
  }

  test('a local daemon, with the word that nobody named it', async (t) => {
    const home = await temporaryFolder(t)
    const socket = join(home, 'docker.sock')
    const server = createServer((request, response) => {
      response.setHeader('Api-Version', '1.45')
      response.end(
        request.url?.endsWith('/version') === true
          ? '{"Version":"26.1.5","ApiVersion":"1.45","Os":"linux","Arch":"amd64"}'
          : 'OK',
      )
    })
    server.listen(socket)
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    const local: RunOptions = { env: { HOME: home, XDG_RUNTIME_DIR: home } }
    const { endpoint } = await runJson<ExplainData>(['explain'], local)
    const named = await runCli(['ping', '--host', `unix://${socket}`], local)
    assert.equal(named.code, 0, named.stderr)
    assert.match(
      named.stdout,
      /^Reached {2}unix:\/\/.*\nEngine {3}Docker 26\.1\.5, linux\/amd64\nAPI {6}1\.45 \(the daemon serves up to 1\.45\)\n/,
    )
    assert.equal(named.stderr, '')
    // Where this machine has a socket of its own in the usual place, that one comes first.
    if (endpoint?.url !== `unix://${socket}`) return
    const { stderr } = await runCli(['ping'], local)
    assert.match(stderr, /^Warning: Neither an option nor a variable names a daemon/)
  })
})
