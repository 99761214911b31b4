import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { issuerProblems } from '../../lib/apply/gateway/ends.ts'
import { gatewayStatus, type GatewayStatus } from '../../lib/apply/gateway/status.ts'
import { daemonStatus } from '../../lib/apply/status.ts'
import { DAY_MS } from '../../lib/base/expiry.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { renderInForce } from '../../lib/daemon-config/gateway-in-force.ts'
import { renderGatewayUnit } from '../../lib/daemon-config/gateway-unit.ts'
import { createAuthority, createCrl, issueServer, type Authority } from '../../lib/pki.ts'
import { createIssuer } from '../../lib/pki/issuer.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { recordsOf } from './support/facts.ts'
import { fakeShell, sha256 } from './support/fake-shell.ts'

const FOLDER = '/etc/docker-mtls'
const UNIT = renderGatewayUnit({
  program: ['/usr/bin/node', '/usr/lib/main.js'],
  policy: `${FOLDER}/policy.yaml`,
  folder: FOLDER,
  issuer: FOLDER,
  // Nothing listens there.
  listen: '127.0.0.1:1',
  socket: '/run/docker.sock',
  user: 'docker-mtls',
  group: 'docker',
}).text

const POLICY = 'version: 1\nrules: []\n'

interface Host {
  readonly files: Readonly<Record<string, string>>
  /** What `last-apply.sh` prints. */
  readonly last?: string
  /** The drop-ins of the gateway's unit that set its command. */
  readonly dropIns?: string
}

function inspect({ files, last = '', dropIns = '' }: Host): Promise<GatewayStatus> {
  const stdout = recordsOf({
    facts: { gateway: 'ActiveState=active\nMainPID=900\nUnitFileState=enabled', 'gateway-starts': dropIns },
    files: {
      '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT,
      '/etc/systemd/system/docker-mtls-gateway.service': UNIT,
      [`${FOLDER}/policy.yaml`]: POLICY,
      ...files,
    },
  })
  const shell = fakeShell((script) => (script.includes('apply that can be rolled back') ? last : stdout))
  return gatewayStatus(shell, () => 0)
}

const problems = async (host: Host): Promise<string> =>
  (await inspect(host)).problems.map((one) => renderSentence(one)).join('\n')

