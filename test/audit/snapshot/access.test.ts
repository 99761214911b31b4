import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { parseHost } from '../../../lib/audit/snapshot/host/read-host.ts'
import { withPolicies } from '../../../lib/audit/snapshot/host/read-policies.ts'
import type { AccessFacts, HostFacts } from '../../../lib/audit/snapshot/host/schema.ts'
import { renderGatewayUnit } from '../../../lib/daemon-config/gateway-unit.ts'
import { createAuthority, createCrl, issueServer } from '../../../lib/pki.ts'
import { record } from '../../apply/support/facts.ts'
import { runCommand } from '../../support/command.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { lookAt, makeHost, processEntries, PROC, type Entry } from '../support/host-folder.ts'

const POLICY = `version: 1
rules:
  - { name: ci, who: { commonName: ci }, level: baseline }
  - { name: admins, who: { commonName: [ann, ben], issuer: ${'AA:'.repeat(31)}AA }, level: privileged }
  - { name: ops, who: { organizationalUnit: ops }, level: privileged }
  - { name: all, who: { any: true }, level: privileged }
`
const SYSTEMD = '/etc/systemd/system'
const UNIT = renderGatewayUnit({
  program: ['/usr/bin/node', '/usr/local/bin/docker-mtls'],
  policy: '/etc/docker-mtls/policy.yaml',
  folder: '/etc/docker-mtls',
  listen: '0.0.0.0:2376',
  socket: '/run/docker.sock',
  user: 'docker-mtls',
  group: 'docker',
})
const PLUGIN = '[Service]\nExecStart=/usr/local/bin/docker-mtls authz-plugin \\\n  --policy=/etc/docker/policy.yaml\n'
const NEXT = new Date('2027-01-02T03:04:05Z')

async function entries(): Promise<Record<string, Entry>> {
  const authority = await createAuthority({ commonName: 'Test CA' })
  const { cert, key } = await issueServer(authority, { names: ['build01'] })
  const argv = ['/usr/bin/dockerd', '-H', 'fd://', '-H', 'tcp://0.0.0.0:2377', '--authorization-plugin', 'docker-mtls']
  return {
    ...PROC,
    ...processEntries(12, argv),
    [`${SYSTEMD}/${UNIT.name}`]: UNIT.text,
    // Of a lower folder, so systemd doesn't read it.
    [`/usr/lib/systemd/system/${UNIT.name}`]: UNIT.text.replace('/etc/docker-mtls/policy', '/srv/policy'),
    [`${SYSTEMD}/docker-mtls-plugin.service`]: PLUGIN,
    [`${SYSTEMD}/docker-mtls-renew.service`]: '[Service]\nExecStart=/usr/local/bin/docker-mtls cert renew\n',
    [`${SYSTEMD}/docker-mtls-odd.service`]:
      '[Service]\nExecStart=/usr/local/bin/docker-mtls gateway run --policy "/a\n',
    '/usr/lib/systemd/system/docker.socket': '[Socket]\nListenStream=/run/docker.sock\nListenStream=2375\n',
    '/etc/docker-mtls': { folder: 0o750 },
    '/etc/docker-mtls/policy.yaml': { text: POLICY, mode: 0o640 },
    '/etc/docker-mtls/ca.pem': authority.certificate,
    '/etc/docker-mtls/server-cert.pem': cert,
    '/etc/docker-mtls/server-key.pem': { text: key, mode: 0o640 },
    '/etc/docker-mtls/crl.pem': createCrl(authority, { revoked: [], nextUpdate: NEXT, number: 1 }).pem,
    '/etc/docker/policy.yaml': { text: 'version: 1\nrules: [', mode: 0o666 },
    '/run/docker/plugins/opa.sock': '',
    '/etc/passwd': 'root:x:0:0::/:/bin/sh\ndocker-mtls:x:0:980::/:/bin/false\neve:x:7:980::/:/bin/sh\n',
    '/etc/group': 'docker-mtls:x:980:ann\n',
  }
}

async function makeKey(folder: string, name: string, passphrase: string): Promise<string> {
  const path = join(folder, name)
  const { code, stderr } = await runCommand('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-N',
    passphrase,
    '-C',
    '',
    '-f',
    path,
  ])
  assert.equal(code, 0, stderr)
  return readFile(path, 'utf8')
}

