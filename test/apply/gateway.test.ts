import assert from 'node:assert/strict'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { planApply } from '../../lib/apply/plan.ts'
import { carryOutGateway } from '../../lib/apply/gateway/carry-out.ts'
import { planGateway, type GatewayPlan } from '../../lib/apply/gateway/plan.ts'
import type { RequestedGateway } from '../../lib/apply/gateway/requested.ts'
import { nodeFault, pathFault, programFaults } from '../../lib/apply/gateway/program.ts'
import { askForSshKeys } from '../../lib/apply/gateway/ssh-keys.ts'
import { checkServerFiles, type ServerFiles } from '../../lib/apply/server-files.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { renderSentence, type Sentence } from '../../lib/base/sentence.ts'
import { warningTexts } from '../../lib/base/warning.ts'
import type { Context } from '../../lib/cli/command.ts'
import { gatewayPlanData } from '../../lib/cli/reports/gateway-apply.ts'
import { warnOfSshKeys } from '../../lib/cli/inputs/ssh-keys.ts'
import { IN_FORCE_PATH, renderInForce } from '../../lib/daemon-config/gateway-in-force.ts'
import {
  readGatewayUnit,
  renderGatewayUnit,
  type GatewayFlags,
  type GatewayService,
} from '../../lib/daemon-config/gateway-unit.ts'
import { parsePolicy } from '../../lib/policy/file/parse.ts'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { createAuthority, createCrl, issueServer, type Authority } from '../../lib/pki.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { record, recordsOf, type Said } from './support/facts.ts'
import { fakeShell, sha256 } from './support/fake-shell.ts'

const UNIT = '/usr/lib/systemd/system/docker.service'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
const GATEWAY = '/etc/systemd/system/docker-mtls-gateway.service'
const SECURED =
  '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --tlsverify --tlscacert=/t/ca.pem --tlscert=/t/server-cert.pem --tlskey=/t/server-key.pem -H tcp://10.0.0.5:2376\n'
const POLICY = 'version: 1\nrules: []\n'
const FACTS = { 'program:/usr/sbin/dockerd': 'yes', 'socket-group': 'docker' }

const keysOf = (path: string, name: string): string =>
  [record('fact', 'ssh-keys', `${path}\n`), record('fact', 'ssh-user', name)].join('\n')
const listening = (pid: number): string => `LISTEN 0 4096 *:2376 *:* users:(("node",pid=${pid},fd=20))\n`
let server: ServerFiles
let authority: Authority

const PROGRAM = ['/usr/bin/node', '/usr/lib/node_modules/docker-mtls/dist/cli/main.js'] as const

function plan(said: Said = {}, requested: Partial<RequestedGateway> = {}): Promise<GatewayPlan> {
  const printed = recordsOf({ facts: { ...FACTS, ...said.facts }, files: { [UNIT]: DEBIAN_UNIT, ...said.files } })
  return planGateway(
    { program: PROGRAM, programFaults: [], policy: POLICY, server, ...requested },
    fakeShell(() => printed),
  )
}

const written = ({ changes }: GatewayPlan): string[] =>
  changes.filter(({ action }) => action !== 'keep').map(({ path }) => path)

const unitWith = (issuer?: string, others: Partial<GatewayService> = {}): string =>
  renderGatewayUnit({
    program: PROGRAM,
    policy: '/etc/docker-mtls/policy.yaml',
    folder: '/etc/docker-mtls',
    listen: '0.0.0.0:2376',
    socket: '/run/docker.sock',
    user: 'docker-mtls',
    group: 'docker',
    issuer,
    ...others,
  }).text

const policyFor = (level: string): string =>
  `version: 1\nrules:\n  - { name: ci, who: { commonName: ci }, level: ${level} }\n`

const at = (minutes: number): Date => new Date(Date.now() + minutes * 60_000)
/** A list that was issued some minutes from now. */
const list = (number: number, minutes: number, by = authority): string =>
  createCrl(by, { revoked: [], thisUpdate: at(minutes), nextUpdate: at(600), number }).pem
const kindsFor = async (old: string, crl: string): Promise<string[]> => {
  const { conflicts } = await plan({ files: { '/etc/docker-mtls/crl.pem': old } }, { crl })
  return conflicts.map(({ kind }) => kind)
}

const kindsOf = async (files: Readonly<Record<string, string>>, crl?: string): Promise<string[]> =>
  (await plan({ files }, { ...(crl !== undefined && { crl }) })).conflicts.map(({ kind }) => kind)

/** As `gateway apply` shows them. */
const lossesWith = async (files: Readonly<Record<string, string>>): Promise<unknown> => {
  const context = { typed: renderSentence } as unknown as Context
  return (gatewayPlanData(await plan({ files }), context) as { readonly losses: unknown }).losses
}

const warnedAt = async (listen?: string): Promise<string> =>
  warningTexts((await plan({ files: { [GATEWAY]: unitWith() } }, { ...(listen && { listen }) })).warnings).join('\n')

const warned = async (metrics: string): Promise<string> =>
  warningTexts((await plan({}, { metrics })).warnings).join('\n')

const conflictsOfDockerd = async (files: Readonly<Record<string, string>>): Promise<string[]> => {
  const printed = recordsOf({ facts: FACTS, files: { [UNIT]: DEBIAN_UNIT, ...files } })
  const { conflicts } = await planApply(
    { server, listen: '0.0.0.0:2377' },
    fakeShell(() => printed),
  )
  return conflicts.map(({ kind }) => kind)
}