const saidFrom = async (fragment: string): Promise<string> => {
  const facts = { gateway: `ActiveState=active\nMainPID=900\nFragmentPath=${fragment}` }
  const stdout = recordsOf({ facts, files: { '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT } })
  const { problems: found, installed } = await gatewayStatus(
    fakeShell((script) => (script.includes('b64() {') ? stdout : '')),
    () => 0,
  )
  assert.equal(installed, false)
  return found.map((one) => renderSentence(one)).join('\n')
}

const listOf = (by: Authority, from = -1, days = 9): string =>
  createCrl(by, {
    revoked: [],
    thisUpdate: new Date(Date.now() + from * DAY_MS),
    nextUpdate: new Date(Date.now() + days * DAY_MS),
    number: 1,
  }).pem

describe('gateway status', () => {
  let authority: Authority
  let files: Record<string, string>
  before(async () => {
    authority = await createAuthority()
    const { ca, cert } = await issueServer(authority, { names: ['build01'] })
    files = { [`${FOLDER}/ca.pem`]: ca, [`${FOLDER}/server-cert.pem`]: cert }
  })

  const withList = (by: Authority, ...period: readonly [from: number, days: number]): Promise<string> => {
    const [ca, crl] = [by.certificate, listOf(by, ...period)]
    return problems({ files: { ...files, [`${FOLDER}/ca.pem`]: ca, [`${FOLDER}/crl.pem`]: crl } })
  }

  test('the list in the folder is in use, although the unit names none', async () => {
    assert.equal((await inspect({ files })).lists, undefined)
    const next = {
      revoked: [],
      thisUpdate: new Date(Date.now() - 2 * DAY_MS),
      nextUpdate: new Date(Date.now() - DAY_MS),
      number: 1,
    }
    const host = { files: { ...files, [`${FOLDER}/crl.pem`]: createCrl(authority, next).pem } }
    assert.equal((await inspect(host)).lists?.[0]?.isExpired, true)
    assert.match(await problems(host), /revocation list.*expired/)
  })

  test('an account that others share is a problem', async () => {
    const group = 'docker-mtls:x:980:ann\n'
    const own = 'docker-mtls:x:990:980::/:/usr/sbin/nologin\n'
    assert.match(
      await problems({ files: { ...files, '/etc/passwd': own, '/etc/group': group } }),
      /the user docker-mtls: ann is in its group, and could read the key.*gpasswd --delete ann docker-mtls/,
    )
  })

  test('a gateway that runs without a unit of its own is not missing', async () => {
    assert.match(
      await saidFrom(''),
      /^docker-mtls-gateway\.service runs, but its unit \S+ is gone\. End it: .* gateway remove$/,
    )
    assert.match(
      await saidFrom('/usr/lib/systemd/system/docker-mtls-gateway.service'),
      /runs from \/usr\/lib\/\S+, which .* systemctl disable --now/,
    )
  })

  test('a list is a problem in the last third of its life, unless it ends with its CA', async () => {
    const brief = await createAuthority({ days: 9 })
    assert.match(
      await withList(authority, -21, 9),
      /^The revocation list of the CA .* is valid until .* docker-mtls cert crl/m,
    )
    assert.doesNotMatch(await withList(authority, -1, 9), /is valid until/)
    assert.doesNotMatch(await withList(brief, -21, 10), /is valid until/)
  })

  test('a CA without a current list is a problem, as the gateway refuses its clients', async () => {
    const other = await createAuthority({ commonName: 'Other CA' })
    const both = `${files[`${FOLDER}/ca.pem`]}${other.certificate}`
    const said = (crl: string, ca = both): Promise<string> =>
      problems({ files: { ...files, [`${FOLDER}/ca.pem`]: ca, [`${FOLDER}/crl.pem`]: crl } })
    assert.match(
      await said(listOf(authority)),
      /^The CA Other CA has no current revocation list: .* So the gateway refuses its clients\./m,
    )
    assert.match(await said(listOf(authority) + listOf(other, 1)), /CA Other CA has no current revocation list/)
    assert.doesNotMatch(await said(listOf(authority) + listOf(other)), /revocation list/)
    // An expired list of one hides no other.
    const expired = createCrl(authority, {
      revoked: [],
      thisUpdate: new Date(0),
      nextUpdate: new Date(1000),
      number: 1,
    }).pem
    assert.equal((await said(expired)).match(/has no current revocation list/g)?.length, 2)
    // A list that the gateway has used, and that is gone.
    const inForce = renderInForce({ pid: 900, sums: new Map([[`${FOLDER}/crl.pem`, '']]) })
    const lost = { ...files, '/run/docker-mtls-gateway/in-force.json': inForce }
    assert.match(await problems({ files: lost }), /has no current revocation list: it is missing/)
    // What is among the CAs may be the issuer, which needs none.
    const { cert } = await createIssuer(authority, { name: 'renewals' })
    const withIssuer = {
      ...files,
      [`${FOLDER}/ca.pem`]: `${files[`${FOLDER}/ca.pem`]}${cert}`,
      [`${FOLDER}/issuer-cert.pem`]: cert,
    }
    assert.doesNotMatch(
      await problems({ files: { ...withIssuer, [`${FOLDER}/crl.pem`]: listOf(authority) } }),
      /revocation list/,
    )
  })

  test('a drop-in with a command of its own is a problem', async () => {
    const dropIn = '/run/systemd/system/docker-mtls-gateway.service.d/own.conf'
    assert.match(
      await problems({ files, dropIns: `${dropIn}\n` }),
      /own\.conf sets ExecStart=, so the gateway may use other files/,
    )
    assert.doesNotMatch(await problems({ files }), /ExecStart/)
  })

  describe('the issuer', () => {
    test('is shown', async () => {
      const { cert } = await createIssuer(authority, { name: 'renewals' })
      const host = { files: { ...files, [`${FOLDER}/issuer-cert.pem`]: cert } }
      assert.equal((await inspect(host)).issuer?.commonName, 'renewals')
      assert.doesNotMatch(await problems(host), /issuer/)
    })

    test('has to be renewed in time', async () => {
      const { facts } = await createIssuer(authority, { name: 'renewals', days: 90 })
      const said = (days: number): string =>
        issuerProblems(facts, Date.now() + days * DAY_MS)
          .map((one) => renderSentence(one))
          .join('\n')
      assert.equal(said(50), '')
      assert.match(said(70), /^The issuer renewals expires on .*: {2}docker-mtls cert issuer renewals --renew$/)
      assert.match(said(91), /^The issuer renewals has expired, and with it/)
    })

    test('that can not be read is a problem', async () => {
      assert.match(await problems({ files }), /^The issuer's certificate can't be read\.$/m)
    })
  })

  describe('the files in force', () => {
    const IN_FORCE = '/run/docker-mtls-gateway/in-force.json'
    const POLICY_PATH = `${FOLDER}/policy.yaml`
    const olderWith = async (pid: number, policy: string): Promise<readonly string[] | undefined> => {
      const all = { ...files, [`${FOLDER}/issuer-cert.pem`]: 'PEM', [POLICY_PATH]: POLICY }
      const sums = new Map(
        Object.entries({ ...all, [POLICY_PATH]: policy }).map(([path, text]) => [path, sha256(text)]),
      )
      return (await inspect({ files: { ...all, [IN_FORCE]: renderInForce({ pid, sums }) } })).older
    }

    test('are those on the host, or older ones', async () => {
      assert.deepEqual(await olderWith(900, POLICY), [])
      assert.deepEqual(await olderWith(900, '# old\n'), [POLICY_PATH])
    })

    test('are unknown if another process has written that, or if it is nonsense', async () => {
      assert.equal(await olderWith(901, POLICY), undefined)
      for (const text of ['', '{', 'null', '{"pid":900}', '{"pid":"900","sums":{}}'])
        assert.equal((await inspect({ files: { ...files, [IN_FORCE]: text } })).older, undefined, text)
    })
  })

  describe('an unfinished apply', () => {
    const PENDING = '/var/lib/docker-mtls/pending'
    for (const [kind, about, command] of [
      ['daemon', 'yes', 'daemon rollback'],
      ['gateway', 'yes gateway docker', 'gateway rollback'],
    ] as const) {
      test(`of the ${kind} names its own rollback`, async () => {
        const host = { files: { ...files, [PENDING]: 'x\n' }, last: `pending\n20261128T000000Z-000000\n${about}\n` }
        const { rollback, unfinished } = await inspect(host)
        assert.deepEqual([rollback, unfinished], ['pending', kind])
        assert.match(
          await problems(host),
          new RegExp(`An apply is unfinished\\. Roll it back: {2}docker-mtls ${command}$`, 'm'),
        )
      })
    }
  })
})

describe('daemon status of a dockerd that listens on no port', () => {
  const docker = { '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT }
  const both = { ...docker, '/etc/systemd/system/docker-mtls-gateway.service': UNIT }
  const rows: readonly (readonly [files: Record<string, string>, gateway: string, says: RegExp])[] = [
    [docker, 'inactive', /Secure and open it: {2}docker-mtls daemon apply/],
    [both, 'active', /^$/],
    ...['inactive', 'failed', 'activating'].map(
      (state) =>
        [both, state, /the gateway in front of it isn't running\. .*: {2}docker-mtls gateway status$/] as const,
    ),
  ]
  for (const [files, gateway, says] of rows)
    test(files === docker ? 'without a gateway' : `its gateway is ${gateway}`, async () => {
      const stdout = recordsOf({ facts: { gateway: `ActiveState=${gateway}` }, files })
      const shell = fakeShell((script) => (script.includes('apply that can be rolled back') ? '' : stdout))
      const { problems: found } = await daemonStatus(shell)
      const texts = found.map((one) => renderSentence(one)).filter((text) => text.startsWith("dockerd doesn't listen"))
      assert.match(texts.join('\n'), says)
    })
})
