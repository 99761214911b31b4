import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import Dockerode from 'dockerode'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { audit, type AuditReport } from '../../lib/audit.ts'
import { byPolicy } from '../../lib/gateway/deciding/by-policy.ts'
import { createGateway, type AskedRequest, type Gateway, type GatewayTls, type Verdict } from '../../lib/gateway.ts'
import { connect, type DockerClient } from '../../lib/index.ts'
import { createIssuer, issueClient, issueServer, loadAuthority, type Authority } from '../../lib/pki.ts'
import { definePolicy, type Decision } from '../../lib/policy.ts'
import { runCli, runJson } from '../cli/support/run-cli.ts'
import { cleanEnvironment, runCommand } from '../support/command.ts'
import { dockerCommand } from './support/docker-command.ts'
import { BUILDX, worksThroughGateway } from './support/through-gateway.ts'
import { until } from './support/until.ts'
import { makeCa } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { startOwnClock } from '../support/own-time.ts'

const skip = lacks('namespaces', 'dockerd', 'docker')

type Judge = (asked: AskedRequest) => Verdict | Promise<Verdict>

const allowAll: Judge = () => ({ allow: true })
const refusing: Verdict = { allow: false, status: 403, code: 'TRIED', message: 'not today' }
const refusesCreate: Judge = ({ target }) => (target.includes('/create') ? refusing : { allow: true })
const refusesContainers: Judge = ({ target }) => (target.includes('/containers/') ? refusing : { allow: true })
const refusesUpgrades: Judge = ({ upgrade }) => (upgrade ? refusing : { allow: true })

/** By a policy of one rule, for everybody. */
const rule = (more: object): Judge =>
  byPolicy(definePolicy({ version: 1, rules: [{ name: 'one', who: { any: true }, ...more }] })).authorize

let verdict = allowAll

async function judged<T>(by: Judge, work: () => Promise<T>): Promise<T> {
  verdict = by
  try {
    return await work()
  } finally {
    verdict = allowAll
  }
}

interface ForeignCa {
  readonly authority: Authority
  readonly server: GatewayTls
  /** Lets dockerd listen with it. */
  readonly argv: readonly string[]
}

/** A CA by openssl, which limits nothing: CAs may be below it. */
async function foreignCa(folder: string): Promise<ForeignCa> {
  const made = await makeCa({ commonName: 'foreign' })
  const authority = await loadAuthority({ certificate: made.cert, key: made.key })
  const { ca, cert, key } = await issueServer(authority, { names: ['localhost'] })
  await writeClient(join(folder, 'tls'), { ca, cert, key })
  const [cacert, tlscert, tlskey] = ['ca', 'cert', 'key'].map((name) => join(folder, 'tls', `${name}.pem`))
  const argv = ['--tlsverify', `--tlscacert=${cacert}`, `--tlscert=${tlscert}`, `--tlskey=${tlskey}`]
  return { authority, server: { ca, cert, key }, argv }
}