const closedListeners = async (text: string): Promise<string[]> =>
  (await plan({ files: { [DROP_IN]: text } })).warnings
    .filter(({ code }) => code.endsWith('listener-closed'))
    .map(({ code, text: said }) => `${code}: ${renderSentence(said)}`)

/** Does a running gateway not say which list it uses? */
const warnsOfList = async (more: Readonly<Record<string, string>>, active = 'active'): Promise<boolean> => {
  const { warnings } = await plan({
    files: { [GATEWAY]: unitWith(), ...more },
    facts: { gateway: stateOf(active) },
  })
  return warnings.some(({ code }) => code === 'list-unknown')
}

describe('the plan of a gateway', () => {
  before(async () => {
    authority = await createAuthority()
    const { cert, key, ca } = await issueServer(authority, { names: ['build01'] })
    server = checkServerFiles({ ca, cert, key }, 'server')
  })

  test('on a host as the packages leave it: dockerd needs no restart', async () => {
    const planned = await plan()
    assert.deepEqual(written(planned), [
      '/etc/docker-mtls/ca.pem',
      '/etc/docker-mtls/server-cert.pem',
      '/etc/docker-mtls/server-key.pem',
      '/etc/docker-mtls/policy.yaml',
      GATEWAY,
    ])
    const { listen, closes, restarts, starts, createsUser, isDone, conflicts } = planned
    assert.deepEqual(
      { listen, closes, restarts, starts, createsUser, isDone, conflicts },
      {
        listen: 'tcp://0.0.0.0:2376',
        closes: [],
        restarts: false,
        starts: true,
        createsUser: true,
        isDone: false,
        conflicts: [],
      },
    )
    for (const { path, mode, owner } of planned.changes.filter((one) => one.path.startsWith('/etc/docker-mtls/')))
      assert.deepEqual([mode, owner], [0o640, 'root:docker-mtls'], path)
  })

  test('on a secured host, it takes the place of dockerd, at its address', async () => {
    const planned = await plan({ files: { [DROP_IN]: SECURED, '/etc/docker/daemon.json': '{ "debug": true }' } })
    assert.ok(written(planned).includes(DROP_IN))
    assert.ok(!written(planned).includes('/etc/docker/daemon.json'))
    assert.deepEqual([planned.listen, planned.closes], ['tcp://10.0.0.5:2376', ['tcp://10.0.0.5:2376']])
    assert.equal(planned.restarts, true)
    const other = await plan({ files: { [DROP_IN]: SECURED } }, { listen: '10.0.0.5:2380' })
    assert.match(
      warningTexts(other.warnings).join('\n'),
      /dockerd listens on tcp:\/\/10\.0\.0\.5:2376, too, and the gateway will not/,
    )
  })

  test("a listener on Docker's port without TLS goes, and only if it has none is that said", async () => {
    const secured = SECURED.replace('2376', '2375')
    assert.deepEqual(await closedListeners(secured), [
      'listener-closed: dockerd listens on tcp://10.0.0.5:2375. The apply closes that listener: clients need another address.',
    ])
    const said =
      'plaintext-listener-closed: dockerd listens on tcp://10.0.0.5:2375 without TLS, or without client certificates. The apply closes that listener.'
    assert.deepEqual(await closedListeners(secured.replace('--tlsverify ', '')), [said])
  })

  test('warns if there is no revocation list, neither a requested one nor one on the host', async () => {
    const crl = list(1, -5)
    const none = { crl: undefined, files: {}, warns: true }
    const rows = [
      none,
      { ...none, crl, warns: false },
      { ...none, files: { '/etc/docker-mtls/crl.pem': crl }, warns: false },
    ]
    for (const { crl: requested, files, warns } of rows) {
      const texts = warningTexts((await plan({ files }, { crl: requested })).warnings).join('\n')
      assert.equal(
        /^No revocation list is in use: .* {2}docker-mtls cert crl {2}Then name it with --crl; .*$/m.test(texts),
        warns,
        texts,
      )
    }
  })

  test('warns of a list that expires before its CA, and says what happens then', async () => {
    const endsWithCa = createCrl(authority, {
      revoked: [],
      nextUpdate: readCertificate(authority.certificate).validTo,
      number: 1,
    })
    const [none, some] = await Promise.all([endsWithCa.pem, list(1, -5)].map((crl) => plan({}, { crl })))
    const [quiet, loud] = [none, some].map((planned) => warningTexts(planned?.warnings ?? []).join('\n'))
    assert.doesNotMatch(quiet ?? '', /revocation list/)
    assert.match(
      loud ?? '',
      /After that, the gateway refuses every client of this CA\. .* docker-mtls cert crl {2}Then copy /,
    )
  })

  test('SSH keys of root that a build could use: no new gateway, and a warning for one that is there', async () => {
    const [keys, policy] = [{ 'ssh-keys': '/root/.ssh/id_rsa\n' }, policyFor('baseline')]
    const planned = await plan({ facts: keys }, { policy })
    assert.deepEqual(
      planned.conflicts.map(({ kind, what, got }) => [kind, what, renderSentence(got)]),
      [
        [
          'ssh-key',
          '/root/.ssh/id_rsa',
          'dockerd fetches the repositories of a build with this key of root, and these rules let callers build: ci',
        ],
      ],
    )
    const there = await plan({ facts: keys, files: { [GATEWAY]: unitWith() } }, { policy })
    assert.deepEqual(there.conflicts, [])
    assert.match(
      warningTexts(there.warnings).join('\n'),
      /^\/root\/\.ssh\/id_rsa: dockerd .* Rename it, .*ssh-keygen -p -f \/root/m,
    )
    for (const [said, harmless] of [
      [keys, policyFor('privileged')],
      [keys, policyFor('baseline, deny: { operations: [images.build] }')],
      [keys, policyFor('baseline, owner: ci')],
      [{}, policy],
    ] as const) {
      const { conflicts, warnings } = await plan({ facts: said }, { policy: harmless })
      assert.deepEqual([conflicts, warnings.filter(({ code }) => code === 'ssh-key')], [[], []], harmless)
    }
  })

  test('a gateway that root starts beside dockerd warns of such keys, and asks for them only if it has to', async () => {
    const key = record('fact', 'ssh-keys', '/root/.ssh/id_rsa\n')
    const rows: [level: string, answer: string | Error, warnings: number, asks: number][] = [
      ['baseline', key, 1, 1],
      ['privileged', key, 0, 0],
      ['baseline', '', 0, 1],
      ['baseline', new Error('there is no sh'), 0, 1],
    ]
    for (const [level, answer, warnings, asks] of rows) {
      const shell = fakeShell(() => answer)
      const found = await askForSshKeys(parsePolicy(policyFor(level), 'policy.yaml'), 0, shell)
      assert.deepEqual([found.length, shell.ran.length], [warnings, asks], level)
    }
  })

  test('the owner of the socket is the user whose keys count', { skip: process.getuid?.() !== 0 }, async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    await writeFile(path, '')
    const policy = parsePolicy(policyFor('baseline'), 'policy.yaml')
    const io = { signal: new AbortController().signal } as Context['io']
    for (const [uid, name] of [
      [0, 'root'],
      [4242, 'ann'],
    ] as const) {
      await chown(path, uid, 0)
      const shell = fakeShell((script) =>
        script.includes(`said ssh-keys ssh_keys_of ${uid}\n`) ? keysOf(`/h/${name}/.ssh/id_rsa`, name) : '',
      )
      const warnings: string[] = []
      const warn = (text: Sentence): void => void warnings.push(renderSentence(text))
      await warnOfSshKeys({ endpoint: { kind: 'unix', path } }, policy, { warn, io }, shell)
      assert.equal(warnings.length, 1, name)
      assert.match(warnings[0] ?? '', new RegExp(`with this key of ${name}, .* in ~/\\.ssh/config of ${name}, `))
    }
    const none = fakeShell(() => keysOf('/root/.ssh/id_rsa', 'root'))
    const gone = { kind: 'unix', path: `${path}.no` } as const
    await warnOfSshKeys({ endpoint: gone }, policy, { warn: () => assert.fail(), io }, none)
    assert.equal(none.ran.length, 0)
  })

  test('where everything is as it has to be, nothing is done', async () => {
    const first = await plan()
    const files = first.changes.map(({ path, text, mode, owner = 'root:root' }) =>
      path.endsWith('key.pem')
        ? record('secret', path, mode.toString(8), owner, sha256(text))
        : record('file', path, mode.toString(8), owner, text),
    )
    const facts = {
      gateway: stateOf('active'),
      'gateway-folder': '750 root:docker-mtls',
      'gateway-link': '../docker-mtls-gateway.service',
      'gateway-user': '998',
    }
    const host = recordsOf({ facts: { ...FACTS, ...facts }, files: { [UNIT]: DEBIAN_UNIT } })
    const said = [host, saysOf(900), ...files].join('\n')
    const inspect = (policy: string, text = said): Promise<GatewayPlan> =>
      planGateway(
        { program: PROGRAM, programFaults: [], policy, server },
        fakeShell(() => text),
      )
    const again = await inspect(POLICY)
    assert.deepEqual([written(again), again.isDone], [[], true])
    // Another policy is written, and the gateway reads it itself.
    const other = await inspect(`${POLICY}# other\n`)
    assert.deepEqual(
      [written(other), other.isDone, other.restarts, other.starts],
      [['/etc/docker-mtls/policy.yaml'], false, false, false],
    )
    // One that was stopped starts again.
    const stopped = await inspect(POLICY, said.replace(gatewayFact('active'), gatewayFact('inactive')))
    assert.deepEqual([written(stopped), stopped.isDone, stopped.starts], [[], false, true])
    // One that ends again after each start is active now and then.
    const looping = await inspect(`${POLICY}# other\n`, said.replace(saysOf(900), saysOf(850)))
    assert.equal(looping.starts, true)
  })

  test('clients that the gateway, or dockerd, lets in now, and whom it would refuse', async () => {
    const other = await createAuthority({ commonName: 'Other CA' })
    const { cert: wider } = await issueServer(authority, { names: ['one.test', 'two.test'] })
    const tls = { [DROP_IN]: SECURED }
    const folder = /--tlscacert=(\S+)\/ca\.pem/.exec(SECURED)?.[1] ?? ''
    const refused = ['Clients of the CA CN=Other CA can no longer connect.']
    assert.deepEqual(await lossesWith({ ...tls, [`${folder}/ca.pem`]: other.certificate }), refused)
    assert.deepEqual(await lossesWith({ [GATEWAY]: unitWith(), '/etc/docker-mtls/ca.pem': other.certificate }), refused)
    const same = { [GATEWAY]: unitWith(), '/etc/docker-mtls/ca.pem': authority.certificate }
    assert.deepEqual(await lossesWith(same), [])
    const [names = ''] = (await lossesWith({ ...same, '/etc/docker-mtls/server-cert.pem': wider })) as string[]
    assert.match(
      names,
      /^The server's current certificate is also for .*two\.test\. Clients that use such a name will reject/,
    )
  })

  test('a gateway that leaves its address says so', async () => {
    assert.match(
      await warnedAt('0.0.0.0:3376'),
      /^The gateway will stop listening on tcp:\/\/0\.0\.0\.0:2376: clients need the new address\.$/m,
    )
    assert.doesNotMatch(await warnedAt(), /stop listening/)
  })

  describe('metrics, and what follows if the log fails', () => {
    const flagsOf = ({ changes }: GatewayPlan): GatewayFlags =>
      readGatewayUnit(changes.find(({ path }) => path === GATEWAY)?.text ?? '')
    const files = { [GATEWAY]: unitWith(undefined, { metrics: '10.0.0.5:9323', onLogFailure: 'go-on' }) }
    const holder = (address: string): Said => ({
      files,
      facts: { listening: `LISTEN 0 4096 ${address} *:* users:(("prom",pid=7,fd=20))\n` },
    })

    const conflicts = async (address: string, requested: Partial<RequestedGateway> = {}): Promise<string[]> => {
      const found = (await plan(holder(address), requested)).conflicts
      return found.map(({ what, todo }) => `${what} ${renderSentence(todo)}`)
    }

    test('are as requested, or else stay', async () => {
      const own = await plan({}, { metrics: '9323', onLogFailure: 'refuse' })
      assert.deepEqual([own.metrics, flagsOf(own).metrics, flagsOf(own)['on-log-failure']], ['9323', '9323', 'refuse'])
      const kept = await plan({ files })
      assert.deepEqual([kept.metrics, flagsOf(kept)['on-log-failure']], ['10.0.0.5:9323', 'go-on'])
      const gone = await plan({ files }, { metrics: false })
      assert.deepEqual([gone.metrics, flagsOf(gone).metrics, gone.starts], [undefined, undefined, true])
      assert.deepEqual([(await plan()).metrics, flagsOf(await plan()).metrics], [undefined, undefined])
    })

    test('need a free port', async () => {
      const [one = '', ...more] = await conflicts('10.0.0.5:9323')
      assert.match(one, /^tcp:\/\/10\.0\.0\.5:9323 .* choose another port: +metrics: PORT$/)
      assert.deepEqual(more, [])
      assert.deepEqual(await conflicts('127.0.0.1:9323'), [])
      assert.equal((await conflicts('127.0.0.1:9323', { metrics: '9323' })).length, 1)
      assert.deepEqual(await conflicts('10.0.0.5:9323', { metrics: false }), [])
      // dockerd keeps the port of its own metrics, although it gives its listeners up.
      const dockerds = { ...holder('127.0.0.1:9323').facts, dockerds: '7 0 L3Vzci9zYmluL2RvY2tlcmQ=' }
      assert.equal((await plan({ facts: dockerds }, { metrics: '9323' })).conflicts.length, 1)
      for (const metrics of ['2376', '[::1]:2376', '0.0.0.0:2376']) {
        const [found, ...others] = (await plan({}, { metrics })).conflicts
        assert.match(renderSentence(found?.got ?? ''), /^the gateway listens for clients on tcp:\/\/0\.0\.0\.0:2376$/)
        assert.deepEqual(others, [])
      }
    })

    test('are in the way if only systemd can read them', async () => {
      for (const flag of ['--metrics $PORT', '--on-log-failure=${WHAT}', '--issuer %E/x']) {
        const text = unitWith().replace(' --listen', ` ${flag} --listen`)
        const { conflicts: found } = await plan({ files: { [GATEWAY]: text } })
        assert.deepEqual(
          found.map(({ kind, got }) => [kind, got]),
          [['foreign-unit', `the value of ${flag.split(/[ =]/)[0]} in its command can't be read`]],
        )
      }
    })

    test('on an address that others reach are warned of', async () => {
      assert.match(await warned('0.0.0.0:9323'), /serves its metrics on 0\.0\.0\.0:9323 without a password/)
      for (const metrics of ['9323', '127.0.0.1:9323', '[::1]:9323'])
        assert.doesNotMatch(await warned(metrics), /metrics/)
    })
  })

  test('dockerd is never opened beside it, on any port', async () => {
    assert.deepEqual(await conflictsOfDockerd({ [GATEWAY]: unitWith() }), ['gateway'])
    assert.deepEqual(await conflictsOfDockerd({}), [])
    const other = unitWith().replace('unix:///run/docker.sock', 'tcp://build02:2376')
    assert.deepEqual(await conflictsOfDockerd({ '/etc/systemd/system/gw-build02.service': other }), [])
    const socket = unitWith().replace('/run/docker.sock', '/srv/docker.sock')
    const sockets = {
      '/etc/systemd/system/proxy.service': socket,
      '/etc/docker/daemon.json': '{"hosts":["unix:///srv/docker.sock"]}',
    }
    assert.ok((await conflictsOfDockerd(sockets)).includes('other-gateway'))
    for (const [path, name] of [
      ['/etc/systemd/system/proxy.service', 'proxy.service'],
      ['/run/systemd/system.control/web.service.d/50-start.conf', 'web.service'],
      [GATEWAY.replace('/etc', '/usr/lib'), 'docker-mtls-gateway.service'],
    ] as const) {
      const printed = recordsOf({ facts: FACTS, files: { [UNIT]: DEBIAN_UNIT, [path]: unitWith() } })
      const { conflicts } = await planApply(
        { server },
        fakeShell(() => printed),
      )
      assert.deepEqual(
        conflicts.map(({ kind, what }) => [kind, what]),
        [['other-gateway', path]],
      )
      assert.match(
        renderSentence(conflicts[0]?.todo ?? ''),
        new RegExp(`systemctl disable --now ${name}  Then remove ${path}\\.$`),
      )
    }
  })

  describe('an account of its name that is there', () => {
    const OWN = 'docker-mtls:x:990:980::/home/docker-mtls:/usr/sbin/nologin\n'
    const ROWS: readonly (readonly [name: string, passwd: string, group: string, got: RegExp | undefined])[] = [
      ['none', '', '', undefined],
      ['its own', OWN, 'docker-mtls:x:980:\n', undefined],
      ['its own, in its group', OWN, 'docker-mtls:x:980:docker-mtls\n', undefined],
      ['an alias of root', OWN.replace('990', '0'), 'docker-mtls:x:980:\n', /^it is the same user as root$/],
      ['with members', OWN, 'docker-mtls:x:980:ann,bob\n', /^ann and bob are in its group/],
      ['a group alone', '', 'docker-mtls:x:1000:\n', /^eve is in its group/],
      ['of another group', OWN, 'docker-mtls:x:981:\n', /^its group isn't docker-mtls$/],
      [
        'with a login',
        OWN.replace('/usr/sbin/nologin', '/bin/bash'),
        'docker-mtls:x:980:\n',
        /can log in, with \/bin\/bash/,
      ],
    ]
    for (const [name, passwd, group, got] of ROWS)
      test(name, async () => {
        const files = {
          '/etc/passwd': `root:x:0:0::/root:/bin/sh\neve:x:1000:1000::/:/bin/sh\n${passwd}`,
          '/etc/group': group,
        }
        const { conflicts } = await plan({ files })
        assert.deepEqual(
          conflicts.map(({ kind }) => kind),
          got === undefined ? [] : ['shared-account'],
        )
        if (got !== undefined) assert.match(renderSentence(conflicts[0]?.got ?? ''), got)
      })

    test('of a directory service', async () => {
      const files = { '/etc/passwd': '', '/etc/group': '' }
      const { conflicts } = await plan({ files, facts: { 'gateway-user': '990' } })
      assert.deepEqual(
        conflicts.map(({ got }) => renderSentence(got)),
        ['a directory service has it'],
      )
    })
  })

  test('a drop-in with a command of its own is in the way', async () => {
    const dropIn = '/etc/systemd/system/docker-mtls-gateway.service.d/own.conf'
    const { conflicts } = await plan({ files: { [GATEWAY]: unitWith() }, facts: { 'gateway-starts': `${dropIn}\n` } })
    assert.deepEqual(
      conflicts.map(({ kind, what }) => [kind, what]),
      [['foreign-unit', dropIn]],
    )
  })

  describe('the issuer', () => {
    const KEPT = ['cert', 'key'].map((name) => `/etc/docker-mtls/issuer-${name}.pem`)
    const issuer = { cert: 'CERT', key: 'KEY' }
    const files = { ...Object.fromEntries(KEPT.map((path) => [path, 'PEM'])), [GATEWAY]: unitWith('/etc/docker-mtls') }
    const unitOf = ({ changes }: GatewayPlan): string => changes.find(({ path }) => path === GATEWAY)?.text ?? ''

    test("is installed like the server's key, and named by the unit", async () => {
      const planned = await plan({}, { issuer })
      const own = planned.changes.filter(({ path }) => KEPT.includes(path))
      assert.deepEqual(
        own.map(({ mode, owner, text, secret = false }) => [mode, owner, text, secret]),
        [
          [0o640, 'root:docker-mtls', 'CERT', false],
          [0o640, 'root:docker-mtls', 'KEY', true],
        ],
      )
      assert.match(unitOf(planned), / --issuer \/etc\/docker-mtls /)
      assert.equal(planned.issuer?.cert, 'CERT')
    })

    test('stays if none is named, also in another folder', async () => {
      const planned = await plan({ files })
      assert.ok(!planned.changes.some(({ path }) => KEPT.includes(path)))
      assert.match(unitOf(planned), / --issuer \/etc\/docker-mtls /)
      assert.deepEqual([planned.issuer?.folder, planned.issuer?.cert], ['/etc/docker-mtls', 'PEM'])
      const other = await plan({
        files: { [GATEWAY]: unitWith('/srv/issuer'), '/srv/issuer/issuer-cert.pem': 'OTHER' },
      })
      assert.match(unitOf(other), / --issuer \/srv\/issuer /)
      assert.equal(other.issuer?.cert, 'OTHER')
    })

    test('with another name or key: what it has renewed is refused, with a warning', async () => {
      const [own, other] = await Promise.all(
        ['renewals', 'others'].map((commonName) => createAuthority({ commonName })),
      )
      const folders = ['/etc/docker-mtls', '/srv/issuer']
      for (const folder of folders) {
        const there = { [GATEWAY]: unitWith(folder), [`${folder}/issuer-cert.pem`]: own?.certificate ?? '' }
        const warns = async (cert = ''): Promise<boolean> => {
          const { warnings } = await plan({ files: there }, { issuer: { cert, key: 'KEY' } })
          return /^With another issuer, the gateway refuses/m.test(warningTexts(warnings).join('\n'))
        }
        assert.deepEqual([await warns(other?.certificate), await warns(own?.certificate)], [true, false], folder)
      }
      const { warnings } = await plan({}, { issuer: { cert: own?.certificate ?? '', key: 'KEY' } })
      assert.doesNotMatch(warningTexts(warnings).join('\n'), /With another issuer/)
    })

    test('goes with --no-issuer, with a warning', async () => {
      const planned = await plan({ files }, { issuer: false })
      const gone = planned.changes.filter(({ action }) => action === 'remove').map(({ path }) => path)
      assert.deepEqual([gone, planned.issuer, planned.starts], [KEPT, undefined, true])
      assert.doesNotMatch(unitOf(planned), /--issuer/)
      assert.match(warningTexts(planned.warnings).join('\n'), /Without its issuer, the gateway refuses/)
      assert.doesNotMatch(warningTexts((await plan({ files })).warnings).join('\n'), /issuer/)
      assert.doesNotMatch(unitOf(await plan()), /--issuer/)
    })
  })

  describe('revocation lists', () => {
    test('an older list than the one in force is refused', async () => {
      const old = list(5, -10)
      assert.deepEqual(await kindsFor(old, list(4, -20)), ['older-list'])
      assert.deepEqual(await kindsFor(old, list(4, -10)), ['older-list'])
      assert.deepEqual(await kindsFor(old, list(4, -5)), ['older-list'])
    })

    test('a newer list is accepted, although the clock of its CA was set back', async () => {
      assert.deepEqual(await kindsFor(list(5, -10), list(6, -20)), [])
      // Whichever is the first in the file.
      assert.deepEqual(await kindsFor(list(5, -10) + list(6, -20), list(5, -5)), ['older-list'])
      assert.deepEqual(await kindsFor(list(6, -20) + list(5, -10), list(5, -5)), ['older-list'])
    })

    test('a list that the gateway has had, and that is gone, is needed again', async () => {
      const path = '/etc/docker-mtls/crl.pem'
      const named = { [GATEWAY]: unitWith(undefined, { crl: [path] }) }
      const inForce = renderInForce({ pid: 900, sums: new Map([[path, '']]) })
      const picked = { [GATEWAY]: unitWith(), '/run/docker-mtls-gateway/in-force.json': inForce }
      for (const files of [named, picked]) {
        assert.deepEqual(await kindsOf(files), ['lost-list'])
        assert.deepEqual(await kindsOf(files, list(1, -5)), [])
        assert.deepEqual(await kindsOf({ ...files, [path]: list(1, -5) }), [])
      }
      assert.deepEqual(await kindsOf({ [GATEWAY]: unitWith() }), [])
      // The gateway was removed.
      const { conflicts } = await plan({ facts: { 'known-list': `3 ${path}` } })
      assert.deepEqual(
        conflicts.map(({ kind }) => kind),
        ['lost-list'],
      )
    })

    test('a list on disk that the running gateway does not use is refused, also with --crl', async () => {
      const path = '/etc/docker-mtls/crl.pem'
      const [old, newer] = [list(4, -20), list(5, -10)]
      const on = async (disk: string, used: string, requested: Partial<RequestedGateway> = {}): Promise<string[]> => {
        const inForce = renderInForce({ pid: 900, sums: new Map([[path, sha256(used)]]) })
        const files = { [GATEWAY]: unitWith(undefined, { crl: [path] }), [path]: disk, [IN_FORCE_PATH]: inForce }
        const { conflicts } = await plan({ files, facts: { gateway: stateOf('active') } }, requested)
        return conflicts.map(({ kind, what }) => `${kind} ${what}`)
      }
      assert.deepEqual(await on(newer, newer, { metrics: '9402' }), [])
      assert.deepEqual(
        (await Promise.all([{}, { metrics: '9402' }, { crl: newer }].map((more) => on(old, newer, more)))).flat(),
        Array(3).fill(`older-list ${path}`),
      )
    })

    test('a running gateway that does not say which list it uses: a restart may use an older one', async () => {
      const path = '/etc/docker-mtls/crl.pem'
      const there = { [path]: 'PEM' }
      const inForce = renderInForce({ pid: 900, sums: new Map([[path, sha256('PEM')]]) })
      const rows = [
        warnsOfList(there),
        warnsOfList({}),
        warnsOfList(there, 'failed'),
        warnsOfList({ ...there, [IN_FORCE_PATH]: inForce }),
      ]
      assert.deepEqual(await Promise.all(rows), [true, false, false, false])
    })

    test('a list that has just been copied there gets the time to come in force', async () => {
      const path = '/etc/docker-mtls/crl.pem'
      let asked = 0
      const shell = fakeShell(() => {
        const used = asked++ < 2 ? 'older' : 'newer'
        const inForce = renderInForce({ pid: 900, sums: new Map([[path, sha256(used)]]) })
        const files = { [UNIT]: DEBIAN_UNIT, [GATEWAY]: unitWith(), [path]: 'newer', [IN_FORCE_PATH]: inForce }
        return recordsOf({ facts: { ...FACTS, gateway: stateOf('active') }, files })
      })
      const { conflicts } = await planGateway({ program: PROGRAM, programFaults: [], policy: POLICY, server }, shell)
      assert.deepEqual(conflicts, [])
    })

    test('the same list, a newer one, and any after one of the future are not', async () => {
      const old = list(5, -10)
      assert.deepEqual(await kindsFor(old, old), [])
      assert.deepEqual(await kindsFor(old, list(6, -10)), [])
      assert.deepEqual(await kindsFor(old, list(6, -5)), [])
      assert.deepEqual(await kindsFor(list(9, 60), list(6, -5)), [])
    })

    test('each CA has lists of its own', async () => {
      const other = await createAuthority({ commonName: 'other' })
      const old = list(5, -10)
      assert.deepEqual(await kindsFor(`${old}${list(9, -5, other)}`, `${list(1, -60, other)}${list(6, -5)}`), [])
      assert.deepEqual(await kindsFor(`${old}${list(9, -5, other)}`, `${list(10, -1, other)}${list(4, -60)}`), [
        'older-list',
      ])
      assert.deepEqual(await kindsFor('nothing', list(1, -60)), [])
    })
  })

  describe('conflicts', () => {
    const rows: [name: string, said: Said, kinds: string[], requested?: Partial<RequestedGateway>][] = [
      ['the port of another program', { facts: { listening: listening(77) } }, ['port-taken']],
      [
        'the port of the gateway itself',
        { facts: { listening: listening(77), gateway: 'ActiveState=active\nMainPID=77' } },
        [],
      ],
      ['the port of dockerd', { facts: { listening: listening(212) }, files: { [DROP_IN]: SECURED } }, []],
      ['no group for the socket', { facts: { 'socket-group': 'root' } }, ['no-socket-group']],
      ['no socket', { facts: { 'socket-group': '' } }, ['no-socket-group']],
      [
        'a listener in a variable',
        { files: { '/etc/default/docker': 'DOCKER_OPTS="-H tcp://0.0.0.0:2375"\n' } },
        ['flag-in-variable'],
      ],
      ['another variable', { files: { '/etc/default/docker': 'DOCKER_OPTS="--debug"\n' } }, []],
      [
        'a later drop-in with a listener',
        { files: { '/etc/systemd/system/docker.service.d/zz.conf': SECURED } },
        ['later-drop-in'],
      ],
      [
        'a later drop-in without one',
        { files: { '/etc/systemd/system/docker.service.d/zz.conf': SECURED.replace(/ --tls.*$/m, '') } },
        [],
      ],
      [
        'a drop-in that hides ours, with a listener',
        { files: { '/etc/systemd/system.control/docker.service.d/override.conf': SECURED } },
        ['later-drop-in'],
      ],
      [
        'another configuration file',
        { files: { [DROP_IN]: SECURED.replace('-H fd://', '-H fd:// --config-file=/etc/d.json') } },
        ['other-config-file'],
      ],
      [
        'a program that the service can not run',
        {},
        ['unusable-program'],
        { programFaults: [{ what: '/root/x', got: 'no', todo: 'Install it.' }] },
      ],
      [
        'a unit with the files of an apply',
        {
          files: {
            [GATEWAY]: unitWith(undefined, { crl: ['/etc/docker-mtls/crl.pem'] }),
            '/etc/docker-mtls/crl.pem': 'PEM',
          },
        },
        [],
      ],
      [
        'the same, written another way',
        { files: { [GATEWAY]: unitWith(undefined, { folder: '/etc/docker-mtls/' }) } },
        [],
      ],
      [
        'a unit with another policy',
        { files: { [GATEWAY]: unitWith(undefined, { policy: '/etc/docker/policy.yaml' }) } },
        ['foreign-unit'],
      ],
      [
        'a unit with another CA',
        { files: { [GATEWAY]: unitWith(undefined, { folder: '/etc/docker/tls' }) } },
        ['foreign-unit'],
      ],
      [
        'a unit with other revocation lists, beside its own',
        {
          files: {
            [GATEWAY]: unitWith(undefined, { crl: ['/etc/docker-mtls/crl.pem', '/srv/a.pem', '/srv/b.pem'] }),
            '/etc/docker-mtls/crl.pem': 'PEM',
          },
        },
        ['foreign-unit', 'foreign-unit'],
      ],
      [
        'a unit of the same name in another folder',
        { facts: { gateway: 'MainPID=0\nFragmentPath=/usr/local/lib/systemd/system/docker-mtls-gateway.service' } },
        ['foreign-unit'],
      ],
      ['a unit that names no files', { files: { [GATEWAY]: '[Service]\nExecStart=/srv/gateway\n' } }, ['foreign-unit']],
      [
        'a folder of another user',
        { facts: { 'parents:/etc/docker-mtls': '755 1000 =/etc/docker-mtls' } },
        ['open-folder'],
      ],
      [
        'a link in the place of the policy',
        { facts: { 'odd:/etc/docker-mtls/policy.yaml': 'link /tmp/x' } },
        ['not-a-file'],
      ],
    ]
    for (const [name, said, kinds, requested] of rows) {
      test(name, async () => {
        const { conflicts } = await plan(said, requested)
        assert.deepEqual(
          conflicts.map(({ kind }) => kind),
          kinds,
          conflicts.map(({ got, todo }) => `${renderSentence(got)}: ${renderSentence(todo)}`).join('\n'),
        )
      })
    }

    for (const [path, got, todo] of [
      ['system/docker.service.d/zz.conf', /sets ExecStart=, too/, /^Remove its ExecStart=, or move it away:/],
      ['system.control/docker.service.d/override.conf', /reads it instead of the drop-in of docker-/, /^Move it away:/],
    ] as const) {
      test(`says why ${path} is one, and what helps`, async () => {
        const { conflicts } = await plan({ files: { [`/etc/systemd/${path}`]: SECURED } })
        assert.match(renderSentence(conflicts[0]?.got ?? ''), got)
        assert.match(renderSentence(conflicts[0]?.todo ?? ''), todo)
      })
    }
  })
})

