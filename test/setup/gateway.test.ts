import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { before, describe, test } from 'node:test'
import { SETTLE_SCRIPT } from '../../lib/apply/rollback/pending.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { warningTexts } from '../../lib/base/warning.ts'
import { gatewayWay } from '../../lib/cli/commands/setup-gateway.ts'
import { checkTrust, keptPolicy } from '../../lib/cli/inputs/gateway-files.ts'
import { renderGatewayUnit } from '../../lib/daemon-config/gateway-unit.ts'
import { parseFacts } from '../../lib/host/facts.ts'
import { PkiFolder } from '../../lib/keystore/folder.ts'
import { caPaths, crlPath } from '../../lib/keystore/layout.ts'
import { writeCrl } from '../../lib/keystore/revoke.ts'
import { createAuthority, createCrl, issueServer } from '../../lib/pki.ts'
import { refuseGateway } from '../../lib/setup/gateway/inspect.ts'
import type { PlannedGateway } from '../../lib/setup/gateway/plan.ts'
import type { ProgramCopy } from '../../lib/setup/gateway/program-copy.ts'
import { inspectAgain, type InspectedHost } from '../../lib/setup/inspect-hosts.ts'
import { issueCertificates, type IssuedCertificates } from '../../lib/setup/issue-certificates.ts'
import type { SetupOptions } from '../../lib/setup/options.ts'
import { isSuccess, type Outcome } from '../../lib/setup/for-each-host.ts'
import { DEBIAN_UNIT } from '../daemon-config/support/units.ts'
import { record, recordsOf, type Said } from '../apply/support/facts.ts'
import { temporaryFolder } from '../support/temporary.ts'

const FOLDER = '/etc/docker-mtls'
const POLICY = `${FOLDER}/policy.yaml`
const COPY = '/usr/local/lib/docker-mtls/1'
const WAY = '755 0 =/usr\n755 0 =/'
const dir = await temporaryFolder()

const program: ProgramCopy = {
  version: '1',
  folder: COPY,
  script: `${COPY}/main.js`,
  digest: 'd',
  bytes: 1,
  archive: () => Promise.resolve(Buffer.from('')),
}

const unit = (listen = '0.0.0.0:2376', folder = FOLDER): string =>
  renderGatewayUnit({
    program: ['/usr/bin/node', program.script],
    policy: POLICY,
    folder,
    listen,
    socket: '/run/docker.sock',
    user: 'docker-mtls',
    group: 'docker',
  }).text

const policy = (name: string): string =>
  `version: 1\nrules: [{ name: ${name}, who: { commonName: ${name} }, level: privileged }]\n`

/** A host with Node.js, and these files. */
function host(files: Said['files'] = {}): string {
  const facts = {
    'program:/usr/sbin/dockerd': 'yes',
    'socket-group': 'docker',
    nodes: '/usr/bin/node',
    'parents:/usr/bin/node': `755 0 =/usr/bin/node\n755 0 =/usr/bin\n${WAY}`,
    'version:/usr/bin/node': 'v22.20.0',
    [`parents:${COPY}`]: WAY,
  }
  return recordsOf({ facts, files: { '/usr/lib/systemd/system/docker.service': DEBIAN_UNIT, ...files } })
}

/** A host that was inspected before it says this; a rollback there leaves the second. */
function inspected(says: string, afterwards = says): InspectedHost {
  let stdout = says
  return {
    host: 'one.test',
    folder: 'one.test',
    endpoint: { kind: 'ssh', host: 'one.test' },
    names: { reach: { kind: 'dns', value: 'one.test', given: 'one.test' }, all: ['one.test'] },
    url: 'tcp://one.test:9999',
    gateway: { node: '/usr/bin/node', hasProgram: true },
    shell: {
      name: 'ssh://root@one.test',
      isHere: false,
      address: () => undefined,
      run: (script) => {
        if (script === SETTLE_SCRIPT) stdout = afterwards
        return Promise.resolve({ code: 0, stdout, stderr: '' })
      },
    },
  }
}

const options: SetupOptions = {
  dir,
  client: 'ann',
  names: [],
  force: false,
  replaceCa: false,
  requested: {},
  gateway: {
    program,
    policyFor: (existing) => (existing === undefined ? policy('ann') : keptPolicy(existing)),
    checkTrust: () => Promise.resolve(),
  },
}

const outcomes = (one: InspectedHost): Outcome<InspectedHost>[] => [{ host: one.host, value: one }]

function only(planned: readonly Outcome<PlannedGateway>[]): PlannedGateway {
  const [one] = planned
  assert.ok(one !== undefined)
  if (!isSuccess(one)) throw one.error
  return one.value
}

const writes = ({ plan: { changes } }: PlannedGateway, file: string): boolean =>
  changes.some(({ path, action }) => path === file && action !== 'keep')