describe('a gateway in front of a real daemon', { skip }, () => {
  let daemon: Daemon
  let foreign: ForeignCa
  let gateway: Gateway
  let docker: DockerClient
  let image: string
  let env: Record<string, string>
  let host: string

  before(async () => {
    const place = await chooseDaemonPlace()
    foreign = await foreignCa(place.folder)
    const listeners = place.listen.flatMap((address) => ['--host', address])
    daemon = await startDockerd({ place, argv: [place.dockerd, ...listeners, ...foreign.argv] })
    image = await makeImage(daemon)
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: place.listen[0].replace('unix://', '') },
      authorize: (asked) => verdict(asked),
    })
    host = `tcp://127.0.0.1:${'port' in gateway.address ? gateway.address.port : 0}`
    env = await clientOf('alice')
    docker = await connect({}, env)
  })
  after(async () => {
    await docker?.close()
    await gateway?.close()
    await daemon?.stop()
  })

  async function clientOf(name: string, client?: Client): Promise<Record<string, string>> {
    const folder = join(daemon.place.folder, `client-${name}`)
    await writeClient(folder, client ?? (await newClient(name)))
    return { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder, DOCKER_BUILDKIT: '0' }
  }

  const { cli, said, container } = dockerCommand(() => ({ env, image }))

  describe('the docker command', () => {
    test('version and info', async () => {
      assert.match(await said(['version', '--format', '{{.Server.Version}}']), /^\d+\.\d+/)
      assert.match(await said(['info', '--format', '{{.OSType}}']), /linux/)
    })

    test('run, with its output and its exit code', async () => {
      const script = 'echo out; echo err >&2; sleep 0.5; exit 7'
      const { code, stdout, stderr } = await cli(['run', '--rm', image, 'sh', '-c', script])
      assert.deepEqual([code, stdout, stderr], [7, 'out\n', 'err\n'])
    })

    test('run -i: the input ends, the output comes', async () => {
      const input = 'through the gateway\n'.repeat(200_000)
      assert.equal(await said(['run', '-i', '--rm', image, 'wc', '-c'], { input }), `${input.length}\n`)
    })

    test('exec -i: the input ends, and all of it comes back', async (t) => {
      const id = await container(t, 'sleep', '100')
      const input = randomBytes(3 * 1024 * 1024).toString('base64')
      const output = await said(['exec', '-i', id, 'cat'], { input })
      assert.ok(output === input, `${output.length} of ${input.length} characters came back`)
    })

    test('exec -i: output long after the end of the input', async (t) => {
      const id = await container(t, 'sleep', '100')
      const output = await said(['exec', '-i', id, 'sh', '-c', 'cat; sleep 1; echo late'], { input: 'in\n' })
      assert.equal(output, 'in\nlate\n')
    })

    test('exec -it works as a terminal does', async (t) => {
      const id = await container(t, 'sleep', '100')
      const command = `docker exec -it ${id} sh -c 'tty && stty size'`
      const { code, stdout } = await runCommand('script', ['-qec', command, '/dev/null'], { env })
      assert.deepEqual([code, /\/dev\/pts\/\d+/.test(stdout)], [0, true], stdout)
    })

    test('logs -f: lines as they come, and the end', async (t) => {
      const id = await container(t, 'sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.3; done')
      assert.equal(await said(['logs', '-f', id]), 'line 1\nline 2\nline 3\n')
    })

    test('events, until the command ends', async (t) => {
      const child = spawn('docker', ['events', '--format', '{{.Type}} {{.Action}}'], { env: cleanEnvironment(env) })
      t.after(() => child.kill('SIGKILL'))
      let seen = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk))
      for (let round = 0; round < 40 && !seen.includes('volume create'); round++) {
        await said(['volume', 'rm', '-f', (await said(['volume', 'create'])).trim()])
      }
      assert.match(seen, /volume create/)
      child.kill('SIGINT')
      await once(child, 'close')
    })

    test('build by the classic builder, with a context to send', async (t) => {
      const context = join(await temporaryFolder(t), 'context')
      await mkdir(context)
      await writeFile(join(context, 'Dockerfile'), `FROM ${image}\nCOPY random /random\nRUN wc -c /random\n`)
      await writeFile(join(context, 'random'), randomBytes(5_000_000))
      const output = await said(['build', '-t', 'built:gateway', context])
      assert.match(output, /^5000000 \/random$[^]*Successfully tagged built:gateway/m)
    })

    test('cp and save: archives in both directions', async (t) => {
      const folder = await temporaryFolder(t)
      const id = await container(t, 'sleep', '100')
      await writeFile(join(folder, 'there'), randomBytes(2_000_000))
      await said(['cp', join(folder, 'there'), `${id}:/tmp/there`])
      await said(['cp', `${id}:/tmp/there`, join(folder, 'back')])
      assert.equal((await runCommand('cmp', [join(folder, 'there'), join(folder, 'back')])).code, 0)
      await said(['save', '-o', join(folder, 'image.tar'), image])
      assert.match(await said(['load', '-i', join(folder, 'image.tar')]), /Loaded image/)
    })

    test("pull: the daemon's error arrives as it is", async () => {
      const { code, stderr } = await cli(['pull', '127.0.0.1:1/no/such:image'])
      assert.equal(code, 1)
      assert.match(stderr, /Error response from daemon: .*127\.0\.0\.1:1/)
    })
  })

  describe('our own client', () => {
    test('run, logs, exec with input, copy', async (t) => {
      // Of a container that ends at once, dockerd sometimes loses the output when the machine is busy.
      const result = await docker.run(image, ['sh', '-c', 'echo out; sleep 0.3; exit 3'])
      assert.deepEqual([String(result.stdout), result.exitCode], ['out\n', 3])
      const id = await container(t, 'sh', '-c', 'echo logged; sleep 100')
      const run = await docker.exec.run(id, ['wc', '-c'], { stdin: 'x'.repeat(1_000_000) })
      assert.equal(String(run.stdout).trim(), '1000000')
    })
  })

  describe('a verdict', () => {
    test('refuses, and the docker command shows why', async () => {
      const { code, stderr } = await judged(refusesCreate, () => cli(['run', '--rm', image, 'true']))
      assert.equal(code, 125)
      assert.match(stderr, /Error response from daemon: not today/)
    })

    test('refuses an exec, whose connection is not switched', async (t) => {
      const id = await container(t, 'sleep', '100')
      const { code, stderr } = await judged(refusesUpgrades, () => cli(['exec', '-i', id, 'true']))
      assert.equal(code, 1)
      assert.match(stderr, /not today|unable to upgrade/)
    })

    test('sends something else instead, and asks the daemon first', async (t) => {
      const id = await container(t, 'sleep', '100')
      const seen: unknown[] = []
      const by = async (asked: AskedRequest): Promise<Verdict> => {
        if (!asked.target.includes('/exec')) return { allow: true }
        seen.push(await asked.inspect('container', id), await asked.inspect('container', 'no-such'))
        if (!asked.target.endsWith(`/containers/${id}/exec`)) return { allow: true }
        const body = { ...JSON.parse(Buffer.from(asked.body as Uint8Array).toString()), Cmd: ['echo', 'instead'] }
        return { allow: true, send: { method: 'POST', target: asked.target, body: Buffer.from(JSON.stringify(body)) } }
      }
      assert.equal(await judged(by, () => said(['exec', id, 'echo', 'asked'])), 'instead\n')
      assert.equal((seen[0] as { Id: string }).Id, id)
      assert.equal(seen[1], null)
    })
  })

  describe('an audit', () => {
    const CONTAINERS = ['--only', 'D-AUTHZ,C-PRIV,T-AROUND']
    type Hosts = { hosts: AuditReport[] }

    test('needs no more than read-only', async (t) => {
      const id = await container(t, 'sleep', '100')
      const report = await judged(rule({ level: 'read-only' }), () => audit(docker))
      assert.deepEqual(report.unread, [])
      assert.equal(report.gateway, true)
      assert.equal(report.findings.find(({ check }) => check === 'D-AUTHZ')?.status, 'pass')
      assert.equal(
        report.findings.find(({ check, subject }) => check === 'C-PRIV' && 'id' in subject && subject.id === id)
          ?.status,
        'pass',
      )
      assert.ok(
        report.findings.every(({ detail = '' }) => !detail.includes('answered 403')),
        'nothing was refused',
      )
    })

    test('through a level that allows less passes nothing that it could not see', async (t) => {
      await container(t, 'sleep', '100')
      const only = { operations: ['system.ping', 'system.version', 'system.info'] }
      const report = await judged(rule({ level: 'read-only', only }), () => audit(docker))
      assert.deepEqual(report.unread.map(({ part }) => part).toSorted(), ['containers', 'networks', 'volumes'])
      for (const { reason } of report.unread)
        assert.match(
          reason,
          /^the gateway answered 403, ".*the rule one \(read-only\) refuses.*a rule with the level read-only/,
        )
      const passed = report.findings.filter(({ check, status }) => /^[CN]-/.test(check) && status === 'pass')
      assert.deepEqual(passed, [])
    })

    test('by an owner of nothing passes no container that it was not shown', async (t) => {
      await container(t, 'sleep', '100')
      const report = await judged(rule({ level: 'baseline', owner: 'somebody' }), () => audit(docker))
      assert.deepEqual(report.unread.map(({ part }) => part).toSorted(), ['containers', 'networks', 'volumes'])
      assert.match(report.unread[0]?.reason ?? '', /only what belongs to the owner of its rule/)
    })

    test('by nobody that the policy knows says so, and does not crash', async () => {
      const by = rule({ who: { commonName: 'somebody-else' }, level: 'privileged' })
      const { unread, gateway: behind } = await judged(by, () => audit(docker))
      assert.equal(behind, true)
      assert.match(unread.find(({ part }) => part === 'info')?.reason ?? '', /no rule of the policy is for this caller/)
    })

    test('on the command line says what answers', async () => {
      const { stdout, stderr } = await runCli(['audit', ...CONTAINERS], { env })
      assert.match(stdout, /A gateway of docker-mtls answers at tcp:/, stderr)
      const { hosts } = await runJson<Hosts>(['audit', '--only', 'D-AUTHZ'], { env })
      assert.equal(hosts[0]?.gateway, true)
    })
  })

  test('policy test --ask judges by what the daemon has', async (t) => {
    const plain = await container(t, 'sleep', '100')
    const id = (await said(['run', '-d', '--privileged', image, 'sleep', '100'])).trim()
    t.after(() => cli(['rm', '-f', id]))
    const input = 'version: 1\nrules: [{ name: one, who: { any: true }, level: baseline }]\n'
    const tried = async (request: string, ...more: string[]): Promise<[string, string]> => {
      const words = ['policy', 'test', '-', '--as', 'ann', '--request', request, '--json', ...more]
      const { stdout } = await runCli(words, { env, input })
      const { requests } = JSON.parse(stdout) as { requests: Decision[] }
      return [requests[0]?.verdict ?? '', requests[0]?.reasons[0]?.code ?? '']
    }
    assert.deepEqual(await tried(`POST /containers/${id}/start`), ['needs', ''])
    assert.deepEqual(await tried(`POST /containers/${id}/start`, '--ask'), ['refuse', 'TARGET_TOO_POWERFUL'])
    assert.deepEqual(await tried(`POST /containers/${plain}/start`, '--ask'), ['allow', ''])
    // Nothing has this name, nothing can have it, and there is no swarm.
    const unknown: [string, object?][] = [
      ['/containers/nobody/start'],
      ['/containers/create', { Image: image, HostConfig: { NetworkMode: 'container:..' } }],
      ['/services/web/update?version=1', { Name: 'web', TaskTemplate: { ContainerSpec: { Image: image } } }],
    ]
    const path = join(daemon.place.folder, 'body.json')
    for (const [target, body] of unknown) {
      await writeFile(path, JSON.stringify(body ?? {}))
      const more = body === undefined ? [] : ['--body', path]
      assert.deepEqual(await tried(`POST ${target}`, ...more, '--ask'), ['refuse', 'TARGET_UNKNOWN'], target)
    }
    const words = ['policy', 'test', '-', '--as', 'ann', '--request', `POST /containers/${plain}/start`, '--ask']
    const { code, stderr } = await judged(refusesContainers, () => runCli(words, { env, input }))
    assert.equal(code, 1)
    assert.match(stderr, /the daemon answered with the status 403: .*not today/)
  })

  test('a revoked client: its streams are cut, and others notice nothing', async (t) => {
    const id = await container(t, 'sh', '-c', 'while sleep 0.1; do echo tick; done')
    const bob = await newClient('bob')
    const bobs = await clientOf('bob', bob)
    const following = spawn('docker', ['logs', '-f', id], { env: cleanEnvironment(bobs) })
    const other = spawn('docker', ['logs', '-f', id], { env: cleanEnvironment(env) })
    t.after(() => [following, other].forEach((child) => child.kill('SIGKILL')))
    await Promise.all([once(following.stdout, 'data'), once(other.stdout, 'data')])
    const closed = once(following, 'close')
    const { X509Certificate } = await import('node:crypto')
    const ownTime = startOwnClock()
    gateway.revoke(new X509Certificate(bob.cert))
    await closed
    assert.ok(ownTime() < 1_000, 'the stream was cut too late')
    assert.equal((await cli(['ps'], { env: bobs })).code, 1)
    other.stdout.resume()
    await delay(300)
    assert.equal(other.exitCode, null)
    await said(['ps'])
  })

  test(
    'the daemon can also be one that listens on the network, with mutual TLS',
    { skip: lacks(BUILDX) },
    async (t) => {
      const { cert, key, ca } = await issueClient(foreign.authority, { name: 'gateway' })
      const folder = join(daemon.place.folder, 'client-of-daemon')
      await writeClient(folder, { cert, key, ca })
      const own = await connect({ host: daemon.place.listen[1], certPath: folder }, {})
      t.after(() => own.close())
      assert.equal(own.endpoint.kind, 'tls')
      await worksThroughGateway(t, own, image)
    },
  )

  test('a renewed certificate works for the docker command and dockerode at the gateway, and nowhere else', async (t) => {
    const { authority, server } = foreign
    const made = await createIssuer(authority, { name: 'renewals' })
    const own = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: server,
      daemon: { socketPath: daemon.place.listen[0].replace('unix://', '') },
      authorize: () => ({ allow: true, renewFor: 600 }),
      issuer: { cert: made.cert, key: made.key },
    })
    t.after(() => own.close())
    const port = 'port' in own.address ? own.address.port : 0
    const first = await issueClient(authority, { name: 'short' })
    const envs = await clientOf('short', { ca: first.ca, cert: first.cert, key: first.key })
    const [gatewayHost, direct] = [`tcp://127.0.0.1:${port}`, daemon.place.listen[1]]
    const ps = async (at: string, folder = envs['DOCKER_CERT_PATH'] ?? ''): Promise<string> => {
      const { code, stderr } = await cli(['ps'], { env: { ...envs, DOCKER_HOST: at, DOCKER_CERT_PATH: folder } })
      return code === 0 ? 'OK' : stderr
    }
    assert.deepEqual([await ps(gatewayHost), await ps(direct)], ['OK', 'OK'])
    const renewed = await runCli(['client', 'renew'], { env: { ...envs, DOCKER_HOST: gatewayHost } })
    assert.equal(renewed.code, 0, renewed.stderr)
    assert.equal(await ps(gatewayHost), 'OK')
    const files = { ca: first.ca, ...(await readPair(envs['DOCKER_CERT_PATH'] ?? '')) }
    const dockerode = new Dockerode({ protocol: 'https', host: '127.0.0.1', port, ...files })
    assert.ok(Array.isArray(await dockerode.listContainers()))
    // dockerd is written in Go, which refuses the extension of the issuer: as a CA, and as a client.
    const refusal = (folder?: string): Promise<string> =>
      until('the alert', async () => {
        const text = await ps(direct, folder)
        // Whoever is still writing when dockerd closes the connection may lose its alert.
        return !/connection reset by peer|broken pipe/.test(text) && text
      })
    assert.match(await refusal(), /bad certificate|remote error: tls/)
    const thief = await clientOf('thief', { ca: first.ca, cert: made.cert, key: made.key })
    assert.match(await refusal(thief['DOCKER_CERT_PATH']), /bad certificate|remote error: tls/)
    assert.match(daemon.log(), /unhandled critical extension/)
  })
})

async function readPair(folder: string): Promise<{ cert: string; key: string }> {
  const [cert = '', key = ''] = await Promise.all(
    ['cert', 'key'].map((name) => readFile(join(folder, `${name}.pem`), 'utf8')),
  )
  return { cert, key }
}
