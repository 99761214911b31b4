import assert from 'node:assert/strict'
import { existsSync, lstatSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Interrupted, SIGINT_CODE } from '../../lib/cli/terminal/io.ts'
import { connect, isDockerMtlsError, type EndpointOptions } from '../../lib/index.ts'
import { createCrl, loadAuthority } from '../../lib/pki.ts'
import { freePort, isListening } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, type Ran } from './support/run-cli.ts'

const folder = await temporaryFolder()
const pki = join(folder, 'pki')
await runCli(['init', '127.0.0.1', '--client', 'alice', '--client', 'bob', '--out', pki])
const daemon = await startFakeDaemon(pki)
after(() => daemon.close())

const policy = join(folder, 'policy.yaml')
const POLICY = `version: 1
rules:
  - { name: alice, who: { commonName: alice }, level: read-only }
  - { name: agent, who: { socket: agent }, level: read-only }
`
await writeFile(policy, POLICY)
const DAEMON = ['--host', daemon.url, '--cert-path', join(pki, 'clients/alice')]
const SERVER = ['--from', join(pki, 'server')]

/** Runs it until it listens at the port or the socket, uses it, and interrupts it. */
async function whileItRuns(at: number | string, argv: string[], use: () => Promise<void>): Promise<Ran> {
  const interruption = new AbortController()
  const where =
    typeof at === 'number'
      ? ['--listen', `127.0.0.1:${at}`, ...(argv.includes('--from') ? [] : SERVER)]
      : ['--socket', at, '--as', 'agent']
  // With options alone, `gateway` is `gateway run`.
  const words = typeof at === 'number' ? ['gateway', 'run'] : ['gateway']
  const running = runCli([...words, ...where, ...argv, ...DAEMON], { signal: interruption.signal })
  try {
    for (let round = 0; !(await isListening(at)); round++) {
      assert.ok(round < 500, 'it does not listen')
      await delay(20)
    }
    await use()
  } finally {
    interruption.abort(new Interrupted(SIGINT_CODE))
  }
  return running
}

/** Pings as a client; the reason if that is refused. */
async function ping(port: number, name: string): Promise<string> {
  return pingBy({ host: `tcp://127.0.0.1:${port}`, certPath: join(pki, 'clients', name) })
}

async function pingBy(options: EndpointOptions): Promise<string> {
  try {
    await using docker = await connect(options, {})
    await docker.ping()
    return 'OK'
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return error.code
  }
}

