import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HOST_ACCESS } from '../../../lib/audit/checks/host-access.ts'
import type {
  AccessFacts,
  HostFacts,
  HostFile,
  PowerfulRule,
  ServiceFacts,
} from '../../../lib/audit/snapshot/host/schema.ts'
import { hasGateway } from '../../../lib/audit/snapshot/has-gateway.ts'
import { SNAPSHOT } from '../../../lib/audit/snapshot/snapshot.ts'
import { runCases, type Cases, type Row } from '../support/cases.ts'
import { changed, findingsOf, GOOD, type Change } from '../support/daemon-snapshot.ts'
import { file, GOOD_HOST, hostWith, no, SETTINGS, settingsWith } from '../support/host-snapshots.ts'
import { goodTls } from '../support/tls-snapshots.ts'

const POLICY = '/etc/docker-mtls/policy.yaml'
const CRL = '/etc/docker-mtls/crl.pem'
const KEY = '/etc/docker-mtls/server-key.pem'
const FOLDER = '/etc/docker-mtls'
const SOCKET = '/run/docker/plugins/docker-mtls.sock'
const OTHER = { uid: 1001, owner: 'bob' }
const READ = { mode: 0o640, gid: 991, group: 'docker-mtls' }

const SERVICE: ServiceFacts = {
  unit: 'docker-mtls-gateway.service',
  kind: 'gateway',
  user: 'docker-mtls',
  groups: ['docker-mtls'],
  sharedWith: [],
  policy: POLICY,
  folder: FOLDER,
  lists: [CRL],
  lostLists: [],
  log: '/var/log/docker-mtls/audit.log',
  daemon: 'unix:///run/docker.sock',
  revocation: { value: [{ ca: 'CN=Docker CA', nextUpdate: '2026-12-20T00:00:00.000Z' }] },
  powerful: { value: [{ name: 'admins', callers: 'named', count: 2 }] },
  builders: { value: ['ci'] },
}
const FILES: Readonly<Record<string, HostFile>> = {
  [FOLDER]: file('gateway-folder', FOLDER, { ...READ, kind: 'folder', mode: 0o750 }),
  [POLICY]: file('policy', POLICY, READ),
  [CRL]: file('crl', CRL, READ),
  [KEY]: file('gateway-key', KEY, READ),
  ca: file('gateway-ca', `${FOLDER}/ca.pem`, READ),
}

/** A host with a gateway as docker-mtls sets it up, and what differs. */
function gateway(
  service: Partial<ServiceFacts> = {},
  files: Record<string, HostFile> = {},
  access: Partial<AccessFacts> = {},
  host: Partial<HostFacts> = {},
): Change {
  return hostWith({
    ...host,
    files: [...GOOD_HOST.files, ...Object.values({ ...FILES, ...files })],
    access: {
      value: {
        services: [{ ...SERVICE, ...service }],
        listeners: { value: [] },
        arePluginsHidden: false,
        ...access,
      },
    },
  })
}

/** The same with another state of a file. */
function stateOf(path: string, more: object): Change {
  const { role, state } = FILES[path] as HostFile
  return gateway({}, { [path]: { role, path, state: { ...state, ...more } } })
}

const hides = (path: string): Change => gateway({}, { [path]: no((FILES[path] as HostFile).role, path, 'hidden') })
const listens = (...listeners: string[]): Partial<AccessFacts> => ({ listeners: { value: listeners } })
const lists = (...dates: (string | null)[]): Change =>
  gateway({ revocation: { value: dates.map((nextUpdate) => ({ ca: 'CN=Docker CA', nextUpdate })) } })
const rules = (...powerful: Omit<PowerfulRule, 'name'>[]): Change =>
  gateway({ powerful: { value: powerful.map((rule) => ({ name: 'one', ...rule })) } })

/** A host whose root has these SSH keys. */
const keysOfRoot = (sshKeys: HostFacts['sshKeys'], service: Partial<ServiceFacts> = {}): Change =>
  gateway(service, {}, {}, { sshKeys })
const KEYS = { value: ['/root/.ssh/id_rsa'] }

/** A daemon that is told to use the plugin docker-mtls, of which these files are there. */
function plugged(files: readonly HostFile[], access: Partial<AccessFacts> = {}, parts: Change = {}): Change {
  const settings = settingsWith({ 'authorization-plugins': ['docker-mtls'] }).host
  assert.ok(settings && 'value' in settings)
  const none = { services: [], listeners: { value: [] }, arePluginsHidden: false }
  return {
    host: { value: { ...settings.value, files: [...files], access: { value: { ...none, ...access } } } },
    ...parts,
  }
}