const texts = ({ plan: { warnings } }: PlannedGateway): string => warningTexts(warnings).join('\n')
const copiedBelow = (folders: string): InspectedHost =>
  inspected(`${host()}\n${record('fact', `parents:${COPY}`, folders)}`)

/** Sets a host up without a gateway that has these units, and where systemd says this of the usual one. */
const besides = (paths: readonly string[], gateway = 'MainPID=0'): Promise<void> => {
  const says = recordsOf({ files: Object.fromEntries(paths.map((path) => [path, unit()])) })
  const asked = inspected(recordsOf({ facts: { gateway } }))
  return refuseGateway(parseFacts(says), asked, undefined)
}

describe('the gateway of a host', () => {
  let issued: IssuedCertificates
  const way = gatewayWay({ program })
  const plan = async (one: InspectedHost): Promise<PlannedGateway> =>
    only(await way.plan(outcomes(one), issued, options))
  const trial = async (one: InspectedHost, dryly: Partial<SetupOptions> = {}): Promise<PlannedGateway> =>
    only(await way.planDryRun(outcomes(one), { ...options, ...dryly }))

  before(async () => {
    issued = await issueCertificates([inspected(host())], options, undefined)
  })

  test('the policy and the port of a run that was cut off are not kept', async () => {
    const cut = host({
      [POLICY]: policy('new'),
      '/etc/systemd/system/docker-mtls-gateway.service': unit('0.0.0.0:2377'),
      '/var/lib/docker-mtls/pending': '/var/lib/docker-mtls/1\n',
    })
    const old = host({ [POLICY]: policy('old'), '/etc/systemd/system/docker-mtls-gateway.service': unit() })
    const config = await temporaryFolder()
    const one = {
      ...inspected(cut, old),
      context: { config, name: 'one', url: '', names: [], client: 'ann', force: false },
    }
    const planned = only(await way.plan(outcomes(one), issued, { ...options, config }))
    assert.equal(planned.plan.policy, policy('old'))
    assert.equal(planned.plan.listen, 'tcp://0.0.0.0:2376')
    assert.deepEqual([planned.url, planned.context?.url], ['tcp://one.test:2376', 'tcp://one.test:2376'])
  })

  test('a policy that somebody changes after the inspection stays', async () => {
    const one = inspected(host({ [POLICY]: policy('first') }))
    const later = { ...one, shell: inspected(host({ [POLICY]: policy('second') })).shell }
    const planned = await plan(later)
    assert.equal(planned.plan.policy, policy('second'))
    assert.equal(planned.plan.changes.find(({ path }) => path === POLICY)?.text, policy('second'))
  })

  test('a new gateway gets a new policy, and an invalid policy is neither kept nor replaced', async () => {
    const fresh = await plan(inspected(host()))
    assert.equal(fresh.plan.policy, policy('ann'))
    assert.ok(writes(fresh, POLICY))
    await assert.rejects(plan(inspected(host({ [POLICY]: 'rules: nonsense' }))), (error) =>
      isDockerMtlsError(error, 'ERR_POLICY_INVALID'),
    )
  })

  test('clients of a CA that only the unit of a gateway names are not locked out', async () => {
    const { ca } = await issueServer(await createAuthority({ commonName: 'other' }), { names: ['one.test'] })
    const at = (folder: string): InspectedHost =>
      inspected(
        host({
          '/etc/systemd/system/docker-mtls-gateway.service': unit(undefined, folder),
          '/srv/tls/ca.pem': ca,
        }),
      )
    await assert.rejects(inspectAgain(at('/srv/tls'), options), /accepts clients of .*other/)
    await inspectAgain(at('/srv/tls'), { ...options, replaceCa: true })
    await inspectAgain(at(FOLDER), options)
  })

  test('an older revocation list than that of the host is refused, in a dry run, too', async () => {
    const crl = `${FOLDER}/crl.pem`
    const write = async (): Promise<string> => {
      const { path } = await writeCrl({ folder: dir })
      return readFile(path, 'utf8')
    }
    const [old, newest] = [await write(), await write()]
    const setUp = async (there: string, own: string | undefined): Promise<PlannedGateway> =>
      only(
        await way.plan(
          outcomes(inspected(host({ [crl]: there }))),
          { ...issued, ...(own !== undefined && { crl: own }) },
          options,
        ),
      )
    await assert.rejects(setUp(newest, old), /is no newer than the one in force/)
    assert.equal((await setUp(old, newest)).plan.crl, newest)
    assert.equal((await setUp(newest, undefined)).plan.crl, newest)
    const kinds = async (): Promise<string[]> =>
      (await trial(inspected(host({ [crl]: newest })))).plan.conflicts.map(({ kind }) => kind)
    assert.deepEqual(await kinds(), [])
    await writeFile(crlPath(dir), old)
    assert.deepEqual(await kinds(), ['older-list'])
  })

  test('a dry run checks the certificates and lists as the gateway would, but for lists that will be renewed', async () => {
    const folder = await temporaryFolder()
    const checked = { dir: folder, gateway: { program, policyFor: () => policy('ann'), checkTrust } }
    const mine = { ...options, ...checked }
    await issueCertificates([inspected(host())], mine, undefined)
    const dry = async (crl?: string): Promise<PlannedGateway> =>
      trial(inspected(host(crl === undefined ? {} : { [`${FOLDER}/crl.pem`]: crl })), checked)
    const old = Date.now() - 3600_000
    const authority = await new PkiFolder(folder).openAuthority()
    const expired = createCrl(authority, {
      revoked: [],
      thisUpdate: new Date(old - 1000),
      nextUpdate: new Date(old),
      number: 1,
    })
    assert.ok(writes(await dry(), POLICY))
    await assert.rejects(dry(expired.pem), { code: 'ERR_CRL_INVALID' })
    await assert.rejects(dry('no list'), { code: 'ERR_CRL_INVALID' })
    // An unfinished apply may have written the list, and its rollback takes it back.
    const pending = { [`${FOLDER}/crl.pem`]: expired.pem, '/var/lib/docker-mtls/pending': '/var/lib/docker-mtls/1\n' }
    assert.ok((await trial(inspected(host(pending)), checked)).plan.isPending)
    // The setup itself would write the list of its folder again, if it has the key.
    await writeFile(crlPath(folder), expired.pem)
    assert.equal((await dry()).plan.crl, expired.pem)
    await rm(caPaths(folder).key)
    await assert.rejects(dry(), { code: 'ERR_CRL_INVALID' })
  })

  test('unreadable lists are refused, in a dry run, too: new ones could lack a revocation', async () => {
    const folder = await temporaryFolder()
    const mine = { dir: folder, gateway: { program, policyFor: () => policy('ann'), checkTrust } }
    const issue = (): Promise<IssuedCertificates> =>
      issueCertificates([inspected(host())], { ...options, ...mine }, undefined)
    await issue()
    await writeFile(crlPath(folder), 'damaged')
    for (const refused of [issue, () => trial(inspected(host()), mine)])
      await assert.rejects(refused, { code: 'ERR_CRL_INVALID', message: /crl\.pem.*docker-mtls cert crl/s })
    assert.equal(await readFile(crlPath(folder), 'utf8'), 'damaged')
    const { keptAside = '' } = await writeCrl({ folder })
    assert.equal(await readFile(keptAside, 'utf8'), 'damaged')
    assert.match((await issue()).crl ?? '', /BEGIN X509 CRL/)
  })

  test('dockerd is not put on the network beside a gateway, whatever its unit is called', async () => {
    const [own, other] = ['/etc/systemd/system/docker-mtls-gateway.service', '/usr/lib/systemd/system/proxy.service']
    const keeps = /has one, docker-mtls-gateway\.service, .*Keep the gateway: {2}--gateway/s
    await besides([])
    await assert.rejects(besides([own]), keeps)
    await assert.rejects(
      besides([other]),
      /has one, \/usr\/lib\/systemd\/system\/proxy\.service, .*systemctl disable --now proxy\.service/s,
    )
    await assert.rejects(besides([own, other]), keeps)
    // Its unit is gone, and it still runs.
    await assert.rejects(besides([], `MainPID=900\nFragmentPath=${own}`), keeps)
  })

  test('others than root may not write to the folder of the copy, but for staff in /usr/local', async () => {
    await inspectAgain(copiedBelow(`2775 0 =/usr/local/lib 50\n${WAY}`), options)
    for (const folder of ['2775 0 =/usr/local/lib 1000', '2775 0 =/usr/local/lib', '1777 0 =/usr/local/lib 50'])
      await assert.rejects(
        inspectAgain(copiedBelow(`${folder}\n${WAY}`), options),
        /others than root can replace \/usr\/local\/lib/,
      )
  })

  test('a client that the policy does not know is told, in a dry run, too', async () => {
    const refused = /has no rule for the client of this setup/
    const [known, unknown] = [host({ [POLICY]: policy('ann') }), host({ [POLICY]: policy('bob') })]
    assert.match(texts(await plan(inspected(unknown))), refused)
    assert.doesNotMatch(texts(await plan(inspected(known))), refused)
    assert.match(texts(await trial(inspected(unknown))), refused)
    assert.doesNotMatch(texts(await trial(inspected(known))), refused)
    // The client has no certificate yet.
    const empty = await temporaryFolder()
    assert.match(texts(await trial(inspected(unknown), { dir: empty })), refused)
    assert.doesNotMatch(texts(await trial(inspected(known), { dir: empty })), refused)
  })
})