describe('gateway run', () => {
  test('serves clients as the policy says, and prints what it refuses', async () => {
    const port = await freePort()
    const { code, stdout, stderr } = await whileItRuns(port, ['--policy', policy], async () => {
      assert.equal(await ping(port, 'alice'), 'OK')
      assert.equal(await ping(port, 'bob'), 'ERR_API_FORBIDDEN')
    })
    assert.deepEqual([code, stdout], [SIGINT_CODE, ''])
    assert.match(stderr, /^Warning: No revocation list is in use/)
    assert.match(
      stderr,
      new RegExp(`\nGateway to ${daemon.url} .*, until Ctrl-C. It listens on 127.0.0.1 port ${port}.\n`),
    )
    assert.match(stderr, /\nRefused: CN=bob: \w+ \/\S*: 403 IDENTITY_UNKNOWN\n/)
    assert.doesNotMatch(stderr, /Refused: CN=alice/)
  })

  test('follows its files', async () => {
    const port = await freePort()
    const own = join(folder, 'own.yaml')
    await writeFile(own, POLICY)
    const { stderr } = await whileItRuns(port, ['--policy', own], async () => {
      await writeFile(own, POLICY.replace('commonName: alice', 'commonName: bob'))
      await delay(1_200)
      assert.equal(await ping(port, 'bob'), 'OK')
      assert.notEqual(await ping(port, 'alice'), 'OK')
      await writeFile(own, 'version: 2')
      await delay(4_000)
      assert.equal(await ping(port, 'bob'), 'OK')
    })
    assert.match(stderr, /\nReloaded: certificates and policy\.\n/)
    assert.match(stderr, /\nWarning: The certificates and policy could not be reloaded\. ERR_POLICY_INVALID: /)
  })

  test('uses crl.pem in the folder of the server', async () => {
    const port = await freePort()
    const path = join(pki, 'server/crl.pem')
    const [certificate, key, cert] = await Promise.all(
      ['ca/ca.pem', 'ca/ca-key.pem', 'clients/alice/cert.pem'].map((name) => readFile(join(pki, name), 'utf8')),
    )
    const authority = await loadAuthority({ certificate: certificate ?? '', key: key ?? '' })
    const { X509Certificate } = await import('node:crypto')
    const { serialNumber } = new X509Certificate(cert ?? '')
    const dates = { thisUpdate: new Date(), nextUpdate: new Date(Date.now() + 3_600_000) }
    await writeFile(
      path,
      createCrl(authority, { revoked: [{ serialNumber, at: new Date() }], ...dates, number: 1 }).pem,
    )
    try {
      const { stderr } = await whileItRuns(port, ['--policy', policy], async () => {
        assert.equal(await ping(port, 'alice'), 'ERR_API_FORBIDDEN')
      })
      assert.doesNotMatch(stderr, /No revocation list/)
      assert.match(stderr, /\nRefused: CN=alice: \w+ \/\S*: 403 CERTIFICATE_REVOKED\n/)
    } finally {
      await rm(path)
    }
  })

  test('a local socket has the name that the policy knows, and is removed in the end', async () => {
    const socket = join(folder, 'agent.sock')
    const { stdout } = await whileItRuns(socket, ['--policy', policy], async () => {
      assert.equal(lstatSync(socket).mode & 0o7777, 0o600)
      assert.equal(await pingBy({ host: `unix://${socket}` }), 'OK')
    })
    assert.equal(stdout, `export DOCKER_HOST=unix://${socket}\n`)
    assert.equal(existsSync(socket), false)
    const shared = await whileItRuns(socket, ['--policy', policy, '--group-may-open', '--json'], async () => {
      assert.equal(lstatSync(socket).mode & 0o7777, 0o660)
    })
    const { daemon: reached, ...rest } = JSON.parse(shared.stdout) as Record<string, unknown>
    assert.deepEqual(rest, { listen: { socket }, policy, crl: [], issuer: null, log: null, metrics: null })
    assert.deepEqual(reached, { url: daemon.url, kind: 'tls', source: 'option host' })
  })

  test('writes an audit log, and serves metrics', async () => {
    const [port, metricsPort] = [await freePort(), await freePort()]
    const log = join(folder, 'audit.log')
    const argv = ['--policy', policy, '--log', log, '--metrics', String(metricsPort)]
    const { stderr } = await whileItRuns(port, argv, async () => {
      assert.equal(await ping(port, 'alice'), 'OK')
      assert.equal(await ping(port, 'bob'), 'ERR_API_FORBIDDEN')
      const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      assert.match(metrics, /^docker_mtls_gateway_requests_total\{.*IDENTITY_UNKNOWN.*\} [1-9]/m)
      assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/healthz`)).status, 200)
    })
    assert.match(stderr, new RegExp(`\nMetrics: http://127.0.0.1:${metricsPort}/metrics\n`))
    const verified = await runCli(['gateway', 'log', 'verify', log])
    assert.deepEqual([verified.code, verified.stderr], [0, ''])
    assert.match(await readFile(log, 'utf8'), /"identity":"CN=bob".*"verdict":"refuse"/)
  })

  test('renews certificates with an issuer, until the first of the line is revoked', async () => {
    const port = await freePort()
    const own = join(folder, 'renewing')
    await runCli(['init', '127.0.0.1', '--client', 'short', '--client', 'other', '--out', own])
    const created = await runCli(['cert', 'issuer', '--dir', own])
    assert.deepEqual([created.code, created.stderr], [0, ''])
    await runCli(['cert', 'crl', '--dir', own])
    const renewing = join(folder, 'renewing.yaml')
    await writeFile(
      renewing,
      'version: 1\nrules:\n  - { name: short, who: { commonName: short }, level: read-only, renew: { for: 10m } }\n',
    )
    const issuer = join(own, 'issuers/renewals')
    const argv = [
      '--policy',
      renewing,
      '--from',
      join(own, 'server'),
      '--crl',
      join(own, 'ca/crl.pem'),
      '--issuer',
      issuer,
    ]
    const clients = join(folder, 'machines')
    await cp(join(own, 'clients'), clients, { recursive: true })
    const renew = (name: string, from = clients): Promise<Ran> =>
      runCli(['client', 'renew', '--host', `tcp://127.0.0.1:${port}`, '--cert-path', join(from, name)])
    const short = { host: `tcp://127.0.0.1:${port}`, certPath: join(clients, 'short') }
    const { stderr } = await whileItRuns(port, argv, async () => {
      assert.match((await renew('short', join(own, 'clients'))).stderr, /ERR_RENEWAL_REFUSED.*the one with the CA/)
      assert.equal((await renew('short')).code, 0)
      assert.match((await renew('other')).stderr, /ERR_RENEWAL_REFUSED.*no rule of the policy is for you/)
      assert.equal(await pingBy(short), 'OK')
      // Another certificate for the same key: nothing that it has renewed ends.
      const again = await runCli(['cert', 'renew', 'renewals', '--dir', own])
      assert.match(again.stdout, /on the host of the gateway that has the issuer renewals/)
      await delay(1_200)
      assert.equal((await renew('short')).code, 0)
      const list = await runCli(['cert', 'list', '--dir', own])
      assert.match(list.stdout, /^issuer +renewals .* in use$/m)
      const revoked = await runCli(['cert', 'revoke', 'short', '--yes', '--dir', own])
      assert.equal(revoked.code, 0)
      await delay(1_200)
      assert.notEqual(await pingBy(short), 'OK')
    })
    assert.match(stderr, /\nRenewed: CN=short: until /)
    assert.match(stderr, /\nReloaded: certificates and policy\.\n/)
  })

  test('starts with nothing that it can not use', async () => {
    const broken = join(folder, 'broken.yaml')
    await writeFile(broken, 'rules: 7')
    const foreign = join(folder, 'foreign')
    await runCli(['init', '127.0.0.1', '--client', 'alice', '--out', foreign])
    const impostor = ['--host', daemon.url, '--cert-path', join(foreign, 'clients/alice')]
    const rows: [argv: string[], says: RegExp, code: number][] = [
      [['--policy', policy, ...SERVER, ...impostor], /ERR_SERVER_CERT_UNTRUSTED/, 1],
      [[], /--policy <file> is missing/, 2],
      [['policy.yaml'], /--policy/, 2],
      [['--policy', policy, '--as', 'x'], /--as and --group-may-open are for a local socket/, 2],
      [['--policy', policy, '--socket', 'x.sock'], /--as is missing/, 2],
      [['--policy', policy, '--socket', 'x.sock', '--as', 'x', '--crl', 'y'], /a local socket has no certificates/, 2],
      [
        ['--policy', policy, '--socket', 'x.sock', '--as', 'x', '--issuer', 'y'],
        /a local socket has no certificates/,
        2,
      ],
      [['--policy', policy, '--issuer', 'y', ...SERVER, ...DAEMON], /ERR_FILE_READ.*issuer-cert\.pem/, 1],
      [['--policy', policy, '--on-log-failure', 'go-on', ...SERVER, ...DAEMON], /given without --log/, 2],
      [['--policy', policy, '--metrics', 'x', ...SERVER, ...DAEMON], /"x" is not a port/, 2],
      [['--policy', policy, '--listen', '127.0.0.1:2375', ...SERVER], /ERR_LISTEN_PLAINTEXT/, 2],
      [['--policy', policy, '--from', folder], /has none of ca\.pem/, 1],
      [
        ['--policy', '/nonexistent', ...SERVER, ...DAEMON],
        /ERR_FILE_READ: reading the certificates and policy of the gateway/,
        1,
      ],
      [['--policy', broken, ...SERVER, ...DAEMON], /ERR_POLICY_INVALID/, 1],
      [['--policy', policy, '--crl', '/nonexistent', ...SERVER, ...DAEMON], /ERR_FILE_READ: reading the revocation/, 1],
      [['--policy', policy, '--crl', policy, ...SERVER, ...DAEMON], /ERR_CRL_INVALID/, 1],
    ]
    for (const [argv, says, code] of rows) {
      const ran = await runCli(['gateway', 'run', ...argv])
      assert.match(ran.stderr, says)
      assert.equal(ran.code, code, ran.stderr)
      if (code === 2 && argv[0]?.startsWith('-')) assert.deepEqual(await runCli(['gateway', ...argv]), ran)
    }
  })

  test('is meant by gateway with options alone, but not by gateway --help', async () => {
    assert.deepEqual(await runCli(['gateway', '--policy', 'x', '--help']), await runCli(['gateway', 'run', '--help']))
    for (const help of ['--help', '-h'])
      assert.match((await runCli(['gateway', help])).stdout, /^Usage: docker-mtls gateway \[options\] \[command\]/)
    assert.match((await runCli(['cert', '--policy', 'x'])).stderr, /docker-mtls cert: there is no option --policy/)
  })
})

test('gateway render writes where metrics are served, and refuses what the service could not use', async () => {
  const { stdout } = await runCli(['gateway', 'render', '--metrics', '9323', '--on-log-failure', 'go-on'])
  assert.match(stdout, /^ExecStart=.* --on-log-failure go-on --metrics 9323$/m)
  const plain = await runCli(['gateway', 'render'])
  assert.doesNotMatch(plain.stdout, /--metrics|--on-log-failure/)
  assert.match(
    plain.stderr,
    /^Warning: No revocation list is in use: .* {2}docker-mtls cert crl {2}Then name it with --crl; .*$/m,
  )
  assert.doesNotMatch((await runCli(['gateway', 'render', '--crl', 'crl.pem'])).stderr, /revocation list/)
  const rows: [metrics: string, says: RegExp][] = [
    ['80', /"80" is a port below 1024/],
    ['0', /"0" is a port below 1024/],
    ['x', /"x" is not a port/],
    ['127.0.0.1:99999', /"127\.0\.0\.1:99999" is not a port/],
    ['*:9323', /ERR_LISTEN_INVALID/],
    ['$X:9323', /ERR_LISTEN_INVALID/],
  ]
  for (const [metrics, says] of rows) {
    const { code, stderr } = await runCli(['gateway', 'render', '--metrics', metrics])
    assert.match(stderr, says, metrics)
    assert.notEqual(code, 0)
  }
})
