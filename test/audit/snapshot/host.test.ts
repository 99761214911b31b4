import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { parseHost } from '../../../lib/audit/snapshot/host/read-host.ts'
import type { HostFacts, HostFile } from '../../../lib/audit/snapshot/host/schema.ts'
import { createAuthority, issueServer } from '../../../lib/pki.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { lookAt, makeHost, processEntries, PROC, type Entry, type Looking } from '../support/host-folder.ts'

const DATA = '/var/lib/docker/1.1'
const SECRETS = ['proxy-secret', 'log-secret', 'label-secret', 'unit-secret', 'PRIVATE KEY']
/** Names that a user may give to a file. Each tries to make other facts, or to leave its place. */
const ODD = [
  'a\nfact dWlk MA==\nb.crt',
  `quotes ' " \` $(id) \\.crt`,
  '\u001B]0;title\u0007.crt',
  '-rf .crt',
  ' two  spaces .crt',
]

async function factsOf(looking: Looking): Promise<HostFacts> {
  const parsed = parseHost(await lookAt(looking), DATA)
  assert.ok(parsed)
  return parsed.facts
}

function stateOf({ files }: HostFacts, path: string): HostFile['state'] | undefined {
  return files.find((file) => file.path === path)?.state
}

function modeOf(facts: HostFacts, path: string): string | undefined {
  const state = stateOf(facts, path)
  return state && 'mode' in state ? state.mode.toString(8) : state?.kind
}

function value<Type>(part: { readonly value: Type } | { readonly unknown: string }): Type {
  assert.ok('value' in part, JSON.stringify(part))
  return part.value
}

const ARGV = [
  '/usr/bin/dockerd',
  '-H',
  'fd://',
  '-H',
  'unix:///run/other.sock',
  '--tlsverify',
  '--tlskey=/etc/docker/tls/server-key.pem',
  '--tlscert',
  '/etc/docker/tls/server-cert.pem',
  '--log-opt=token=log-secret',
  '--label=a=label-secret',
  '--log-level',
  'warn',
  '--iptables=false',
]
const DAEMON_JSON = {
  tlscacert: '/etc/docker/tls/ca.pem',
  'userland-proxy': false,
  group: 'engine',
  labels: ['label-secret'],
  proxies: { 'https-proxy': 'http://ann:proxy-secret@proxy:3128' },
  'log-level': 'info',
}

async function certificateEntries(): Promise<Record<string, Entry>> {
  const authority = await createAuthority({ commonName: 'Test CA' })
  const { cert, key } = await issueServer(authority, { names: ['build01'] })
  return {
    '/etc/docker/tls': { folder: 0o711 },
    '/etc/docker/tls/ca.pem': { text: authority.certificate, mode: 0o444 },
    '/etc/docker/tls/server-cert.pem': cert,
    '/etc/docker/tls/server-key.pem': { text: key, mode: 0o600 },
    '/etc/docker/tls/ca-key.pem': { text: await authority.exportKey(), mode: 0o600 },
    '/home/ann/.docker/old.pem': `${authority.certificate}${await authority.exportKey({ passphrase: 'correct horse' })}`,
    '/home/ann/.docker/key.pem': key,
    '/home/ann/.docker/pipe.pem': { fifo: true },
    '/home/ann/.docker/cut.pem': `${authority.certificate.slice(0, 200)}\n${key}${authority.certificate}`,
  }
}

const UNIT = '[Service]\nExecStart=/usr/bin/dockerd -H fd://\nEnvironment=TOKEN=unit-secret\n'
const SYSTEMD = '/usr/lib/systemd/system'

