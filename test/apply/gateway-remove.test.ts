import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { planGatewayRemove, type GatewayRemovePlan } from '../../lib/apply/gateway/remove/plan.ts'
import { findRemovalProbe } from '../../lib/apply/gateway/remove/server.ts'
import { checkServerFiles, type ServerFiles } from '../../lib/apply/server-files.ts'
import { warningTexts } from '../../lib/base/warning.ts'
import { IN_FORCE_PATH, renderInForce } from '../../lib/daemon-config/gateway-in-force.ts'
import { renderGatewayUnit } from '../../lib/daemon-config/gateway-unit.ts'
import type { HostShell } from '../../lib/host/shell.ts'
import { createAuthority, createCrl, issueClient, issueServer, type Authority } from '../../lib/pki.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { record, recordsOf, type Said } from './support/facts.ts'
import { fakeShell, sha256, type FakeShell } from './support/fake-shell.ts'

const FOLDER = '/etc/docker-mtls'
const UNIT = '/etc/systemd/system/docker-mtls-gateway.service'
const POLICY = 'version: 1\nrules: []\n'
const TLS = [`${FOLDER}/ca.pem`, `${FOLDER}/server-cert.pem`]

const unit = (more: { crl?: readonly string[]; issuer?: string; folder?: string } = {}): string =>
  renderGatewayUnit({
    program: ['/usr/bin/node', '/usr/lib/main.js'],
    policy: `${FOLDER}/policy.yaml`,
    folder: FOLDER,
    listen: '10.0.0.5:2376',
    socket: '/run/docker.sock',
    user: 'docker-mtls',
    group: 'docker',
    ...more,
  }).text

interface Host extends Said {
  /** The policy as an apply has written it; absent: nobody knows, nor of other files. */
  readonly applied?: string
  /** The key as an apply has written it. */
  readonly appliedKey?: string
  /** Empty: it is gone. */
  readonly unit?: string
}

/** A host with a gateway, as `gateway apply` leaves it. */
function hostOf({ applied, appliedKey = 'key', unit: text = unit(), facts, files }: Host): FakeShell {
  const sums = { 'policy.yaml': applied, 'ca.pem': 'pem', 'server-cert.pem': 'pem', 'server-key.pem': appliedKey }
  const written = Object.entries(sums)
    .map(([name, contents = '']) => (applied === undefined ? '' : `written ${sha256(contents)} ${FOLDER}/${name}\n`))
    .join('')
  const printed = (script: string): string =>
    [
      recordsOf({
        facts: { 'program:/usr/sbin/dockerd': 'yes', gateway: 'ActiveState=active\nMainPID=900', ...facts },
        files: {
          '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT,
          ...(text !== '' && { [UNIT]: text }),
          ...Object.fromEntries(TLS.map((path) => [path, 'pem'])),
          [`${FOLDER}/policy.yaml`]: POLICY,
          // A file elsewhere is read only if the script names it.
          ...Object.fromEntries(
            Object.entries(files ?? {}).filter(([path]) => !path.startsWith('/srv/') || script.includes(path)),
          ),
        },
      }),
      record('secret', `${FOLDER}/server-key.pem`, '640', 'root:docker-mtls', sha256('key')),
    ].join('\n')
  return fakeShell((script) => (script.includes('kept applies') ? `apply 1\n${written}complete\n` : printed(script)))
}

/** Its unit is gone, or elsewhere. */
const withoutUnit = (pid: number, fragment: string): Host => {
  const gateway = `ActiveState=active\nMainPID=${pid}\nFragmentPath=${fragment}`
  return { applied: POLICY, unit: '', facts: { gateway } }
}

const plan = (host: Host, server?: ServerFiles): Promise<GatewayRemovePlan> =>
  planGatewayRemove({ server }, hostOf(host))

/** A process listens where the gateway does, whose own is 900. */
const held = (pid: number): Host => ({
  applied: POLICY,
  facts: { listening: `LISTEN 0 4096 10.0.0.5:2376 *:* users:(("node",pid=${pid},fd=20))\n` },
})

const list = (authority: Authority, ...serials: string[]): string =>
  createCrl(authority, {
    revoked: serials.map((serialNumber) => ({ serialNumber, at: new Date() })),
    nextUpdate: new Date(Date.now() + 86_400_000),
    number: 1,
  }).pem

/** Writes a one-day client where `init --probe` does, below the current folder. */
const putProbe = async (by: Authority): Promise<void> => {
  const { ca, cert, key } = await issueClient(by, { name: 'probe' })
  for (const [name, text] of Object.entries({ ca, cert, key })) await writeFile(`server/probe/${name}.pem`, text)
}

