import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { audit } from '../../lib/audit.ts'
import { createGateway, type Gateway, type GatewayLimits } from '../../lib/gateway.ts'
import type { DockerClient } from '../../lib/index.ts'
import { credentials, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { smuggled } from '../gateway/support/smuggled.ts'
import { makeCertificate, type CertificateOptions } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { startAuthorization, type AuthorizationPlugin } from './harness/authorization.ts'
import { makeImage } from './harness/image.ts'
import { runPlugin, type RunningPlugin } from './support/authz-plugin.ts'
import { PluggedDaemon } from './support/plugged-daemon.ts'
import { ATTACKS, type Attack } from './support/policy/attacks.ts'
import { ALLOWED, ALLOWED_ON_SWARM, filled, operationOf, type Allowed } from './support/policy/allowed.ts'
import { CUT, sendIn, SLOW, type Way } from './support/policy/cut-bodies.ts'
import { codeOf, DIFFERENCES } from './support/policy/front-differences.ts'
import { chunked, CHUNKED, execIn, forged, privilegedBody } from './support/policy/hidden.ts'
import { CALLERS, Corpus, createRequest, POLICY, RULES, sendAttack, worksAtBaseline } from './support/policy/corpus.ts'
import { sendRaw } from './support/policy/raw-request.ts'
import {
  CAPABILITY_ATTACKS,
  SERVICE_CAPABILITY_ATTACKS,
  servesWithoutNetRaw,
  worksWithoutNetRaw,
} from './support/policy/capability-attacks.ts'
import { callOf, callsIn, exchange, hiddenCreate, makingIn, statusesIn } from './support/policy/smuggling.ts'
import { SERVICE_ATTACKS, Services } from './support/policy/service-attacks.ts'
import { TRICKS } from './support/policy/tricks.ts'
import { ON_LOOPBACK, serviceOf } from './support/swarm-engine.ts'
import { until } from './support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'ip', 'openssl')

const SOCKET = '/run/docker/plugins/docker-mtls.sock'
const LIST: Attack = { name: '', line: 'GET /containers/json' }
const HOST_RULE = { name: 'host', who: { socket: 'host' }, level: 'privileged' }
/** Requests in whose bodies others hide: one that the plugin refuses, and one that it allows. */
const STREAMED = { 'what is refused': 'POST /build', 'what is allowed': 'POST /containers/plain/kill?signal=CONT' }
const DENIED = /authorization denied by plugin docker-mtls: /

const portOf = ({ address }: Gateway): number => (address as { readonly port: number }).port
/** The name of a container that is asked for in this way. */
const nameOf = ({ name }: Way, front: string, config: object): string =>
  `x-${name.replaceAll(/[, ]+/g, '-')}-${front}-${Object.keys(config).length}`

const isRefused = (answer: string): boolean => answer.includes('(PRIVILEGED)')

describe("dockerd's authorization plugin", { skip }, () => {
  let server: PluggedDaemon
  let plugin: RunningPlugin
  /** In front of the same daemon, with the same policy. The plugin allows it everything. */
  let gateway: Gateway
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
    gateway = await startGateway()
  })
  after(async () => {
    await admin?.close()
    await gateway?.close()
    await server?.daemon.stop()
    await plugin?.end('SIGKILL')
  })

  async function startGateway(limits: GatewayLimits = {}): Promise<Gateway> {
    return createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: server.daemon.place.socketPath },
      policy: POLICY,
      limits,
    })
  }

  const writeRules = (...rules: readonly object[]): Promise<void> =>
    writeFile(policyFile, JSON.stringify({ version: 1, rules }))

  const isThere = async (name: string): Promise<boolean> =>
    (await admin.containers.list({ all: true })).some(({ Names }) => Names.includes(`/${name}`))

  /** An honest client gets the answer to its own question. */
  async function answersTo(client: string, port: number, name: string): Promise<void> {
    const line = `GET /containers/nobody-${name}/json`
    const { status, text } = await sendAttack(server.dial(client, port), { name, line })
    assert.deepEqual([status, text.includes(`nobody-${name}`)], [404, true], text)
  }

  /** Works through the gateway and, at the same time, through the plugin. */
  async function forBothAs(name: string, work: (docker: DockerClient, index: number) => Promise<void>): Promise<void> {
    await Promise.all(
      ports().map(async (port, index) => {
        const docker = await server.connectAs(name, port)
        await work(docker, index)
        await docker.close()
      }),
    )
  }

  const ports = (): number[] => [gatewayPort(), server.daemon.place.port]
  const gatewayPort = (): number => portOf(gateway)
  const fronts = (): [string, number][] => [
    ['gateway', gatewayPort()],
    ['plugin', server.daemon.place.port],
  ]
  const asAnn = (below: Socket): TLSSocket => server.secure('ann', below)

  /** Asks for a container, whose name is that of the way. */
  async function createIn(way: Way, [front, port]: readonly [string, number], HostConfig: object): Promise<string> {
    const line = `POST /v1.45/containers/create?name=${nameOf(way, front, HostConfig)}`
    return sendIn(way, { port, secure: asAnn }, { line, body: JSON.stringify({ Image: image, HostConfig }) })
  }

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
    plugin.says(/Warning: dockerd 2[68]\..*CVE-2026-34040/))

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

  /** The codes with which both the gateway and the plugin refuse it. */
  async function codesFor(client: string, attack: Attack): Promise<string[]> {
    const answers = await Promise.all(ports().map((port) => sendAttack(server.dial(client, port), attack)))
    return answers.map(({ status, text }) => codeOf({ status, head: text, text }))
  }

  /** Sends requests through both, each with names of its own, and compares verdicts and dockerd's statuses. */
  async function bothAllow(requests: readonly Allowed[]): Promise<void> {
    const words = ['xgateway', 'xplugin'].map(
      (name) =>
        new Map([
          ['NAME', name],
          ['IMAGE', image],
        ]),
    )
    const found: object[] = []
    for (const { operation, tells = {}, fails = false, ofPlugin = 'none', ...request } of requests) {
      const answers: { readonly code: string; readonly status: number; readonly text: string }[] = []
      // In turns: dockerd refuses a prune while another one runs.
      for (const [index, port] of ports().entries()) {
        const own = filled({ name: '', ...request }, words[index] ?? new Map())
        assert.equal(operationOf(own), operation)
        const { status, text } = await until(own.line, async () => {
          const answer = await sendAttack(server.dial('ann', port), own)
          // A swarm needs a moment for what it tells.
          const isLater = own.line.startsWith('GET ') && answer.status < 400
          return (!isLater || Object.values(tells).every((pattern) => pattern.test(answer.text))) && answer
        })
        for (const [word, pattern] of Object.entries(tells)) {
          const [, told] = pattern.exec(text) ?? []
          assert.ok(told !== undefined || status >= 400, `${own.line} tells no ${word}: ${text.slice(0, 500)}`)
          words[index]?.set(word, told ?? '')
        }
        answers.push({ code: codeOf({ status, head: text, text }), status, text: text.slice(0, 500) })
      }
      const [gateways, plugins] = answers.map(({ status }) => status)
      const isDone = answers.every(({ status }) => status >= 400 === fails)
      const isSame = gateways === plugins || ofPlugin !== 'none'
      if (!isDone || !isSame || answers[0]?.code !== 'none' || answers[1]?.code !== ofPlugin)
        found.push({ operation, answers })
    }
    assert.deepEqual(found, [])
  }

  describe('a capability that the rule denies, through the plugin and through a gateway', () => {
    for (const attack of CAPABILITY_ATTACKS) {
      test(attack.name, async () => {
        const earlier = await corpus.countContainers()
        assert.deepEqual(await codesFor('capped', await corpus.fill(attack)), [attack.code, attack.code])
        assert.equal(await corpus.countContainers(), earlier)
        if (attack.isNone) return
        const done = await server.sendLocally(await corpus.fill(attack))
        assert.ok(done.status > 0 && done.status < 400, `${done.status} ${done.text.slice(-300)}`)
      })
    }

    after(() => corpus.undo())

    test('a container and an exec without it work, and lack it', async () => {
      await forBothAs('capped', (capped) => worksWithoutNetRaw(capped, admin, image))
    })
  })

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

    for (const attack of SERVICE_CAPABILITY_ATTACKS) {
      test(`a capability that the rule denies: ${attack.name}`, async () => {
        const earlier = await services.all()
        assert.deepEqual(await codesFor('capped', await services.fill(attack)), [attack.code, attack.code])
        assert.deepEqual(await services.all(), earlier)
        const done = await server.sendLocally(await services.fill(attack))
        assert.equal(done.status, 201, done.text)
        await admin.services.remove('xcapable')
      })
    }

    test('without a capability that the rule denies, a service works, and lacks it', async () => {
      await forBothAs('capped', (capped, index) => servesWithoutNetRaw(capped, image, `xserves${index}`))
    })

    test('who is denied a capability can change no service that has, or had, it', async () => {
      const dropped = services.spec('tamed', false, { CapabilityDrop: ['NET_RAW'] })
      const codesOf = async (query: string): Promise<string[]> => {
        const line = `POST /v1.45/services/tamed/update?version=${await services.version('tamed')}${query}`
        return codesFor('capped', { name: '', line, body: JSON.stringify(dropped) })
      }
      const refusals = ['TARGET_TOO_POWERFUL', 'TARGET_TOO_POWERFUL']
      assert.deepEqual(await codesOf(''), refusals)
      await services.change('tamed', dropped)
      // The swarm may change the version once more.
      const codes = await until('the version', async () => {
        const found = await codesOf('&rollback=previous')
        return !found.includes('TARGET_UNKNOWN') && found
      })
      assert.deepEqual(codes, refusals)
      const capped = await server.connectAs('capped')
      await services.again((version) => capped.services.update('tamed', dropped, { version }), 'tamed')
      await capped.close()
      await services.reset()
    })

    test('what baseline allows, the gateway and the plugin allow', () => bothAllow(ALLOWED_ON_SWARM))

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

  test('what baseline allows, the gateway and the plugin allow: at least 60 operations', async () => {
    assert.ok(new Set(ALLOWED.map(({ operation }) => operation)).size >= 60)
    await bothAllow(ALLOWED)
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
      assert.match(
        (await server.sendAs('ann', execIn(Id.slice(0, 12)))).text,
        /whose id begins with it.*TARGET_UNKNOWN/,
      )
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

  describe('a body that does not arrive as a whole, or slowly', () => {
    const BODIES = { 'of what is forbidden': { Privileged: true }, 'of what is allowed': {} }
    let impatient: Gateway

    before(async () => (impatient = await startGateway({ bodyTimeout: 500 })))
    after(() => impatient.close())

    describe('is cut, or judged as a whole', { concurrency: 16 }, () => {
      for (const [what, config] of Object.entries(BODIES)) {
        for (const way of CUT) {
          test(`${way.name}, ${what}`, async () => {
            for (const front of fronts())
              assert.match(await createIn(way, front, config), /^$|^HTTP\/1\.1 [45]/, front[0])
            if (way.end !== 'silence') return
            const late = await createIn({ ...way, end: 'answer' }, ['impatient', portOf(impatient)], config)
            assert.match(late, /^HTTP\/1\.1 408 /)
          })
        }

        for (const way of SLOW) {
          test(`${way.name}, ${what}`, async () => {
            const isAllowed = what === 'of what is allowed'
            for (const front of fronts()) {
              const expected = isAllowed ? /^HTTP\/1\.1 201 / : /^HTTP\/1\.1 403 [^]*PRIVILEGED/
              assert.match(await createIn(way, front, config), expected, front[0])
              if (!isAllowed) continue
              const name = nameOf(way, front[0], config)
              assert.equal((await admin.containers.inspect(name)).HostConfig.Privileged, false)
              await admin.containers.remove(name)
            }
            const late = await createIn({ ...way, pause: 20 }, ['impatient', portOf(impatient)], config)
            assert.match(late, /^HTTP\/1\.1 408 /)
          })
        }
      }
    })

    test('and nothing is made of what was cut', async () => {
      // What was sent before has been judged, and carried out, by then.
      await delay(1_000)
      const names = (await admin.containers.list({ all: true })).flatMap(({ Names }) => Names)
      assert.deepEqual(
        names.filter((name) => name.startsWith('/x')),
        [],
      )
    })
  })

  describe('a request that two readers could read differently', () => {
    /** Methods and targets about which dockerd has asked its plugins. */
    const asked: string[] = []
    let spy: AuthorizationPlugin
    let start = 0

    before(async () => {
      spy = await startAuthorization('smuggled')
      await server.reloadWith({ 'authorization-plugins': ['smuggled', 'docker-mtls'], debug: true })
      await until('a log of all requests', async () => {
        await server.sendLocally(LIST)
        return called().length > 0
      })
      start = server.daemon.log().length
      spy.decide = (question, isOfAnswer) => {
        if (!isOfAnswer) asked.push(callOf(question))
        return undefined
      }
    })
    after(async () => {
      await server.reloadWith({ 'authorization-plugins': ['docker-mtls'], debug: false })
      await spy.stop()
      await corpus.undo()
    })

    /** What dockerd has got and understood since the beginning. */
    const called = (): string[] => callsIn(server.daemon.log().slice(start))

    test('what they hide makes a privileged container, unless it is judged', async () => {
      const local = await exchange(server.dialLocally(), hiddenCreate(image, 'xopen'))
      assert.deepEqual(statusesIn(local), ['201'], local)
      assert.equal((await admin.containers.inspect('xopen')).HostConfig.Privileged, true)
      for (const port of ports()) {
        const answer = await exchange(server.dial('smuggler', port), hiddenCreate(image, 'xjudged'))
        assert.match(answer, /^HTTP\/1\.1 403 [^]*PRIVILEGED/)
        assert.equal(await isThere('xjudged'), false)
      }
    })

    describe('carries nothing past', { concurrency: 16 }, () => {
      for (const [index, variant] of Object.keys(smuggled({ hidden: '' })).entries()) {
        test(`the gateway: ${variant}`, async () => {
          const name = `xgateway${index}`
          const bytes = smuggled({ hidden: hiddenCreate(image, name) })[variant] ?? ''
          // The policy refuses nothing to this client: what was hidden must not be taken for a request at all.
          const answer = await exchange(server.dial('adm', gatewayPort()), bytes)
          assert.match(statusesIn(answer).join(' '), /^4\d\d$/, answer)
          await answersTo('ann', gatewayPort(), name)
          assert.deepEqual(makingIn(name, called()), [])
          assert.equal(await isThere(name), false)
        })

        for (const [what, streamed] of Object.entries(STREAMED)) {
          test(`the plugin, behind ${what}: ${variant}`, async () => {
            const name = `xplugin${what.length}x${index}`
            const bytes = smuggled({ hidden: hiddenCreate(image, name), streamed })[variant] ?? ''
            const { port } = server.daemon.place
            const isJudged = (): boolean => makingIn(name, asked).length > 0
            const answer = await exchange(
              server.dial('smuggler', port),
              bytes,
              (received) => isJudged() && !isRefused(received),
            )
            assert.match(answer, /^HTTP\/1\.[01] \d/, 'dockerd answers')
            await answersTo('ann', port, name)
            // What dockerd takes for a request of its own is judged as one.
            assert.equal(isRefused(answer), isJudged(), answer)
            assert.equal(await isThere(name), false)
          })
        }
      }
    })

    test('the plugin was asked about everything that dockerd has understood, and about some that was hidden', async () => {
      await until('the end of the log', () => Promise.resolve(called().length >= asked.length))
      assert.deepEqual(called().toSorted(), asked.toSorted())
      const hidden = asked.filter((one) => one.includes('?name=xplugin'))
      assert.ok(hidden.length > 5, hidden.join('\n'))
    })
  })

  test('a gateway with the same policy refuses the same tricks, but for known differences in the code', async () => {
    await admin.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'base' })
    const found: Record<string, readonly string[]> = {}
    const same: string[] = []
    for (const trick of TRICKS) {
      const answers = await Promise.all(ports().map((to) => sendRaw(server.dial('ann', to), trick)))
      const [ofGateway = '', ofPlugin = ''] = answers.map(codeOf)
      if (ofGateway === ofPlugin) {
        same.push(ofGateway)
        if (trick.ours !== 'read') assert.equal(ofGateway, trick.ours, trick.name)
      } else found[trick.name] = [ofGateway, ofPlugin]
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
    await until('the end', async () => !existsSync(`/proc/${server.daemon.pid}`))
    assert.match(server.daemon.log(), /Error validating authorization plugin/)
    await assert.rejects(server.startAgain(), /validate authorization plugin|validating authorization plugin/)
  })
})