const socket = file('plugin', SOCKET, { kind: 'socket', mode: 0o600 })
const managed = (Enabled: boolean): Change => ({
  plugins: { value: [{ Id: 'p', Name: 'docker-mtls:latest', Enabled }] as never },
})

const NOBODY: readonly Row[] = [
  ['not-applicable', 'no such service', hostWith({})],
  ['unknown', 'an older snapshot', hostWith({ access: { unknown: 'the snapshot is of an older version' } })],
  ['unknown', 'the files were not read', { host: null }],
]

/** How `--host` of a gateway names the daemon of these snapshots, and others. */
const OWN = ['unix:///run/docker.sock', '/run/docker.sock', '/var/run/docker.sock', 'ssh://root@build01']
const OTHERS = ['tcp://build02:2376', 'ssh://root@build02', '/run/user/1000/docker.sock']

const CASES: Cases = {
  'F-AROUND': [
    ['pass', 'only its local socket', gateway()],
    ['fail', 'a port', gateway({}, {}, listens('tcp://0.0.0.0:2376'))],
    ['fail', 'a port of docker.socket', gateway({}, {}, listens('2375 (docker.socket)'))],
    ['fail', 'a port, and nobody knows where the gateway connects', gateway({ daemon: null }, {}, listens(':2376'))],
    [
      'warn',
      'a port for the gateway',
      gateway({ daemon: 'tcp://127.0.0.1:2377' }, {}, listens('tcp://127.0.0.1:2377')),
    ],
    ...(
      [
        ['tcp://[::1]:2377', '[::1]:2377 (docker.socket)', 'warn'],
        ['tcp://localhost:2377', 'tcp://127.0.0.1:2377', 'warn'],
        // On all addresses.
        ['tcp://[::1]:2377', '2377 (docker.socket)', 'fail'],
        ['tcp://127.0.0.1:2377', 'tcp://0.0.0.0:2377', 'fail'],
        ['tcp://127.0.0.1:2377', 'tcp://[::]:2377', 'fail'],
        ['tcp://0.0.0.0:2377', 'tcp://0.0.0.0:2377', 'fail'],
        ['tcp://127.0.0.1:2377', ':2377', 'fail'],
        ['tcp://127.0.0.1:2377', 'tcp://10.0.0.5:2377', 'fail'],
      ] as const
    ).map(([daemon, listener, status]): Row => [
      status,
      `${daemon} with ${listener}`,
      gateway({ daemon }, {}, listens(listener)),
    ]),
    [
      'warn',
      'the address of the gateway itself',
      gateway({ daemon: 'tcp://10.0.0.5:2377' }, {}, listens('tcp://10.0.0.5:2377'), {
        settings: { value: { ...SETTINGS, hosts: ['tcp://10.0.0.5:2377'] } },
      }),
    ],
    [
      'fail',
      'a port, and another one for the gateway',
      gateway({ daemon: 'tcp://127.0.0.1:2377' }, {}, listens('tcp://127.0.0.1:2377', 'tcp://0.0.0.0:2376')),
    ],
    ...OWN.map((daemon): Row => ['fail', `a port beside ${daemon}`, gateway({ daemon }, {}, listens(':2376'))]),
    ...OTHERS.map((daemon): Row => ['not-applicable', daemon, gateway({ daemon }, {}, listens(':2376'))]),
    [
      'fail',
      'a port beside the socket of -H',
      gateway({ daemon: '/srv/docker.sock' }, {}, listens(':2376'), {
        settings: { value: { ...SETTINGS, hosts: ['unix:///srv/docker.sock'] } },
      }),
    ],
    [
      'fail',
      'a port beside the socket of a rootless daemon',
      gateway({ daemon: '/run/user/1000/docker.sock' }, {}, listens(':2376'), { daemonUid: { value: 1000 } }),
    ],
    ['unknown', 'no settings', gateway({}, {}, { listeners: { unknown: 'daemon.json could not be read' } })],
    ...NOBODY,
  ],
  'F-POLICY': [
    ['pass', 'of root, for the user of the gateway', gateway()],
    ['fail', 'the policy is of a user', stateOf(POLICY, OTHER)],
    ['fail', 'the policy is of the user of the gateway', stateOf(POLICY, { uid: 991, owner: 'docker-mtls' })],
    ['fail', 'its group can write to the policy', stateOf(POLICY, { mode: 0o660 })],
    ['fail', 'everyone can write to the list', stateOf(CRL, { mode: 0o646 })],
    ['fail', 'its group can write to the folder', stateOf(FOLDER, { mode: 0o770 })],
    ['warn', 'another group can read the policy', stateOf(POLICY, { gid: 100, group: 'users' })],
    ['pass', 'everybody can read the policy', stateOf(POLICY, { mode: 0o644 })],
    ['unknown', 'hidden', hides(POLICY)],
    ['unknown', 'a path that was not looked at', gateway({ policy: '/srv/a b/policy.yaml' })],
    ['unknown', 'a path that only systemd knows', gateway({ policy: null })],
    ['fail', 'that of a plugin', { ...gateway({ kind: 'plugin' }, { [POLICY]: file('policy', POLICY, OTHER) }) }],
    ...NOBODY,
  ],
  'F-GWKEY': [
    ['pass', 'the gateway can read it', gateway()],
    ['pass', 'root alone', stateOf(KEY, { mode: 0o600 })],
    ['fail', 'everyone can read it', stateOf(KEY, { mode: 0o644 })],
    ['fail', 'of a user', stateOf(KEY, OTHER)],
    ['warn', 'another group can read it', stateOf(KEY, { gid: 990, group: 'docker' })],
    ['fail', 'a member of its group can read it', gateway({ sharedWith: ['ann'] })],
    ['unknown', 'hidden', hides(KEY)],
    ['unknown', 'gone', gateway({}, { [KEY]: no('gateway-key', KEY) })],
    ['not-applicable', 'a plugin has none', gateway({ kind: 'plugin' })],
    ...NOBODY,
  ],
  'F-CRL': [
    ['pass', 'for three weeks', gateway()],
    ['fail', 'none', lists()],
    ['fail', 'one of two is gone', gateway({ lostLists: [CRL] })],
    ['fail', 'none of one CA', lists('2026-12-20T00:00:00.000Z', null)],
    ['fail', 'expired', lists('2026-11-27T10:00:00.000Z')],
    ['warn', 'two days', lists('2026-11-29T00:00:00.000Z')],
    ['unknown', 'a date that is none', lists('soon')],
    ['unknown', 'unreadable', gateway({ revocation: { unknown: 'no valid revocation list' } })],
    ...NOBODY,
  ],
  'F-PRIVILEGED': [
    ['pass', 'two names', gateway()],
    ['pass', 'nobody', rules()],
    ['pass', 'a local socket', rules({ callers: 'socket', count: 1 })],
    ['fail', 'everybody', rules({ callers: 'any', count: 0 })],
    ['fail', 'a CA', rules({ callers: 'named', count: 1 }, { callers: 'issuer', count: 1 })],
    ['warn', 'a group', rules({ callers: 'group', count: 1 })],
    ['warn', 'many names', rules({ callers: 'named', count: 6 })],
    ['unknown', 'a policy with mistakes', gateway({ powerful: { unknown: 'policy check refuses it' } })],
    [
      'fail',
      'in the policy of a plugin',
      gateway({ kind: 'plugin', powerful: { value: [{ name: 'a', callers: 'any', count: 0 }] } }),
    ],
    ...NOBODY,
  ],
  'F-SSHKEY': [
    ['pass', 'no key', gateway()],
    ['fail', 'a key, and callers who may build', keysOfRoot(KEYS)],
    ['fail', 'behind a plugin', keysOfRoot(KEYS, { kind: 'plugin' })],
    ['pass', 'a key, and nobody may build', keysOfRoot(KEYS, { builders: { value: [] } })],
    [
      'unknown',
      'a key, and a policy with mistakes',
      keysOfRoot(KEYS, { builders: { unknown: 'policy check refuses it' } }),
    ],
    ['unknown', 'only root can look', keysOfRoot({ unknown: "only root can see all SSH keys of dockerd's user" })],
    ...NOBODY,
  ],
  'F-GWLOG': [['pass', 'a log', gateway()], ['warn', 'none', gateway({ log: null })], ...NOBODY],
  'F-PLUGIN': [
    ['pass', 'its socket', plugged([socket])],
    ['pass', 'a specification', plugged([file('plugin', '/etc/docker/plugins/docker-mtls.spec')])],
    ['pass', 'a managed one', plugged([], {}, managed(true))],
    ['fail', 'a managed one that is disabled', plugged([], {}, managed(false))],
    ['fail', 'nothing', plugged([])],
    ['fail', 'the socket of another', plugged([file('plugin', '/run/docker/plugins/opa.sock', { kind: 'socket' })])],
    ['fail', 'everybody can use its socket', plugged([file('plugin', SOCKET, { kind: 'socket', mode: 0o666 })])],
    [
      'fail',
      'a user can change its specification',
      plugged([file('plugin', '/etc/docker/plugins/docker-mtls.json', OTHER)]),
    ],
    ['unknown', 'only root can look', plugged([], { arePluginsHidden: true })],
    ['unknown', 'plugins were not listed', plugged([], {}, { plugins: { unknown: 'the gateway answered 403' } })],
    ['unknown', 'no settings', hostWith({ settings: { unknown: 'daemon.json is not a valid JSON object' } })],
    ['not-applicable', 'no plugin', settingsWith({ 'authorization-plugins': null })],
    ['unknown', 'the files were not read', { host: null }],
  ],
}