function readAccess(text: string): AccessFacts {
  const host = parseHost(text, '/var/lib/docker')
  assert.ok(host && 'value' in host.facts.access, 'it is a host')
  const { value } = host.facts.access
  return { ...value, services: withPolicies(value.services, host.policies) }
}

/** The unit docker.socket with these ListenStream=. */
const socketUnit = (...streams: readonly string[]): string =>
  `[Socket]\n${streams.map((one) => `ListenStream=${one}\n`).join('')}`

const isIpv6 = (address: string): boolean => address.length > 13

/** dockerd's listening sockets by their local addresses, as in proc_pid_net(5). */
function socketsOf(addresses: readonly string[], heldBy: readonly number[]): Record<string, Entry> {
  const table = (wanted: boolean): string =>
    addresses
      .map((address, at) => `   ${at}: ${address} 00000000:0000 0A 0:0 00:0 0 0 0 ${4711 + at} 1\n`)
      .filter((_, at) => isIpv6(addresses[at] ?? '') === wanted)
      .join('')
  const links = heldBy.flatMap((pid) =>
    addresses.map((_, at) => [`/proc/${pid}/fd/${3 + at}`, { link: `socket:[${4711 + at}]` }] as const),
  )
  return { '/proc/12/net/tcp': table(false), '/proc/12/net/tcp6': table(true), ...Object.fromEntries(links) }
}

const [ALL_2375, LOOPBACK_2375, LOOPBACK6_2375] = [
  '00000000:0947',
  '0100007F:0947',
  `${'0'.repeat(24)}01000000:0947`,
] as const
const SYSTEMD_AND_DOCKERD = [1, 12]

const root = await temporaryFolder()

