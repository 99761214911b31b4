import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CHECKS } from '../../lib/audit/checks.ts'
import { hardened, reviewCreate } from '../../lib/audit/hardened.ts'
import { auditSnapshot } from '../../lib/audit/report.ts'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import type { Finding } from '../../lib/audit/check.ts'
import { SNAPSHOT, type Snapshot } from '../../lib/audit/snapshot/snapshot.ts'
import { lacks } from '../support/requirements.ts'
import { makeImage } from './harness/image.ts'
import { BENCH_RULES, EXPLAINED } from './support/bench-rules.ts'
import { startBusyboxEngine, type BusyboxEngine } from './support/busybox-engine.ts'
import { FAULTY, HARDENED, type Faulty } from './support/faulty-containers.ts'

/** Checks whose faults this machine can't have: recorded answers test them. */
const ELSEWHERE: ReadonlySet<string> = new Set(['C-APPARMOR', 'C-LABEL', 'C-USERNS', 'C-IMGMOUNT', 'D-STALE-C'])
/** Without these, the daemon of this machine can't enforce limits. */
const LIMITS = { 'C-MEM': 'MemoryLimit', 'C-PIDS': 'PidsLimit', 'C-CPU': 'CpuCfsQuota' } as const

describe('an audit of real containers', { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip') }, () => {
  let engine: BusyboxEngine
  let snapshot: Snapshot
  let findings: readonly Finding[]
  let shared: string

  before(async () => {
    engine = await startBusyboxEngine()
    shared = await sharedFolder()
    await prepare(engine)
    await engine.start(HARDENED, 'hardened')
    for (const [name, faulty] of Object.entries(FAULTY)) await make(engine, name, faulty)
    await engine.start({ HostConfig: { Binds: [`${shared}:/shared:rshared`] } }, 'propagating')
    await runExec(engine, 'exec')
    await makeImage(engine.daemon, 'audit-drift')
    await engine.runs('login', '/bin/sh /tmp/sshd secret-argument')
    snapshot = await collectSnapshot(engine.docker)
    ;({ findings } = auditSnapshot(snapshot))
  })
  after(async () => {
    await engine?.stop()
    if (shared === undefined) return
    spawnSync('umount', [shared])
    await rm(shared, { recursive: true })
  })

  function statuses(container: string): Map<string, Finding> {
    const own = findings.filter(({ subject }) => subject.kind === 'container' && subject.name === container)
    return new Map(own.map((finding) => [finding.check, finding]))
  }

  test('a hardened container passes every check that applies', () => {
    assert.ok('value' in snapshot.info, 'info was read')
    const info = snapshot.info.value
    const other = [...statuses('hardened').values()].filter(
      ({ status }) => status !== 'pass' && status !== 'not-applicable',
    )
    const unseen = Object.entries(LIMITS).filter(([, field]) => info[field] === false)
    assert.deepEqual(
      other.map(({ check, status, detail }) => [check, status, detail]),
      other
        .filter(({ check, status }) => status === 'unknown' && unseen.some(([id]) => id === check))
        .map(({ check, status, detail }) => [check, status, detail]),
    )
    assert.ok(statuses('hardened').size >= 40, 'it was looked at')
  })

  for (const [name, { fail = '', warn = '' }] of Object.entries(FAULTY)) {
    test(`${name}: fails ${fail || 'nothing'}, warns ${warn || 'of nothing'}`, () => {
      const found = statuses(name)
      for (const [expected, ids] of [
        ['fail', fail],
        ['warn', warn],
      ] as const) {
        for (const id of ids.split(' ').filter((one) => one !== '')) {
          assert.equal(found.get(id)?.status, expected, `${id}: ${found.get(id)?.detail ?? ''}`)
        }
      }
    })
  }

  test('a mount that propagates to the host', () => {
    assert.equal(statuses('propagating').get('C-PROP')?.status, 'fail')
  })

  test('each check of containers that can fail here has failed', () => {
    const failed = new Set(
      findings.filter(({ status }) => status === 'fail' || status === 'warn').map(({ check }) => check),
    )
    const never = CHECKS.filter(({ id, family }) => family === 'container' && !failed.has(id) && !ELSEWHERE.has(id))
    assert.deepEqual(
      never.map(({ id }) => id),
      [],
    )
  })

  test('no part was unreadable, and no secret was collected', () => {
    const ofContainers = findings.filter(({ subject }) => subject.kind === 'container' && subject.name !== 'restarting')
    const unseen = ofContainers.filter(({ check, status }) => status === 'unknown' && !(check in LIMITS))
    assert.deepEqual(
      unseen.map(({ check, subject, detail }) => [check, subject, detail]),
      [],
    )
    const text = JSON.stringify(snapshot)
    for (const secret of ['canary-value', 'secret-argument']) assert.ok(!text.includes(secret), secret)
    assert.ok(text.includes('DB_PASSWORD'), 'the name is there')
  })

  test('agrees with the rules of docker-bench-security on the same containers, or the difference is explained', async () => {
    const differences: string[] = []
    for (const { Id, Names } of await engine.docker.containers.list()) {
      const name = (Names[0] ?? '').slice(1)
      const inspect = await engine.docker.containers.inspect(Id)
      for (const { cis, check, objects } of BENCH_RULES) {
        const status = statuses(name).get(check)?.status
        const isOurs = status === 'fail' || status === 'warn'
        if (objects(inspect) !== isOurs) differences.push(`${cis} ${check} ${name}: ${status}`)
      }
    }
    assert.deepEqual(
      differences.filter((one) => !EXPLAINED.some(([pattern]) => pattern.test(one))),
      [],
    )
    // Whether that container runs at this moment is chance.
    const certain = EXPLAINED.filter(([pattern]) => !pattern.source.includes(' restarting: '))
    const needless = certain.filter(([pattern]) => !differences.some((one) => pattern.test(one)))
    assert.deepEqual(
      needless.map(([pattern]) => String(pattern)),
      [],
    )
  })

  test('a review before creation says the same as the audit afterwards', () => {
    for (const [name, { request }] of Object.entries({ ...FAULTY, hardened: { request: HARDENED } })) {
      const reviewed = reviewCreate({ Image: engine.image, ...request }, { daemon: snapshot })
      assert.ok(reviewed.length > 25, name)
      const different = reviewed
        .filter(({ check, status }) => status !== 'unknown' && status !== statuses(name).get(check)?.status)
        .map(({ check, status }) => `${name} ${check}: ${status}, not ${statuses(name).get(check)?.status}`)
      assert.deepEqual(different, [])
    }
  })

  test('a request that was hardened starts, and passes what it should', async () => {
    const options = { daemon: snapshot }
    const { body, remaining } = hardened({ Image: engine.image, Cmd: ['sleep', '1000'] }, {}, options)
    await engine.start(body, 'by-hardened')
    const found = auditSnapshot(await collectSnapshot(engine.docker)).findings.filter(
      ({ subject, status }) => subject.kind === 'container' && subject.name === 'by-hardened' && status !== 'pass',
    )
    const open = found.filter(({ status }) => status !== 'not-applicable').map(({ check }) => check)
    assert.deepEqual(
      open.filter((check) => !remaining.some((finding) => finding.check === check)),
      [],
    )
    assert.ok(open.includes('C-BRIDGE') && !open.includes('C-USER'), open.join())
  })

  test('a saved snapshot gives the same findings', () => {
    assert.deepEqual(auditSnapshot(SNAPSHOT.parse(JSON.parse(JSON.stringify(snapshot)))).findings, findings)
  })
})