test('a gateway that runs without its unit file: the plan warns, and a failed apply does not say that all is as it was', async () => {
  const codes = async (files: Readonly<Record<string, string>>, active: string): Promise<string[]> =>
    (await plan({ files, facts: { gateway: stateOf(active) } })).warnings.map(({ code }) => code)
  assert.ok((await codes({}, 'active')).includes('gateway-without-unit'))
  assert.ok(!(await codes({}, 'inactive')).includes('gateway-without-unit'))
  assert.ok(!(await codes({ [GATEWAY]: unitWith() }, 'active')).includes('gateway-without-unit'))
  const ofGateway = await plan({ facts: { gateway: stateOf('active') } })
  assert.deepEqual(ofGateway.conflicts, [])
  const failed = async (now: string): Promise<unknown> => {
    const shell = fakeShell((script) => {
      if (script.includes('step backup')) return { code: 1, stderr: 'it failed' }
      return script.includes('ActiveState,SubState') ? stateOf(now) : {}
    }, false)
    return carryOutGateway(ofGateway, { shell }).catch((error: unknown) => error)
  }
  const lost = await failed('inactive')
  assert.ok(isDockerMtlsError(lost, 'ERR_APPLY_ROLLBACK_FAILED'), String(lost))
  assert.match(lost.message, /ran without its unit file.*it failed.*gateway apply$/s)
  assert.ok(isDockerMtlsError(await failed('active'), 'ERR_APPLY_ROLLED_BACK'))
})