async function hostEntries(): Promise<Record<string, Entry>> {
  const odd = ODD.map((name): [string, Entry] => [`/etc/docker/certs.d/hub/${name}`, { text: 'x', mode: 0o640 }])
  return {
    ...PROC,
    ...processEntries(12, ARGV, { environment: 'A=unit-secret\0DOCKER_INSECURE_NO_IPTABLES_RAW=1\0' }),
    ...(await certificateEntries()),
    '/etc/docker/daemon.json': { text: JSON.stringify(DAEMON_JSON), mode: 0o600 },
    '/etc/docker/certs.d/hub/ca.crt': { link: '/nowhere' },
    '/etc/docker/certs.d/pipe': { fifo: true },
    ...Object.fromEntries(odd),
    [`${SYSTEMD}/docker.service`]: UNIT,
    '/lib': { link: 'usr/lib' },
    '/etc/systemd/system/docker.service.d/zz.conf': { text: UNIT.replace('Exec', 'ExecStart=\nExec'), mode: 0o666 },
    '/etc/systemd/system/docker.service.d/huge.conf': { size: 20_000_000 },
    '/etc/systemd/system/docker.service': { link: `../../..${SYSTEMD}/docker.service` },
    '/etc/group': 'root:x:0:\nengine:x:990:ann,bob\nmy engine:x:991:eve\n',
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\ncarl:x:1003:990::/home/carl:/bin/sh\n',
    '/etc/audit/rules.d/docker.rules':
      '# -w /etc/commented\n-w /usr/bin/dockerd -p wa -k docker\n-w /etc/docker -p r\n-a always,exit -F path=/usr/bin/runc -F perm=x\n' +
      '-a always,exit -F dir=/var/lib/docker -F perm=wa\n-a never,exit -F path=/etc/excluded\n',
    '/usr/bin/dockerd': { text: '', mode: 0o755 },
    [DATA]: { folder: 0o710 },
    '/root': { folder: 0o700 },
  }
}

const host = await temporaryFolder()

describe('a host in a folder', { skip: lacks('busybox') }, () => {
  let printed: string
  let facts: HostFacts
  before(async () => {
    await makeHost(host, await hostEntries())
    printed = await lookAt({ root: host })
    const parsed = parseHost(printed, DATA)
    assert.ok(parsed)
    facts = parsed.facts
  })

  test('only listed settings are kept, of the command line and of daemon.json', () => {
    const {
      'log-level': level,
      iptables,
      group,
      tlskey,
      tlscert,
      tlscacert,
      tlsverify,
      ...others
    } = value(facts.settings)
    assert.deepEqual([level, iptables, group, tlsverify], ['warn', false, 'engine', true])
    assert.deepEqual(
      [tlskey, tlscert, tlscacert],
      ['server-key', 'server-cert', 'ca'].map((name) => `/etc/docker/tls/${name}.pem`),
    )
    assert.deepEqual(others, {
      'bridge-accept-fwmark': null,
      tls: null,
      ip6tables: null,
      'userland-proxy': false,
      'allow-direct-routing': null,
      hosts: ['fd://', 'unix:///run/other.sock'],
      'authorization-plugins': null,
    })
    assert.equal(value(facts.insecureRaw), true)
  })

  test('nothing secret is kept, and no key is printed', () => {
    const kept = JSON.stringify(facts)
    for (const secret of SECRETS) assert.ok(!kept.includes(secret), secret)
    const decoded = printed.split(/\s/).map((word) => Buffer.from(word, 'base64').toString('latin1'))
    assert.ok(decoded.some((word) => word.includes('BEGIN CERTIFICATE')))
    assert.ok(!decoded.some((word) => word.includes('PRIVATE KEY')))
  })

  test('modes are those of the files, and of the targets of links', () => {
    assert.equal(modeOf(facts, '/etc/docker/daemon.json'), '600')
    assert.equal(modeOf(facts, '/etc/docker/tls/server-key.pem'), '600')
    assert.equal(modeOf(facts, '/etc/systemd/system/docker.service'), '644')
    assert.equal(modeOf(facts, '/etc/systemd/system/docker.service.d/zz.conf'), '666')
    assert.equal(modeOf(facts, '/etc/docker/certs.d/hub/ca.crt'), 'missing')
    assert.equal(modeOf(facts, '/etc/sysconfig/docker'), 'missing')
    assert.deepEqual(
      facts.files.filter(({ path }) => path.startsWith('/lib/')),
      [],
      'what /lib leads to is read once',
    )
  })

  test('hostile names are names, and neither a FIFO nor a huge file is read', () => {
    for (const name of ODD) assert.equal(modeOf(facts, `/etc/docker/certs.d/hub/${name}`), '640', name)
    assert.equal(facts.uid, 0)
    assert.equal(stateOf(facts, '/etc/docker/certs.d/pipe')?.kind, 'other')
    assert.ok(printed.length < 60_000, `${printed.length} characters`)
  })

  test('the key of the CA is found by its public half, and one that is encrypted is named', () => {
    const { ofCas, notCompared, unread } = facts.keys
    assert.deepEqual(ofCas, ['/etc/docker/tls/ca-key.pem'])
    assert.deepEqual(notCompared, ['/home/ann/.docker/old.pem'])
    assert.deepEqual(unread, [])
  })

  test('conflicts and later drop-ins are found', () => {
    assert.deepEqual(facts.start.conflicts, ['label', 'log-level'])
    assert.deepEqual(facts.start.later, ['/etc/systemd/system/docker.service.d/zz.conf'])
    assert.equal(facts.start.fault, null)
  })

  test('members of the group, also by their first group', () => {
    assert.deepEqual(facts.group, { name: 'engine', members: ['ann', 'bob', 'carl'] })
  })

  test('rules of auditd count if they record changes', () => {
    assert.deepEqual(value(facts.auditRules), {
      isInstalled: true,
      from: 'files',
      watched: ['/usr/bin/dockerd', '/var/lib/docker'],
    })
  })

  test('the disk of the data is that of the folder above', () => {
    assert.deepEqual(value(facts.data), { path: DATA, mount: '/' })
  })

  for (const shell of [
    ['bash', '--posix'],
    ['busybox', 'sh'],
  ]) {
    test(`${shell.join(' ')} prints the same`, async () => {
      assert.deepEqual(await factsOf({ root: host, shell }), facts)
    })
  }

  test('what only root can read is hidden from others, and is no pass', async () => {
    const theirs = await factsOf({ root: host, uid: 65_534 })
    assert.equal(theirs.uid, 65_534)
    assert.deepEqual(theirs.settings, { unknown: '/etc/docker/daemon.json could not be read' })
    assert.deepEqual(theirs.insecureRaw, { value: true })
    // dockerd's command line names it; daemon.json, which is closed, names the CA.
    assert.equal(modeOf(theirs, '/etc/docker/tls/server-key.pem'), '600')
    assert.equal(stateOf(theirs, '/etc/docker/tls/ca.pem'), undefined)
    for (const path of ['/etc/docker/tls', '/root/.docker'])
      assert.ok(theirs.keys.unread.includes(path), theirs.keys.unread.join())
  })
})