describe('gateways and plugins of a host in a folder', () => {
  let printed: string
  let access: AccessFacts
  before(async () => {
    await makeHost(root, await entries())
    printed = await lookAt({ root })
    access = readAccess(printed)
  })

  const service = (unit: string) => access.services.find((one) => one.unit === unit)

  test('the unit that docker-mtls renders is read with its files', () => {
    assert.deepEqual(access.services.map(({ unit }) => unit).toSorted(), [
      'docker-mtls-gateway.service',
      'docker-mtls-plugin.service',
    ])
    const { powerful, builders, ...gateway } = service(UNIT.name) ?? {}
    assert.deepEqual(gateway, {
      unit: UNIT.name,
      kind: 'gateway',
      user: 'docker-mtls',
      groups: ['docker-mtls'],
      sharedWith: ['root', 'ann', 'eve'],
      policy: '/etc/docker-mtls/policy.yaml',
      folder: '/etc/docker-mtls',
      lists: ['/etc/docker-mtls/crl.pem'],
      lostLists: [],
      log: '/var/log/docker-mtls/audit.log',
      daemon: 'unix:///run/docker.sock',
      revocation: { value: [{ ca: 'CN=Test CA', nextUpdate: NEXT.toISOString() }] },
    })
    assert.deepEqual(powerful, {
      value: [
        { name: 'admins', callers: 'named', count: 2 },
        { name: 'ops', callers: 'group', count: 1 },
        { name: 'all', callers: 'any', count: 0 },
      ],
    })
    assert.deepEqual(builders, { value: ['ci'] })
  })

  test('a plugin whose policy has a mistake is unknown', () => {
    const plugin = service('docker-mtls-plugin.service')
    assert.deepEqual([plugin?.kind, plugin?.policy, plugin?.user], ['plugin', '/etc/docker/policy.yaml', 'root'])
    assert.ok(plugin && 'unknown' in plugin.powerful && 'unknown' in plugin.builders)
  })

  test('SSH keys that a build could use: those that ssh tries, without a passphrase', async (t) => {
    const home = await temporaryFolder(t)
    const made = await Promise.all([
      makeKey(home, 'id_ed25519', ''),
      makeKey(home, 'id_rsa', 'secret'),
      makeKey(home, 'deploy', ''),
    ])
    const [open, closed, renamed] = made.map((text) => ({ text, mode: 0o600 }))
    assert.ok(open && closed && renamed)
    const folder = { '/root': { folder: 0o700 }, '/root/.ssh/id_rsa': closed, '/root/.ssh/deploy': renamed } as const
    const keysOf = async (
      keys: Readonly<Record<string, Entry>>,
      uid?: number,
    ): Promise<HostFacts['sshKeys'] | undefined> => {
      const other = await temporaryFolder(t)
      await makeHost(other, { ...PROC, ...folder, ...keys })
      return parseHost(await lookAt({ root: other, ...(uid !== undefined && { uid }) }), '')?.facts.sshKeys
    }
    assert.deepEqual(await keysOf({}), { value: [] })
    const path = '/root/.ssh/id_ed25519'
    assert.deepEqual(await keysOf({ [path]: open }), { value: [path] })
    // ssh doesn't use a key that others can read.
    assert.deepEqual(await keysOf({ [path]: { ...open, mode: 0o644 } }), { value: [] })
    const hidden = { unknown: "only root can see all SSH keys of dockerd's user" }
    assert.deepEqual(await keysOf({}, 65_534), hidden)
    // Whoever sees that a key is there doesn't see yet whether it has a passphrase.
    const searchable = { '/root': { folder: 0o755 }, '/root/.ssh': { folder: 0o755 } } as const
    assert.deepEqual(await keysOf({ ...searchable, [path]: open }, 65_534), hidden)
    // ssh tries no key with another name.
    const theirs = { '/root/.ssh/id_rsa': { text: '', mode: 0o644 }, '/root/.ssh/id_work': closed } as const
    assert.deepEqual(await keysOf({ ...searchable, ...theirs }, 65_534), { value: [] })
    const linked = {
      '/root/.ssh/id_rsa': { text: '', mode: 0o644 },
      '/root/.ssh/id_dsa': { link: '/hidden/dsa' },
    } as const
    assert.deepEqual(await keysOf({ ...searchable, ...linked }, 65_534), hidden)
  })

  test('an SSH key that is open counts, whatever cannot be seen', () => {
    const found = { uid: '0', 'ssh-hidden': 'yes', 'ssh-key /root/.ssh/id_rsa': 'yes', end: 'yes' }
    const texts = Object.entries(found).map(([name, value]) => `${name}\0${value}\0`)
    const host = parseHost(record('fact', 'entries', texts.join('')), '')
    assert.deepEqual(host?.facts.sshKeys, { value: ['/root/.ssh/id_rsa'] })
  })

  test('modes of the files, and of plugins', () => {
    const host = parseHost(printed, '/var/lib/docker')
    const modes = new Map(
      host?.facts.files.map(({ role, path, state }) => [
        `${role} ${path}`,
        'mode' in state ? state.mode.toString(8) : state.kind,
      ]),
    )
    for (const [name, mode] of [
      ['policy /etc/docker-mtls/policy.yaml', '640'],
      ['policy /etc/docker/policy.yaml', '666'],
      ['gateway-key /etc/docker-mtls/server-key.pem', '640'],
      ['gateway-folder /etc/docker-mtls', '750'],
      ['crl /etc/docker-mtls/crl.pem', '644'],
      ['unit /etc/systemd/system/docker-mtls-gateway.service', '644'],
      ['plugin /run/docker/plugins/opa.sock', '644'],
    ] as const)
      assert.equal(modes.get(name), mode, name)
    assert.ok(host && 'value' in host.facts.parents)
    assert.ok(host.facts.parents.value.some(({ path }) => path.endsWith('/etc/docker-mtls')))
  })

  test('all ways to dockerd, and the plugins that it needs', () => {
    assert.deepEqual(access.listeners, { value: ['tcp://0.0.0.0:2377', '2375 (docker.socket)'] })
    const host = parseHost(printed, '/var/lib/docker')
    assert.ok(host && 'value' in host.facts.settings)
    assert.deepEqual(host.facts.settings.value['authorization-plugins'], ['docker-mtls'])
  })

  describe('the listeners of dockerd', () => {
    const FD = ['-H', 'fd://']
    const UNSEEN = { unknown: 'only root can see the sockets of dockerd' }
    type Listeners = readonly string[] | typeof UNSEEN
    const rows: [name: string, argv: readonly string[], unit: string, more: Record<string, Entry>, Listeners][] = [
      [
        'one that systemd has passed is named once',
        FD,
        socketUnit('/run/docker.sock', '2375'),
        socketsOf([ALL_2375], SYSTEMD_AND_DOCKERD),
        ['0.0.0.0:2375 (docker.socket)'],
      ],
      [
        'one that systemd has passed, whatever the files say now',
        FD,
        socketUnit('/run/docker.sock'),
        socketsOf([LOOPBACK_2375, LOOPBACK6_2375], SYSTEMD_AND_DOCKERD),
        ['127.0.0.1:2375 (docker.socket)', '[::1]:2375 (docker.socket)'],
      ],
      [
        'one that opens at the next start, beside one that is open',
        FD,
        socketUnit('10.0.0.5:12375', '2376'),
        socketsOf([LOOPBACK_2375], SYSTEMD_AND_DOCKERD),
        ['127.0.0.1:2375 (docker.socket)', '10.0.0.5:12375 (docker.socket)', '2376 (docker.socket)'],
      ],
      [
        'that of a drop-in, which resets those before',
        FD,
        socketUnit('2375'),
        { [`${SYSTEMD}/docker.socket.d/x.conf`]: socketUnit('', '[::1]:2376') },
        ['[::1]:2376 (docker.socket)'],
      ],
      [
        'a socket of dockerd for metrics is none',
        FD,
        socketUnit('/run/docker.sock', '%t/x.sock', '@abstract'),
        socketsOf([LOOPBACK_2375], [12]),
        [],
      ],
      [
        'systemd passes nothing to a dockerd that does not ask for it',
        ['-H', 'unix:///run/docker.sock', '-H', 'tcp://127.0.0.1:2376'],
        socketUnit('2375'),
        socketsOf([ALL_2375], SYSTEMD_AND_DOCKERD),
        ['tcp://127.0.0.1:2376'],
      ],
      ['sockets that nobody could see are unknown', FD, socketUnit('/run/docker.sock'), {}, UNSEEN],
    ]
    for (const [name, argv, unit, more, expected] of rows) {
      test(name, async (t) => {
        const other = await temporaryFolder(t)
        await makeHost(other, {
          ...PROC,
          ...processEntries(12, ['/usr/bin/dockerd', ...argv]),
          '/usr/lib/systemd/system/docker.socket': unit,
          ...more,
        })
        const { listeners } = readAccess(await lookAt({ root: other }))
        assert.deepEqual(listeners, 'unknown' in expected ? expected : { value: expected })
      })
    }
  })

  test('no key is printed, and no text of a policy is kept', () => {
    const decoded = printed.split(/\s/).map((word) => Buffer.from(word, 'base64').toString('latin1'))
    assert.ok(!decoded.some((word) => word.includes('PRIVATE KEY')))
    assert.ok(!JSON.stringify(parseHost(printed, '')?.facts).includes('commonName'))
  })

  test('nobody but root sees what is closed, and that is no pass', async () => {
    const theirs = readAccess(await lookAt({ root, uid: 65_534 }))
    const gateway = theirs.services.find(({ unit }) => unit === UNIT.name)
    assert.ok(gateway && 'unknown' in gateway.revocation && 'unknown' in gateway.powerful)
  })

  test('a list that the unit names, and that is gone, is lost', async (t) => {
    const other = await temporaryFolder(t)
    const [own, more] = ['/etc/docker-mtls/crl.pem', '/srv/more.pem']
    const unit = UNIT.text.replace(' --policy', ` --crl ${own} --crl=${more} --policy`)
    await makeHost(other, { ...(await entries()), [`${SYSTEMD}/${UNIT.name}`]: unit })
    const found = readAccess(await lookAt({ root: other })).services.find(({ kind }) => kind === 'gateway')
    assert.deepEqual([found?.lists, found?.lostLists], [[own, more], [more]])
  })

  test('without a list there is none, and a list of another CA does not count', async (t) => {
    const other = await temporaryFolder(t)
    const all = await entries()
    await makeHost(other, { ...all, '/etc/docker-mtls/crl.pem': { link: '/nowhere' } })
    const [without] = readAccess(await lookAt({ root: other })).services
    assert.deepEqual([without?.revocation, without?.lostLists], [{ value: [] }, []])
    const foreign = await temporaryFolder(t)
    const { pem } = createCrl(await createAuthority({ commonName: 'Test CA' }), {
      revoked: [],
      nextUpdate: NEXT,
      number: 1,
    })
    await makeHost(foreign, { ...all, '/etc/docker-mtls/crl.pem': pem })
    const [first] = readAccess(await lookAt({ root: foreign })).services
    assert.deepEqual(first?.revocation, { value: [{ ca: 'CN=Test CA', nextUpdate: null }] })
  })
})