const removed = ({ changes }: GatewayRemovePlan): string[] =>
  changes.flatMap(({ path, action }) => (action === 'remove' ? [path] : []))

/** The conflicts of a removal where a gateway uses a list that is on the disk as `older`. */
const withList = async (path: string, used: string, crl?: readonly string[]): Promise<string[]> => {
  const inForce = renderInForce({ pid: 900, sums: new Map([[path, sha256(used)]]) })
  const files = { [path]: 'older', [IN_FORCE_PATH]: inForce }
  const planned = await plan({ applied: POLICY, files, ...(crl && { unit: unit({ crl }) }) })
  return planned.conflicts.map(({ kind, what }) => `${kind} ${what}`)
}

describe('the removal of a gateway', () => {
  let authority: Authority
  let server: ServerFiles
  before(async () => {
    authority = await createAuthority()
    const { cert, key, ca } = await issueServer(authority, { names: ['build01'] })
    server = checkServerFiles({ ca, cert, key }, 'server')
  })

  test('removes what gateway apply has written, and leaves dockerd alone', async () => {
    const planned = await plan({ applied: POLICY })
    assert.deepEqual(removed(planned), [UNIT, ...TLS, `${FOLDER}/server-key.pem`, `${FOLDER}/policy.yaml`])
    assert.equal(planned.changes.length, 5)
    assert.deepEqual([planned.installed, planned.daemon, planned.conflicts, planned.stays], [true, undefined, [], []])
    assert.equal(planned.listen, 'tcp://10.0.0.5:2376')
  })

  test('also removes a gateway that runs although its unit is gone', async () => {
    const gone = await plan(withoutUnit(900, ''))
    assert.deepEqual([gone.installed, gone.conflicts], [true, []])
    assert.deepEqual(removed(gone), [...TLS, `${FOLDER}/server-key.pem`, `${FOLDER}/policy.yaml`])
    assert.equal((await plan(withoutUnit(0, ''))).installed, false)
    const elsewhere = '/usr/local/lib/systemd/system/docker-mtls-gateway.service'
    const other = await plan(withoutUnit(900, elsewhere))
    assert.equal(other.installed, true)
    assert.deepEqual(
      other.conflicts.map(({ kind, what }) => [kind, what]),
      [['other-gateway', elsewhere]],
    )
  })

  const KEPT: [name: string, host: Host, says: RegExp, removes: string][] = [
    [
      'a policy that somebody has changed',
      { applied: '# old\n' },
      /policy\.yaml: somebody has changed it/,
      '/policy.yaml',
    ],
    ['a policy that nobody knows any more', {}, /policy\.yaml: it is unknown whether/, '/policy.yaml'],
    [
      'a key that somebody has put in the place of that of gateway apply',
      { applied: POLICY, appliedKey: 'ours' },
      /^\/etc\/docker-mtls\/server-key\.pem: somebody has changed it/,
      '/server-key.pem',
    ],
    ['a key of which nobody knows who wrote it', {}, /server-key\.pem: it is unknown whether/, '/server-key.pem'],
    [
      'a link in the place of a file',
      { applied: POLICY, facts: { [`odd:${FOLDER}/ca.pem`]: 'link /tmp/x' } },
      /ca\.pem: docker-mtls has not put it there/,
      '/ca.pem',
    ],
    [
      'another file in the folder',
      { applied: POLICY, facts: { 'gateway-entries': 'ca.pem\nnotes.txt\npolicy.yaml' } },
      /^\/etc\/docker-mtls\/notes\.txt: docker-mtls has not put it there$/,
      '/notes.txt',
    ],
    [
      'a file outside of the folder',
      { applied: POLICY, unit: unit({ crl: ['/srv/crl.pem'] }) },
      /^\/srv\/crl\.pem: docker-mtls has not put it there$/,
      '/crl.pem',
    ],
    [
      'the audit log and its user',
      { applied: POLICY, facts: { 'gateway-log': '/var/log/docker-mtls', 'gateway-user': '998' } },
      /^\/var\/log\/docker-mtls: the audit log\nthe user docker-mtls and its group/,
      '/audit.log',
    ],
    [
      'TLS files that dockerd uses',
      {
        applied: POLICY,
        files: {
          '/etc/systemd/system/docker.service.d/override.conf': `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --tlsverify --tlscacert=${FOLDER}/ca.pem --tlscert=${FOLDER}/server-cert.pem --tlskey=${FOLDER}/server-key.pem -H tcp://10.0.0.5:2377\n`,
        },
      },
      /ca\.pem: dockerd uses it\n.*server-cert\.pem: dockerd uses it\n.*server-key\.pem: dockerd uses it/,
      '.pem',
    ],
  ]
  for (const [name, host, says, kept] of KEPT) {
    test(`keeps ${name}`, async () => {
      const planned = await plan(host)
      assert.match(planned.stays.join('\n'), says)
      assert.ok(!removed(planned).some((path) => path.endsWith(kept)), removed(planned).join(' '))
      assert.ok(removed(planned).includes(UNIT))
    })
  }

  test('without a gateway there is nothing to remove, also where files are', async () => {
    const stdout = recordsOf({
      files: { '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT, [`${FOLDER}/ca.pem`]: 'pem' },
    })
    const { installed, changes, stays } = await planGatewayRemove(
      {},
      fakeShell(() => stdout),
    )
    assert.deepEqual([installed, changes, stays], [false, [], []])
  })

  test('starts from the facts of a host that was inspected already', async () => {
    const shell = hostOf({ applied: POLICY })
    const { facts, changes } = await planGatewayRemove({}, shell)
    const scripts = shell.ran.length
    const again = await planGatewayRemove({}, shell, undefined, facts)
    assert.deepEqual(again.changes, changes)
    assert.equal(shell.ran.length - scripts, scripts - 1)
  })

  test('refuses lists on disk that the gateway does not use: if the removal fails, it restarts with them', async () => {
    const own = `${FOLDER}/crl.pem`
    assert.deepEqual(await withList(own, 'newer'), [`older-list ${own}`])
    assert.deepEqual(await withList('/srv/crl.pem', 'newer', ['/srv/crl.pem']), ['older-list /srv/crl.pem'])
    assert.deepEqual(await withList(own, 'older'), [])
    assert.deepEqual(await withList('/srv/crl.pem', 'older', ['/srv/crl.pem']), [])
  })

  test('waits for a gateway that is still reading a list', async () => {
    const path = `${FOLDER}/crl.pem`
    const shell = hostOf({ applied: POLICY, files: { [path]: 'newer' } })
    let asked = 0
    const run: HostShell['run'] = async (script) => {
      const ran = await shell.run(script)
      if (!script.includes(IN_FORCE_PATH)) return ran
      asked++
      const text = renderInForce({ pid: 900, sums: new Map([[path, sha256(asked > 1 ? 'newer' : 'older')]]) })
      return { ...ran, stdout: `${ran.stdout}\n${record('file', IN_FORCE_PATH, '644', 'root:root', text)}` }
    }
    assert.deepEqual((await planGatewayRemove({}, { ...shell, run })).conflicts, [])
    assert.equal(asked, 2)
  })

  test('refuses a unit that is a link', async () => {
    const { conflicts } = await plan({ facts: { [`odd:${UNIT}`]: 'link /dev/null' } })
    assert.deepEqual(
      conflicts.map(({ kind, what }) => [kind, what]),
      [['not-a-file', UNIT]],
    )
  })

  describe('with dockerd in the place of the gateway', () => {
    test('dockerd listens where the gateway did, with its certificate', async () => {
      const { daemon, changes, conflicts } = await plan(held(900), server)
      assert.deepEqual(daemon?.settings.listen, ['tcp://10.0.0.5:2376'])
      assert.deepEqual(conflicts, [])
      const cert = changes.find(({ path }) => path === '/etc/docker/tls/server-cert.pem')
      assert.deepEqual([cert?.action, cert?.text], ['create', server.cert])
    })

    test('another gateway is a conflict', async () => {
      const other = '/usr/lib/systemd/system/proxy.service'
      const { conflicts } = await plan({ ...held(900), files: { [other]: unit() } }, server)
      assert.deepEqual(
        conflicts.map(({ kind, what }) => [kind, what]),
        [['other-gateway', other]],
      )
    })

    test('tests with a client of its CA alone, whichever server folder is here', async (t) => {
      const folder = await temporaryFolder(t)
      const cwd = process.cwd()
      t.after(() => process.chdir(cwd))
      process.chdir(folder)
      const own = await issueServer(await createAuthority(), { names: ['other'] })
      await mkdir('server/probe', { recursive: true })
      for (const [name, text] of [
        ['ca', own.ca],
        ['server-cert', own.cert],
        ['server-key', own.key],
      ] as const)
        await writeFile(`server/${name}.pem`, text)
      await putProbe(await createAuthority())
      assert.equal(await findRemovalProbe(undefined, server), undefined)
      await putProbe(authority)
      assert.equal((await findRemovalProbe(undefined, server))?.folder, join('server', 'probe'))
      assert.equal(await findRemovalProbe(undefined, undefined), undefined)
      assert.equal((await findRemovalProbe('server/probe', undefined))?.folder, 'server/probe')
    })

    test('another program on the port is a conflict', async () => {
      const { conflicts } = await plan(held(77), server)
      assert.deepEqual(
        conflicts.map(({ kind }) => kind),
        ['port-taken'],
      )
    })

    test('warns of clients that dockerd lets in or refuses', async () => {
      const crl = createCrl(authority, {
        revoked: [{ serialNumber: '0a', at: new Date() }],
        nextUpdate: new Date(Date.now() + 86_400_000),
        number: 1,
      }).pem
      const listed = { applied: POLICY, unit: unit({ crl: [`${FOLDER}/crl.pem`], issuer: FOLDER }) }
      const said = await plan({ ...listed, files: { [`${FOLDER}/crl.pem`]: crl } }, server)
      assert.match(
        warningTexts(said.warnings).join('\n'),
        /every client .* root on this host\.\nA revoked certificate can be used again.*\ndockerd refuses certificates that the gateway has renewed/,
      )
      assert.doesNotMatch(
        warningTexts((await plan({ applied: POLICY }, server)).warnings).join('\n'),
        /revoked|renewed/,
      )
    })

    test('warns of revoked certificates in every list that the gateway reads, and of a list that cannot be read', async () => {
      const CODES: [name: string, host: Host, codes: readonly string[]][] = [
        ['crl.pem without --crl', { files: { [`${FOLDER}/crl.pem`]: list(authority, '0a') } }, ['revoked-accepted']],
        [
          'crl.pem of another folder',
          { unit: unit({ folder: '/srv/tls' }), files: { '/srv/tls/crl.pem': list(authority, '0a') } },
          ['revoked-accepted'],
        ],
        [
          'a list elsewhere',
          { unit: unit({ crl: ['/srv/a.pem'] }), files: { '/srv/a.pem': list(authority, '0a') } },
          ['revoked-accepted'],
        ],
        ['an empty list', { files: { [`${FOLDER}/crl.pem`]: list(authority) } }, []],
        [
          'no list',
          { unit: unit({ folder: '/srv/tls' }), files: { [`${FOLDER}/crl.pem`]: list(authority, '0a') } },
          [],
        ],
        ['a missing list', { unit: unit({ crl: ['/srv/a.pem'] }) }, ['revoked-unknown']],
        ['a broken list', { files: { [`${FOLDER}/crl.pem`]: 'pem' } }, ['revoked-unknown']],
        ['a folder', { facts: { [`odd:${FOLDER}/crl.pem`]: 'other' } }, ['revoked-unknown']],
      ]
      for (const [name, host, codes] of CODES) {
        const { warnings } = await plan({ applied: POLICY, ...host }, server)
        assert.deepEqual(
          warnings.map(({ code }) => code).filter((code) => code.startsWith('revoked')),
          codes,
          name,
        )
      }
    })

    test('warns of them, too, if dockerd gets its own listener back', async () => {
      const host = {
        applied: POLICY,
        unit: unit({ crl: ['/srv/a.pem'] }),
        files: { '/srv/a.pem': list(authority, '0a') },
      }
      const codes = async (reopens: boolean): Promise<string[]> =>
        (await planGatewayRemove({ reopens }, hostOf(host))).warnings.map(({ code }) => code)
      assert.deepEqual(await codes(true), ['daemon-exposed', 'revoked-accepted'])
      assert.deepEqual(await codes(false), [])
    })

    test('refuses to open a listener that the gateway does not have', async () => {
      const dropIn = '/etc/systemd/system/docker-mtls-gateway.service.d/10-listen.conf'
      const UNKNOWN: [host: Host, what: string][] = [
        [{ unit: unit().replace(/ --listen \S+/, '') }, UNIT],
        [{ unit: unit().replace(/--listen \S+/, '--listen $WHERE') }, UNIT],
        [{ unit: unit().replace(/--listen \S+/, '--socket /run/gateway.sock') }, UNIT],
        [{ facts: { 'gateway-starts': `${dropIn}\n` } }, dropIn],
        [withoutUnit(900, ''), UNIT],
      ]
      for (const [host, what] of UNKNOWN) {
        const { conflicts } = await plan({ applied: POLICY, ...host }, server)
        assert.deepEqual(
          conflicts.map((one) => [one.kind, one.what]),
          [['unknown-listener', what]],
        )
        assert.deepEqual((await plan({ applied: POLICY, ...host })).conflicts, [])
      }
      const { daemon, conflicts } = await plan({ ...held(900), unit: unit().replace('--listen ', '--listen=') }, server)
      assert.deepEqual([daemon?.settings.listen, conflicts], [['tcp://10.0.0.5:2376'], []])
    })
  })
})