function sockets(inode: number): Record<string, Entry> {
  const line = `0: 2 0 00010000 0001 01 ${inode} /run/docker.sock`
  return { '/proc/net/unix': `Num RefCount Protocol Flags Type St Inode Path\n${line}\n` }
}

describe('the daemon among several', () => {
  const other = ['/usr/bin/dockerd', '--log-level=error']
  const first = { ...PROC, ...processEntries(12, ['/usr/bin/dockerd', '--log-level=warn']) }
  const ROWS: ReadonlyArray<readonly [what: string, level: string | undefined, entries: Record<string, Entry>]> = [
    ['alone', 'warn', first],
    ['none', undefined, PROC],
    ['another in a container', 'warn', { ...first, ...processEntries(99, other, { mountNamespace: '2' }) }],
    ['another on the same host', undefined, { ...first, ...processEntries(99, other) }],
    [
      'another that has the socket',
      'error',
      { ...first, ...processEntries(99, other), ...sockets(4711), '/proc/99/fd/3': { link: 'socket:[4711]' } },
    ],
  ]
  for (const [what, level, entries] of ROWS) {
    test(what, async (t) => {
      const root = await temporaryFolder(t)
      await makeHost(root, { ...entries, '/etc/passwd': '', '/etc/group': '' })
      const { settings } = await factsOf({ root })
      assert.equal('value' in settings ? settings.value['log-level'] : undefined, level)
    })
  }
})

test('a host with too many files is read in part, and says so', async (t) => {
  const root = await temporaryFolder(t)
  const many = Array.from({ length: 210 }, (_, index): [string, Entry] => [`/etc/docker/certs.d/${index}`, ''])
  await makeHost(root, { ...PROC, ...Object.fromEntries(many), '/etc/passwd': '', '/etc/group': '' })
  const { registriesUnread, files } = await factsOf({ root })
  assert.deepEqual(registriesUnread, ['/etc/docker/certs.d'])
  assert.equal(files.filter(({ role }) => role === 'registry-file').length, 200)
})

test('an output that is cut, or of something else, is no host', async (t) => {
  const root = await temporaryFolder(t)
  await makeHost(root, { ...PROC, '/etc/passwd': '', '/etc/group': '' })
  const printed = await lookAt({ root })
  assert.ok(parseHost(printed, DATA))
  for (const end of [0, printed.length >> 1, printed.length - 12])
    assert.equal(parseHost(printed.slice(0, end), DATA), undefined)
  assert.equal(parseHost('Welcome to this machine\n', DATA), undefined)
})
