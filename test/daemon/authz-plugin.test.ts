import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { audit } from '../../lib/audit.ts'
import { createGateway } from '../../lib/gateway.ts'
import type { DockerClient } from '../../lib/index.ts'
import { definePolicy } from '../../lib/policy.ts'
import { credentials, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { makeCertificate, type CertificateOptions } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { startAuthorization } from './harness/authorization.ts'
import { makeImage } from './harness/image.ts'
import { runPlugin, type RunningPlugin } from './support/authz-plugin.ts'
import { PluggedDaemon } from './support/plugged-daemon.ts'
import { ATTACKS, type Attack } from './support/policy/attacks.ts'
import { codeOf, DIFFERENCES } from './support/policy/front-differences.ts'
import { chunked, CHUNKED, execIn, forged, privilegedBody } from './support/policy/hidden.ts'
import { CALLERS, Corpus, createRequest, RULES, worksAtBaseline } from './support/policy/corpus.ts'
import { sendRaw } from './support/policy/raw-request.ts'
import { SERVICE_ATTACKS, Services } from './support/policy/service-attacks.ts'
import { TRICKS } from './support/policy/tricks.ts'
import { ON_LOOPBACK, serviceOf } from './support/swarm-engine.ts'
import { until } from './support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'ip', 'openssl')

const SOCKET = '/run/docker/plugins/docker-mtls.sock'
const LIST: Attack = { name: '', line: 'GET /containers/json' }
const HOST_RULE = { name: 'host', who: { socket: 'host' }, level: 'privileged' }
const DENIED = /authorization denied by plugin docker-mtls: /

describe("dockerd's authorization plugin", { skip }, () => {
  let server: PluggedDaemon
  let plugin: RunningPlugin
  let admin: DockerClient
  let image: string
  let corpus: Corpus
  let policyFile: string
  let args: readonly string[]
  /** Values with which the plugin has asked the daemon. */
  const seen: string[] = []

  before(async () => {
    server = await PluggedDaemon.start()
    image = await makeImage(server.daemon)
    for (const name of CALLERS) await server.add(name)
    policyFile = join(server.folder, 'policy.yaml')
    const caFile = join(server.folder, 'ca.pem')
    args = ['--policy', policyFile, '--daemon', server.daemon.place.socketPath, '--local-name', 'host', '--ca', caFile]
    await writeRules(HOST_RULE, ...RULES)
    plugin = await runPlugin(args)
  })
  after(async () => {
    await admin?.close()
    await server?.daemon.stop()
    await plugin?.end('SIGKILL')
  })

  const writeRules = (...rules: readonly object[]): Promise<void> =>
    writeFile(policyFile, JSON.stringify({ version: 1, rules }))

  test('a reload puts it in, and dockerd goes on', async () => {
    assert.equal((await server.sendAs('stranger', LIST)).status, 200)
    await server.reload('docker-mtls')
    const { status, text } = await server.sendAs('stranger', LIST)
    assert.equal(status, 403)
    assert.match(text, /docker-mtls: the policy refuses this: .*IDENTITY_UNKNOWN/)
    assert.equal((await server.sendAs('eve', LIST)).status, 200)
    admin = await server.connectAs('adm')
    corpus = new Corpus(admin, image)
    await corpus.prepare()
  })

  test('an audit sees that dockerd will find it at the next start', async () => {
    const { findings } = await audit(admin, { only: ['D-AUTHZ', 'F-PLUGIN'], hostFiles: 'local' })
    assert.deepEqual(
      findings.map(({ check, status, detail }) => [check, status, detail?.replace(/, mode.*/, '')]),
      [
        // dockerd reports only the plugins with which it has started.
        [
          'D-AUTHZ',
          'unknown',
          'dockerd does not report whether a reload has put in, or taken out, the plugin docker-mtls',
        ],
        ['F-PLUGIN', 'pass', 'root:root'],
      ],
    )
  })

  test('says what the version of dockerd hides from plugins', () =>
    plugin.says(/Warning: dockerd 26\..*CVE-2026-34040/))

  for (const attack of ATTACKS) {
    test(attack.name, async () => {
      const earlier = await corpus.countContainers()
      const { status, text } = await server.sendAs('ann', await corpus.fill(attack))
      assert.ok(status >= 400 && status < 500, `${status} ${text.slice(-300)}`)
      assert.match(text, DENIED)
      if (attack.code !== undefined) assert.match(text, new RegExp(String.raw`\(${attack.code}\)`))
      assert.equal(await corpus.countContainers(), earlier)
      if (attack.isNone) return
      // The same request is no mistake: whoever is privileged may send it.
      const done = await server.sendLocally(await corpus.fill(attack))
      assert.ok(done.status > 0 && done.status < 400, `${done.status} ${done.text.slice(-300)}`)
      await corpus.undo()
    })
  }

  describe('on a swarm', () => {
    let services: Services
    before(async () => {
      await admin.swarm.init(ON_LOOPBACK)
      services = new Services(admin, image)
      await services.prepare()
    })
    after(() => admin.swarm.leave({ force: true }))

    for (const attack of SERVICE_ATTACKS) {
      test(attack.name, async () => {
        const earlier = await services.all()
        const { text } = await server.sendAs('ann', await services.fill(attack))
        assert.match(text, DENIED)
        assert.match(text, new RegExp(String.raw`\(${attack.code}\)`))
        assert.deepEqual(await services.all(), earlier)
      })
    }

    test('what baseline allows works: create, update and remove', async () => {
      const ann = await server.connectAs('ann')
      const { ID } = await ann.services.create(services.spec('hers', false))
      await ann.services.update(ID, services.spec('hers', false), { version: await services.version(ID) })
      // dockerd doesn't show a plugin whether there are credentials.
      const other = serviceOf('hers', 'true', { Image: 'other' })
      const options = { version: await services.version(ID), auth: { username: 'ann', password: 'x' } }
      await assert.rejects(ann.services.update(ID, other, options), /TARGET_TOO_POWERFUL/)
      await ann.services.remove(ID)
      await ann.close()
    })
  })

  test('what baseline allows works: run, exec, logs, a volume, the allowed folder', async () => {
    const ann = await server.connectAs('ann')
    await worksAtBaseline(ann, image)
    await ann.close()
  })

  test('restricted and read-only refuse what they promise to', async () => {
    const plain = createRequest({ Image: image })
    assert.match((await server.sendAs('hard', plain)).text, /NOT_HARDENED/)
    const HostConfig = { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] }
    assert.equal((await server.sendAs('hard', createRequest({ Image: image, User: '1000', HostConfig }))).status, 201)
    assert.match((await server.sendAs('eve', plain)).text, /OPERATION_REFUSED/)
    await corpus.undo()
  })

  describe('what dockerd does not show', () => {
    const line = 'POST /v1.45/containers/create'

    for (const megabytes of [0, 1, 2, 5]) {
      test(`a privileged container in a body of ${megabytes} MiB and more, with its length and chunked`, async () => {
        const earlier = await corpus.countContainers()
        const body = privilegedBody(image, megabytes)
        const plain = await server.sendAs('ann', { name: '', line, body })
        const parts = await server.sendAs('ann', { name: '', line, body: chunked(body), headers: CHUNKED })
        const both = { name: '', line, body: chunked(body), headers: [...CHUNKED, ['Content-Length', '0'] as const] }
        for (const { status, text } of [plain, parts, await server.sendAs('ann', both)])
          assert.ok(status >= 400 && !text.includes('"Id"'), `${status} ${text.slice(0, 400)}`)
        // Larger ones dockerd itself refuses.
        if (megabytes <= 2) for (const { text } of [plain, parts]) assert.match(text, DENIED)
        assert.equal(await corpus.countContainers(), earlier)
      })
    }

    test('a name that is the beginning of the id of another container', async () => {
      const { Id } = await admin.containers.inspect('root')
      await admin.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: Id.slice(0, 12) })
      await admin.containers.start(Id.slice(0, 12))
      // A name of hexadecimal digits alone is no fault.
      await admin.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'deadbeef' })
      await admin.containers.start('deadbeef')
      assert.match((await server.sendAs('ann', execIn(Id.slice(0, 12)))).text, /beginning of the id.*TARGET_UNKNOWN/)
      assert.equal((await server.sendAs('ann', execIn('deadbeef'))).status, 201)
      await corpus.undo()
    })

    const HIDDEN_FORM = [
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Content-Type', 'application/x-tar'],
    ] as const
    const formWith = (query: string): Attack => ({
      name: '',
      line: `POST /v1.45/images/create?${query}`,
      body: 'fromImage=127.0.0.1:2/read-as-a-form',
      headers: HIDDEN_FORM,
    })

    for (const query of ['fromSrc=-&repo=x', 'fromImage=127.0.0.1:1/allowed&tag=1']) {
      test(`a form behind the type of an archive: ${query}`, async () => {
        const refused = await server.sendAs('ann', formWith(query))
        assert.equal(refused.status, 403)
        assert.match(refused.text, /MEDIA_TYPE/)
        assert.match((await server.sendLocally(formWith(query))).text, /127\.0\.0\.1:2/, 'dockerd reads the form')
      })
    }

    test('a pull without a body is no form', async () => {
      const plain = { ...formWith('fromImage=127.0.0.1:1/allowed&tag=1'), body: '', headers: [] }
      assert.doesNotMatch((await server.sendAs('ann', plain)).text, /MEDIA_TYPE/)
    })

    test('so builds and imports are refused below privileged', async () => {
      const headers = [['Content-Type', 'application/x-tar']] as const
      const build: Attack = { name: '', line: 'POST /build?version=2', body: '\0'.repeat(1024), headers }
      assert.match((await server.sendAs('ann', build)).text, /MEDIA_TYPE/)
      assert.doesNotMatch((await server.sendLocally(build)).text, DENIED)
    })
  })

  test('a gateway with the same policy refuses the same tricks, but for known differences in the code', async (t) => {
    const gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      // Where the plugin allows everything.
      daemon: { socketPath: server.daemon.place.socketPath },
      policy: definePolicy({ version: 1, rules: RULES }),
    })
    t.after(() => gateway.close())
    await admin.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'base' })
    const { port } = gateway.address as { readonly port: number }
    const found: Record<string, readonly string[]> = {}
    const same: string[] = []
    for (const trick of TRICKS) {
      const answers = await Promise.all(
        [port, server.daemon.place.port].map((to) => sendRaw(server.dial('ann', to), trick)),
      )
      const [ofGateway = '', ofPlugin = ''] = answers.map(codeOf)
      if (ofGateway === ofPlugin) same.push(ofGateway)
      else found[trick.name] = [ofGateway, ofPlugin]
      // Whatever the plugin isn't asked about, dockerd itself refuses.
      if (ofPlugin === 'none' && ofGateway !== 'none') assert.ok((answers[1]?.status ?? 0) >= 300, trick.name)
    }
    const expected = DIFFERENCES.flatMap(({ names, gateway: one, plugin: other }) =>
      names.map((name) => [name, [one, other]]),
    )
    assert.deepEqual(found, Object.fromEntries(expected))
    // Most are refused, for many reasons, and some by nobody.
    assert.ok(new Set(same).size > 8 && same.includes('none'), same.join(' '))
    await corpus.undo()
  })

  test('a client that asks like the plugin itself', async () => {
    const spy = await startAuthorization('spy')
    seen.length = 0
    const during: Promise<unknown>[] = []
    spy.decide = (question) => {
      const {
        RequestHeaders = {},
        RequestUri,
        ResponseStatusCode,
      } = question as typeof question & {
        readonly RequestHeaders?: Readonly<Record<string, string>>
      }
      const value = RequestHeaders['X-Docker-Mtls-Question']
      if (value === undefined || ResponseStatusCode !== undefined || RequestUri !== '/containers/root/json')
        return undefined
      if (!seen.includes(value)) {
        seen.push(value)
        during.push(server.sendAs('stranger', forged(value)).then(({ status }) => assert.equal(status, 403)))
      }
      return undefined
    }
    await server.reload('spy', 'docker-mtls')
    await server.sendAs('ann', execIn('root'))
    assert.equal(seen.length, 1, 'the plugin asks once')
    await Promise.all(during)
    for (const value of [seen[0] ?? '', '', 'x'.repeat(43)]) {
      assert.match((await server.sendAs('stranger', forged(value))).text, /IDENTITY_UNKNOWN/)
    }
    await server.reload('docker-mtls')
    await spy.stop()
  })

  test('every kind of certificate, by the certificate that dockerd passes on', async () => {
    const issuer = { cert: credentials.authority.certificate, key: await credentials.authority.exportKey() }
    const client = async (options: CertificateOptions): Promise<Client> => {
      const made = await makeCertificate({ issuer, purposes: ['clientAuth'], ...options })
      return { ...made, ca: issuer.cert }
    }
    await server.add('by-dns', await client({ commonName: 'x', names: ['DNS:ci.example.com'] }))
    await server.add('by-uri', await client({ commonName: '', names: ['URI:spiffe://example.com/ci'] }))
    const pinned = await client({ commonName: 'ann' })
    await server.add('by-fingerprint', pinned)
    await server.add('by-issuer', await client({ commonName: 'y' }))
    const { fingerprint256 } = new X509Certificate(pinned.cert)
    const who = {
      'by-dns': { dns: 'ci.example.com' },
      'by-uri': { uri: 'spiffe://example.com/ci' },
      'by-fingerprint': { fingerprint: fingerprint256 },
      'by-issuer': { commonName: 'y', issuer: new X509Certificate(issuer.cert).fingerprint256 },
    }
    for (const [name, condition] of Object.entries(who)) {
      await writeRules({ name, who: condition, level: 'read-only' }, HOST_RULE)
      await until(name, async () => (await server.sendAs(name, LIST)).status === 200)
      for (const other of Object.keys(who).filter((one) => one !== name))
        assert.match((await server.sendAs(other, LIST)).text, /IDENTITY_UNKNOWN/, `${other} is not ${name}`)
    }
    await writeRules(HOST_RULE, ...RULES)
    await until('ann', async () => (await server.sendAs('ann', LIST)).status === 200)
  })

  test('a new policy counts also on a connection that is open', async () => {
    const eve = await server.connectAs('eve')
    await eve.containers.list()
    await writeRules(HOST_RULE, ...RULES.filter(({ name }) => name !== 'eve'))
    await until('the new policy', () =>
      eve.containers.list().then(
        () => false,
        () => true,
      ),
    )
    await assert.rejects(eve.containers.list(), { code: 'ERR_API_AUTHORIZATION_DENIED' })
    await eve.close()
  })

  test('a broken policy changes nothing, and is said', async () => {
    await writeFile(policyFile, '{"version":1,"rules":[{"na')
    await plugin.says(/ERR_POLICY_INVALID: .*\n.*the policy before stays in force/)
    assert.equal((await server.sendAs('ann', LIST)).status, 200)
    assert.equal((await server.sendAs('eve', LIST)).status, 403)
    await writeRules(HOST_RULE, ...RULES)
    await until('the correct one', async () => (await server.sendAs('eve', LIST)).status === 200)
  })

  test('without it, dockerd refuses everything, and goes on when it is back', async () => {
    await plugin.end('SIGKILL')
    const start = Date.now()
    const { status, text } = await server.sendAs('adm', LIST)
    assert.ok(status >= 400, String(status))
    assert.match(text, /plugin docker-mtls failed with error/)
    assert.ok(Date.now() - start < 30_000)
    await writeFile(policyFile, 'version: 1\nrules: [')
    plugin = await runPlugin(args)
    assert.match(plugin.said(), /every request is refused/)
    for (const answer of [await server.sendAs('adm', LIST), await server.sendLocally(LIST)])
      assert.match(answer.text, /the policy file of docker-mtls authz-plugin can't be used/)
    await writeRules(HOST_RULE, ...RULES)
    await until('the correct policy', async () => (await server.sendAs('adm', LIST)).status === 200)
  })

  test('the local socket has the name that the plugin gives it, and none without', async () => {
    assert.equal((await server.sendLocally(LIST)).status, 200)
    await plugin.end('SIGTERM')
    assert.equal(existsSync(SOCKET), false)
    plugin = await runPlugin(['--policy', policyFile, '--daemon', server.daemon.place.socketPath])
    assert.match((await server.sendLocally(LIST)).text, /no client certificate.*IDENTITY_UNKNOWN/)
    // Its own questions have no certificate either.
    for (const value of [...seen, '', 'x'.repeat(43)])
      assert.match((await server.sendLocally(forged(value))).text, /IDENTITY_UNKNOWN/)
    assert.match((await server.sendAs('ann', execIn('root'))).text, /TARGET_TOO_POWERFUL/)
  })

  test('a policy that locks everybody out is repaired by a reload, which asks no plugin', async () => {
    await writeRules({ name: 'nobody', who: { commonName: 'nobody' }, level: 'read-only' })
    await until('nobody', async () => (await server.sendAs('adm', LIST)).status === 403)
    assert.equal((await server.sendLocally(LIST)).status, 403)
    await server.reload()
    assert.equal((await server.sendAs('adm', LIST)).status, 200)
    assert.equal((await server.sendLocally(LIST)).status, 200)
  })

  test('so it is with a plugin that is gone', async () => {
    await server.reload('docker-mtls')
    assert.equal((await server.sendAs('adm', LIST)).status, 403)
    await plugin.end('SIGKILL')
    await server.reload()
    assert.equal((await server.sendAs('adm', LIST)).status, 200)
  })

  test('a reload that names a plugin which has never run ends dockerd, and it does not start again', async () => {
    await writeFile(join(server.folder, 'daemon.json'), '{"authorization-plugins":["never"]}')
    process.kill(server.daemon.pid, 'SIGHUP')
    await until('the end', () =>
      Promise.resolve(server.daemon.log().includes('Error validating authorization plugin: plugin')),
    )
    await assert.rejects(server.startAgain(), /validate authorization plugin|validating authorization plugin/)
  })
})