async function make(engine: BusyboxEngine, name: string, { request, onlyCreated }: Faulty): Promise<void> {
  if (onlyCreated) await engine.docker.containers.create({ Image: engine.image, ...request }, { name })
  else await engine.start(request, name)
}

/** Networks, volumes and images that the containers name. */
async function prepare({ docker, daemon }: BusyboxEngine): Promise<void> {
  await docker.networks.create({ Name: 'own' })
  await docker.volumes.create({ Name: 'audit-hidden', DriverOpts: { type: 'none', o: 'bind', device: '/etc' } })
  await docker.volumes.create({ Name: 'audit-kernel', DriverOpts: { type: 'proc', device: 'any' } })
  await makeImage(daemon, 'audit-drift')
}

function mount(...args: string[]): void {
  assert.equal(spawnSync('mount', args).status, 0, args.join(' '))
}

/** A folder whose mounts reach the host: what a mount with the propagation rshared needs. */
async function sharedFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'audit-shared-'))
  mount('--bind', folder, folder)
  mount('--make-shared', folder)
  return folder
}

async function runExec({ docker }: BusyboxEngine, container: string): Promise<void> {
  const { Id } = await docker.exec.create(container, { Cmd: ['sleep', '1000'], Privileged: true, User: 'root' })
  // It runs until the container does.
  await docker.exec.start(Id)
}