const stateOf = (active: string): string => `ActiveState=${active}\nMainPID=900`
const saysOf = (pid: number): string =>
  record('file', IN_FORCE_PATH, '644', 'docker-mtls:docker-mtls', renderInForce({ pid, sums: new Map() }))
const gatewayFact = (active: string): string => record('fact', 'gateway', stateOf(active))

describe('the program of the service', () => {
  const versions: [version: string, isGood: boolean][] = [
    ['18.20.4', false],
    ['20.18.3', false],
    ['20.19.0', true],
    ['21.7.3', false],
    ['22.11.0', false],
    ['22.12.0', true],
    ['23.0.0', true],
    ['26.1.0', true],
  ]
  for (const [version, isGood] of versions)
    test(`Node.js ${version}`, () => assert.equal(nodeFault(version) === undefined, isGood))

  const paths: [path: string, says: RegExp][] = [
    ['/root/.npm/_npx/1a/node_modules/docker-mtls/dist/cli/main.js', /cache of npx/],
    ['/home/ann/node_modules/docker-mtls/dist/cli/main.js', /folder of a user/],
    ['/tmp/docker-mtls/dist/cli/main.js', /folder of a user/],
  ]
  for (const [path, says] of paths) {
    test(path, async () => {
      const [fault, ...others] = await programFaults(['/bin/sh', path])
      assert.match(fault?.got ?? '', says)
      assert.deepEqual([fault?.what, others], [path, []])
    })
  }

  const steps: [name: string, step: { path?: string; mode: number; uid?: number; gid?: number }, isOpen: boolean][] = [
    ["root's alone", { mode: 0o755 }, false],
    ['another owner', { mode: 0o755, uid: 1000 }, true],
    ['everybody may write', { mode: 0o777 }, true],
    ['everybody may write, with the sticky bit', { mode: 0o1777 }, true],
    ['a group may write', { mode: 0o775, gid: 1000 }, true],
    ["the group of root may write, or an access control list's users", { mode: 0o775 }, true],
    ["Debian's staff may write to /usr/local", { path: '/usr/local/lib', mode: 0o2775, gid: 50 }, false],
    ['everybody may write to /usr/local', { path: '/usr/local/lib', mode: 0o2777, gid: 50 }, true],
    ['another group may write to /usr/local', { path: '/usr/local/lib', mode: 0o2775, gid: 51 }, true],
    ['the group of the same number may write elsewhere', { path: '/opt/usr/local', mode: 0o775, gid: 50 }, true],
    ['a link, whose mode has no meaning', { mode: 0 }, false],
  ]
  for (const [name, step, isOpen] of steps) {
    test(`on the way to it: ${name}`, () => {
      const whole = { path: '/opt/node', uid: 0, gid: 0, ...step }
      const root = { path: '/', mode: 0o755, uid: 0, gid: 0 }
      const program = { ...root, path: `${whole.path}/node` }
      const fault = pathFault(program.path, { folders: [root, whole], file: program, isScript: false })
      assert.equal(fault?.includes(`others than root can replace ${whole.path},`) ?? false, isOpen)
      // The program itself, too.
      const own = pathFault(whole.path, { folders: [root], file: whole, isScript: true })
      assert.equal(own !== undefined, isOpen || whole.mode === 0)
    })
  }

  test('one of the system', async () => assert.deepEqual(await programFaults(['/bin/sh', '/bin/sh']), []))
})
