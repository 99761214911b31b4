import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { auditSnapshot, type AuditReport } from '../../lib/audit/report.ts'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import { SNAPSHOT, type Snapshot } from '../../lib/audit/snapshot/snapshot.ts'
import { compareVersions } from '../../lib/base/api-version.ts'
import { startFakeScene, type Answer, type FakeScene } from '../engine/support/fake-engine.ts'
import type { Cleanable } from '../support/temporary.ts'
import { BRIDGE, INFO, VERSION } from './support/daemon-snapshot.ts'

/** Fields of `/info`, and the API version that brought them. */
const NEWER: Readonly<Record<string, string>> = { CgroupVersion: '1.41', CDISpecDirs: '1.44', FirewallBackend: '1.49' }
/** A build of a distribution for each API version, so that no CVE is certain. */
const ENGINES = { '1.40': '19.03.15+dfsg1', '1.44': '25.0.9+dfsg1', '1.55': '29.7.2+dfsg1' } as const
type Api = keyof typeof ENGINES
const MIN_APIS: Readonly<Record<Api, string>> = { '1.40': '1.12', '1.44': '1.24', '1.55': '1.40' }

const SECRETS = ['SWMTKN-1-secret', 'hunter2hunter2', 'label-of-a-config', 'proxy-password']
const MANAGER = { LocalNodeState: 'active', ControlAvailable: true, Nodes: 1, Managers: 1 }

/** What a daemon of an API version answers, by path. */
function answersOf(api: Api, info: object = {}): Record<string, unknown> {
  const known = Object.entries(INFO).filter(([name]) => compareVersions(NEWER[name] ?? '1.40', api) <= 0)
  return {
    '/version': {
      ...VERSION,
      Platform: { Name: '' },
      Version: ENGINES[api],
      ApiVersion: api,
      MinAPIVersion: MIN_APIS[api],
      Components: [
        { Name: 'containerd', Version: '1.7.24~ds1', Details: { GitCommit: '1.7.24~ds1-6' } },
        { Name: 'runc', Version: '1.1.15+ds1', Details: { GitCommit: '1.1.15+ds1-2' } },
      ],
    },
    '/info': {
      ...Object.fromEntries(known),
      SystemTime: new Date().toISOString(),
      HttpsProxy: 'http://ann:proxy-password@proxy.example.com:3128',
      ...info,
    },
    '/containers/json': [],
    '/networks': [BRIDGE],
    [`/networks/${BRIDGE.Id}`]: BRIDGE,
    '/volumes': { Volumes: null, Warnings: null },
    '/plugins': [],
    '/images/json': [{ Id: 'sha256:1', RepoTags: ['web:1'], RepoDigests: null }],
    '/swarm': {
      Spec: { EncryptionConfig: { AutoLockManagers: true }, CAConfig: { NodeCertExpiry: 7776000000000000 } },
      JoinTokens: { Worker: 'SWMTKN-1-secret', Manager: 'SWMTKN-1-secret' },
      RootRotationInProgress: false,
    },
    '/nodes': [{ ID: 'n1', Spec: { Role: 'manager' }, Description: { Hostname: 'build01' } }],
    '/services': [{ ID: 's1', Spec: { Name: 'web' }, Endpoint: { Spec: {} } }],
    '/configs': [
      {
        ID: 'c1',
        Spec: {
          Name: 'site.conf',
          Labels: { a: 'label-of-a-config' },
          Data: Buffer.from('password: hunter2hunter2').toString('base64'),
        },
      },
    ],
  }
}

function answering(answers: Record<string, unknown>): Answer {
  return ({ path }, response) => {
    const body = answers[path.split('?', 1)[0] ?? '']
    if (body === undefined) return void response.writeHead(404).end('{"message":"no such thing"}')
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body))
  }
}

interface Audited extends FakeScene {
  readonly snapshot: Snapshot
  readonly report: AuditReport
}

async function audited(t: Cleanable, version: string, answer: Answer): Promise<Audited> {
  const scene = await startFakeScene(t, { version, answer })
  const snapshot = await collectSnapshot(scene.docker)
  return { ...scene, snapshot, report: auditSnapshot(snapshot) }
}

const idsWith = ({ findings }: AuditReport, status: string): string[] =>
  findings.filter((finding) => finding.status === status).map(({ check }) => check)