describe('checks of gateways and authorization plugins', () => runCases(HOST_ACCESS, CASES))

test('an older snapshot knows no gateways, and passes none of these checks', () => {
  const { access: _access, ...older } = GOOD_HOST
  const snapshot = SNAPSHOT.parse({ ...GOOD, host: { value: { ...older, settings: { value: {} } } } })
  for (const { id } of HOST_ACCESS)
    for (const { status } of findingsOf(id, snapshot)) assert.equal(status, 'unknown', id)
  assert.equal(findingsOf('F-AROUND', changed(gateway()))[0]?.status, 'pass')
})

test('a gateway for another daemon is not in front of this one', () => {
  assert.equal(hasGateway(changed(gateway())), true)
  assert.equal(hasGateway(changed(gateway({ daemon: null }))), true)
  for (const daemon of OWN) assert.equal(hasGateway(changed(gateway({ daemon }))), true, daemon)
  for (const daemon of OTHERS) assert.equal(hasGateway(changed(gateway({ daemon }))), false, daemon)
})

test('a list that is gone lets nobody in, and no revoked certificate', () => {
  const gone = changed(gateway({ lostLists: [CRL], revocation: { value: [] } }))
  assert.equal(
    findingsOf('F-CRL', gone)[0]?.detail,
    `missing: ${CRL}. The gateway refuses all clients, and can't restart`,
  )
  assert.match(findingsOf('F-CRL', changed(lists()))[0]?.detail ?? '', /revoked certificates work/)
})