describe('a well configured daemon', () => {
  for (const api of ['1.40', '1.44', '1.55'] as const) {
    test(`of API ${api} has one failure, which is true`, async (t) => {
      const { report, snapshot, fake } = await audited(t, api, answering(answersOf(api)))
      // Its proxy has a password, which must not get into the snapshot.
      assert.deepEqual(idsWith(report, 'fail'), ['D-PROXYCRED'])
      assert.ok(idsWith(report, 'pass').length >= 12, idsWith(report, 'pass').join())
      assert.deepEqual(SNAPSHOT.parse(JSON.parse(JSON.stringify(snapshot))).at, snapshot.at)
      assert.ok(!JSON.stringify(snapshot).includes('proxy-password'))
      const paths = new Set(fake.asked.map(({ path }) => path))
      assert.ok(fake.asked.every(({ method }) => method === 'GET'))
      for (const path of ['/swarm', '/nodes', '/services', '/configs'])
        assert.ok(!paths.has(path), `${path} is asked only of managers`)
    })
  }

  test('that manages a swarm is asked about it, and its secrets stay out of the snapshot', async (t) => {
    const info = { Swarm: MANAGER, HttpsProxy: '' }
    const { report, snapshot } = await audited(t, '1.55', answering(answersOf('1.55', info)))
    assert.deepEqual(idsWith(report, 'fail'), [])
    const config = report.findings.find(({ check }) => check === 'S-CONFIGS')
    assert.deepEqual([config?.status, config?.subject], ['warn', { kind: 'config', id: 'c1', name: 'site.conf' }])
    for (const secret of SECRETS) assert.ok(!JSON.stringify(snapshot).includes(secret), secret)
  })

  test('shows the options of a network that it can only list', async (t) => {
    const answers = { ...answersOf('1.55'), [`/networks/${BRIDGE.Id}`]: undefined }
    const { report } = await audited(t, '1.55', answering(answers))
    const icc = report.findings.find(({ check }) => check === 'D-ICC')
    assert.equal(icc?.status, 'pass')
  })
})

describe('a daemon that does not answer well passes nothing', () => {
  const bodies: ReadonlyArray<readonly [what: string, answer: Answer]> = [
    ['nothing is there', (_, response) => void response.writeHead(404).end('{"message":"no"}')],
    ['a failure', (_, response) => void response.writeHead(500).end('{"message":"no"}')],
    ['null', (_, response) => void response.end('null')],
    ['an empty object', (_, response) => void response.end('{}')],
    ['a list of rubbish', (_, response) => void response.end('[null, 3, "x", [], {"Id": 3}]')],
    ['a page', (_, response) => void response.end('<html>')],
    ['an answer that is cut', (_, response) => void response.destroy()],
  ]
  for (const [what, answer] of bodies) {
    test(what, async (t) => {
      const { report } = await audited(t, '1.55', answer)
      assert.deepEqual(
        idsWith(report, 'pass'),
        ['D-TABLE-AGE'].filter((id) => idsWith(report, 'pass').includes(id)),
      )
      assert.deepEqual(idsWith(report, 'fail'), [])
      assert.ok(idsWith(report, 'unknown').length > 60)
    })
  }
})

describe('the collection', () => {
  test('sends at most 16 requests at once, also for 500 containers', async (t) => {
    const listed = Array.from({ length: 500 }, (_, index) => ({ Id: `c${index}`, Image: 'web' }))
    const answers = { ...answersOf('1.55'), '/containers/json': listed }
    const inspect = { State: { Running: true }, ExecIDs: null }
    let [now, most] = [0, 0]
    let slow = 20
    const answer: Answer = (request, response) => {
      most = Math.max(most, ++now)
      // A client opens more connections when 16 get no answer for a second.
      const delay = request.path.endsWith('/json') && request.path.startsWith('/containers/c') && slow-- > 0 ? 1300 : 1
      setTimeout(() => {
        now--
        const [, id] = /^\/containers\/(c\d+)\/json/.exec(request.path) ?? []
        if (id === undefined) return answering(answers)(request, response)
        response
          .setHeader('Content-Type', 'application/json')
          .end(JSON.stringify({ ...inspect, Id: id, Name: `/${id}` }))
      }, delay)
    }
    const { snapshot } = await audited(t, '1.55', answer)
    assert.ok('value' in snapshot.containers)
    assert.deepEqual(
      snapshot.containers.value.map(({ name }) => name),
      listed.map(({ Id }) => Id),
    )
    assert.ok(most === 16, `${most} at once`)
  })

  test('of a daemon that never answers takes the time of one request', async (t) => {
    const { docker } = await startFakeScene(t, { version: '1.55', answer: () => undefined })
    const started = performance.now()
    const snapshot = await collectSnapshot(docker, { requestTimeout: 300 })
    assert.ok(performance.now() - started < 1500)
    assert.deepEqual(
      auditSnapshot(snapshot).unread.map(({ part }) => part),
      ['version', 'info', 'containers', 'networks', 'volumes'],
    )
  })
})