test('a CA in the file of a gateway is not its issuer, whatever its name is', () => {
  const tls = { value: goodTls({}, { acceptedCas: ['CN=Docker CA', 'CN=renewals'], namesOnlyOurCas: false }) }
  const behind: Change = { gateway: { value: { shows: 'all' } }, tls }
  const revoked = (...cas: string[]): Change =>
    gateway({ revocation: { value: cas.map((ca) => ({ ca, nextUpdate: null })) } })
  const rows: readonly (readonly [status: string, host: Change])[] = [
    ['pass', revoked('CN=Docker CA')],
    ['warn', revoked('CN=Docker CA', 'CN=renewals')],
    // Its file wasn't read, and only the name tells.
    ['pass', gateway({ revocation: { unknown: 'the CAs of the gateway could not be read' } })],
    ['pass', { host: null }],
  ]
  for (const [status, host] of rows)
    assert.equal(findingsOf('D-TLS-SYSROOTS', changed({ ...host, ...behind }))[0]?.status, status)
})

test('members of the group docker are limited by a plugin, and not by a gateway', () => {
  const group = { name: 'docker', members: ['ann'] }
  const details = [['policy'], []].map((Authorization) => {
    const settings = settingsWith({ 'authorization-plugins': ['policy'] }).host
    assert.ok(settings && 'value' in settings)
    const host = { value: { ...settings.value, group } }
    const found = findingsOf('F-GROUP', changed({ host, info: { Plugins: { Authorization } } }))
    return `${found[0]?.status} ${found[0]?.detail}`
  })
  assert.deepEqual(details, ['warn docker: ann; what they may do is decided by policy', 'warn docker: ann'])
})

test('a plugin that only a reload can have put in, or taken out, is neither there nor not there', () => {
  const rows: readonly (readonly [string[], string[] | null, string, string])[] = [
    [['policy'], ['policy'], 'pass', 'unknown'],
    [[], ['policy'], 'unknown', 'unknown'],
    [['policy'], null, 'unknown', 'unknown'],
    [[], null, 'warn', 'not-applicable'],
  ]
  for (const [Authorization, configured, status, flaw] of rows) {
    const settings = settingsWith({ 'authorization-plugins': configured })
    // An old engine of a distribution, which may have the fix.
    const version = { Version: '26.1.4', Platform: { Name: '' } }
    const snapshot = changed({ ...settings, version, info: { Plugins: { Authorization }, ServerVersion: '26.1.4' } })
    const found = ['D-AUTHZ', 'D-AUTHZ-HOLLOW'].map((id) => findingsOf(id, snapshot)[0]?.status)
    assert.deepEqual(found, [status, flaw], `${Authorization.join()} ${configured?.join()}`)
  }
})
