import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { DATA_FACTS_SH, parseDataFacts, planUserns, whatDisappears, withLine } from '../../lib/daemon.ts'
import { connect, isDockerMtlsError, type DockerClient, type ErrorCode } from '../../lib/index.ts'
import type { StepEvent } from '../../lib/base/progress.ts'
import { verifyUserns, type UsernsVerificationOptions } from '../../lib/apply/userns/verify.ts'
import { lacks } from '../support/requirements.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { testedEngine } from './harness/engine.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace, type DaemonPlace } from './harness/place.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

const FILES = { passwd: '/etc/passwd', group: '/etc/group', subuid: '/etc/subuid', subgid: '/etc/subgid' } as const
type Texts = Readonly<Record<keyof typeof FILES, string>>

/** The namespaces have an /etc of their own. */
async function readTexts(): Promise<Texts> {
  const texts = Object.entries(FILES).map(async ([name, path]) => [name, await readFile(path, 'utf8').catch(() => '')])
  return Object.fromEntries(await Promise.all(texts)) as Texts
}

async function writeTexts(texts: Partial<Texts>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) await writeFile(FILES[name as keyof Texts], text)
}

const readUidMap = (pid: number): Promise<string> => readFile(`/proc/${pid}/uid_map`, 'utf8')

interface Running {
  readonly daemon: Daemon
  readonly docker: DockerClient
  readonly stop: (keep?: boolean) => Promise<void>
}

async function start(place: DaemonPlace, userns?: string): Promise<Running> {
  const remap = userns === undefined ? [] : ['--userns-remap', userns]
  const daemon = await startDockerd({ place, argv: [place.dockerd, '-H', place.listen[0], ...remap] })
  const docker = await connect({ host: place.listen[0] }, { HOME: '/nonexistent' })
  const stop = async (keep = false): Promise<void> => {
    await docker.close()
    await daemon.stop({ keep })
  }
  return { daemon, docker, stop }
}

async function assertNothingLeft(docker: DockerClient): Promise<void> {
  assert.deepEqual(await docker.containers.list({ all: true }), [])
  const names = (await docker.images.list({ all: true })).flatMap(({ RepoTags }) => RepoTags)
  assert.deepEqual(
    names.filter((name) => name.includes('docker-mtls') || name.includes('<none>')),
    [],
  )
}

function rejects(call: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> {
  return assert.rejects(call, (error) => {
    assert.ok(isDockerMtlsError(error, code), String(error))
    assert.match(error.message, words)
    return true
  })
}

describe('what we say of a value of userns-remap is what dockerd makes of it', { skip }, () => {
  let clean: Texts
  before(async () => {
    clean = await readTexts()
  })
  after(() => writeTexts(clean))

  const ANN = 'ann:x:1500:1500::/:/bin/false\n'
  const ANN_GROUP = 'ann:x:1500:\nstaff:x:1600:\n'
  type Row = readonly [what: string, value: string, subuid: string, subgid: string]
  const rows: readonly Row[] = [
    [
      'a comment, blanks, and a number of another that is none',
      'ann',
      '# x\n\n ann:300000:65536 \nbob:x:y\n',
      'ann:300000:65536',
    ],
    ['several ranges, not in order', 'ann', 'ann:300000:1000\nann:200000:65536\n', 'ann:400000:65536\n'],
    ['by the uid, before the name', 'ann', 'ann:400000:65536\n1500:300000:65536\n', '1500:300000:65536\n'],
    ['uid:gid', '1500:1600', 'ann:300000:65536\n', 'ann:500000:65536\n'],
    ['the lowest id and the last', 'ann', 'ann:1:65536\nann:4294901759:65536', 'ann:300000:65536\n'],
    ['nothing there, and it is made', 'ann:staff', '', 'staff:300000:65536\n'],
  ]
  for (const [what, value, subuid, subgid] of rows) {
    test(`starts: ${what}`, async () => {
      const passwd = clean.passwd + ANN
      const group = clean.group + ANN_GROUP
      const plan = planUserns(value, { passwd, group, subuid, subgid })
      const { missing } = plan
      // Where Docker 28 differs, we warn.
      const warned = plan.warnings.some((text) => text.includes('Docker 28 uses both'))
      await writeTexts({
        passwd,
        group,
        subuid: missing.subuid === undefined ? subuid : withLine(subuid, missing.subuid),
        subgid: missing.subgid === undefined ? subgid : withLine(subgid, missing.subgid),
      })
      const { docker, stop } = await start(await chooseDaemonPlace(), value)
      try {
        const { DockerRootDir } = await docker.info()
        if (warned && testedEngine().major >= 28) {
          assert.notEqual(basename(DockerRootDir), plan.dataFolder)
          return
        }
        assert.equal(basename(DockerRootDir), plan.dataFolder)
        const proof = await verifyUserns(docker, { readUidMap, rootUid: plan.rootUid })
        assert.ok(proof.verified)
        assert.equal(proof.remappedRoot, plan.rootUid)
        assert.deepEqual(
          proof.uidMap.map(({ outside, count }) => ({ start: outside, count })),
          plan.subuid,
        )
      } finally {
        await stop()
      }
    })
  }

  test('starts: default, and our lines are there before dockremap is', async () => {
    // With which 26.1.5 would take 100000 to 165535.
    const others = { subuid: 'bob:110000:1000\n', subgid: 'bob:110000:1000\n' }
    const facts = {
      passwd: clean.passwd.replace(/^dockremap:.*\n/m, ''),
      group: clean.group.replace(/^dockremap:.*\n/m, ''),
    }
    const plan = planUserns('default', { ...facts, ...others })
    assert.equal(plan.missing.user, 'dockremap')
    const subuid = withLine(others.subuid, plan.missing.subuid ?? '')
    const subgid = withLine(others.subgid, plan.missing.subgid ?? '')
    await writeTexts({ ...facts, subuid, subgid })
    const { docker, stop } = await start(await chooseDaemonPlace(), 'default')
    try {
      assert.equal(basename((await docker.info()).DockerRootDir), plan.dataFolder)
      assert.equal(plan.dataFolder, '111000.111000')
      const now = await readTexts()
      assert.match(now.passwd, /^dockremap:/m)
      assert.deepEqual([now.subuid, now.subgid], [subuid, subgid])
      assert.deepEqual(planUserns('default', now).missing, {})
    } finally {
      await stop()
    }
  })

  const OTHERS_LINE = /Format not correct for \/etc\/subuid/
  /** Those with which dockerd itself doesn't start. */
  const refused: readonly (readonly [what: string, value: string, both: string, words: RegExp])[] = [
    ['a line of two fields, of anybody', 'ann', 'bob:1\nann:300000:65536\n', OTHERS_LINE],
    ['a line of four fields, of anybody', 'ann', 'bob:1:2:3\nann:300000:65536\n', OTHERS_LINE],
    ['a comment behind a number', 'ann', 'ann:300000:65536 # x\n', /String to int conversion failed|-1\.-1/],
    ['a range of nothing', 'ann', 'ann:300000:0\n', /-1\.-1/],
    ['no such user', 'zoe', 'zoe:300000:65536\n', /Error during uid lookup for "zoe"/],
    ['no such group', 'ann:zoe', 'ann:300000:65536\n', /Error during groupname lookup for "zoe"/],
    ['no group of the number', '1600', '1600:300000:65536\n', /Gid 1600 has no entry|gid|group/],
  ]
  for (const [what, value, both, words] of refused) {
    test(`doesn't start: ${what}`, async () => {
      const passwd = `${clean.passwd}${ANN}eve:x:1600:1500::/:/bin/false\n`
      const texts = { passwd, group: `${clean.group}ann:x:1500:\n`, subuid: both, subgid: both }
      assert.throws(() => planUserns(value, texts), { code: 'ERR_USERNS_INVALID' })
      await writeTexts(texts)
      const starting = chooseDaemonPlace().then((place) => start(place, value))
      if (words !== OTHERS_LINE || testedEngine().major < 28) return assert.rejects(starting, words)
      // Docker 28 passes over lines of others that are no ranges.
      const { docker, stop } = await starting
      assert.equal(basename((await docker.info()).DockerRootDir), '300000.300000')
      await stop()
    })
  }

  test('starts, and no container does: ranges that overlap', async () => {
    const both = 'ann:300000:65536\nann:310000:65536\n'
    const texts = { passwd: clean.passwd + ANN, group: clean.group + ANN_GROUP, subuid: both, subgid: both }
    assert.throws(() => planUserns('ann', texts), /overlap/)
    await writeTexts(texts)
    const { docker, stop } = await start(await chooseDaemonPlace(), 'ann')
    try {
      await assert.rejects(verifyUserns(docker, { readUidMap }), /create failed|can't get final child/)
      await assertNothingLeft(docker)
    } finally {
      await stop()
    }
  })

  test("starts, without user namespaces: root's own ids", async () => {
    const both = 'ann:0:65536\n'
    const texts = { passwd: clean.passwd + ANN, group: clean.group + ANN_GROUP, subuid: both, subgid: both }
    assert.throws(() => planUserns('ann', texts), /the id 0/)
    await writeTexts(texts)
    const { docker, stop } = await start(await chooseDaemonPlace(), 'ann')
    try {
      await rejects(verifyUserns(docker, { readUidMap }), 'ERR_USERNS_NOT_IN_FORCE', /user namespaces are off/)
    } finally {
      await stop()
    }
  })
})

describe('the proof by a container', { skip }, () => {
  let running: Running
  let docker: DockerClient
  before(async () => {
    running = await start(await chooseDaemonPlace(), 'default')
    docker = running.docker
  })
  after(() => running.stop())

  test('sees whose root it has, tells the step, and leaves nothing', async () => {
    const events: StepEvent[] = []
    const { rootUid } = planUserns('default', await readTexts())
    const proof = await verifyUserns(docker, { readUidMap, rootUid, onStep: (event) => events.push(event) })
    assert.deepEqual(proof, {
      verified: true,
      uidMap: [{ inside: 0, outside: rootUid, count: 65536 }],
      remappedRoot: rootUid,
    })
    assert.deepEqual(
      events.map(({ step, state, note }) => [step, state, note]),
      [
        ['userns', 'running', undefined],
        ['userns', 'done', `a container's root is ${rootUid} on the host`],
      ],
    )
    await assertNothingLeft(docker)
  })

  test('looks at a container that has next to nothing', async () => {
    let seen: Awaited<ReturnType<DockerClient['containers']['list']>> = []
    let status = ''
    await verifyUserns(docker, {
      readUidMap: async (pid) => {
        seen = await docker.containers.list()
        // The start is over when runc is about to become the program, and a moment before it is.
        for (let tries = 0; tries < 200 && !status.startsWith('Name:\twait\n'); tries++) {
          await delay(25)
          status = await readFile(`/proc/${pid}/status`, 'utf8')
        }
        return readUidMap(pid)
      },
    })
    assert.equal(seen.length, 1)
    assert.equal(seen[0]?.HostConfig.NetworkMode, 'none')
    assert.deepEqual(seen[0]?.Mounts, [])
    assert.match(status, /^Name:\twait$/m)
    assert.match(status, /^CapBnd:\t0+$/m)
    assert.match(status, /^NoNewPrivs:\t1$/m)
    assert.match(status, /^Uid:\t100000\t/m)
  })

  const failing: readonly (readonly [
    what: string,
    options: Partial<UsernsVerificationOptions>,
    code: ErrorCode,
    words: RegExp,
  ])[] = [
    ['a map of the host', { readUidMap: () => readUidMap(process.pid) }, 'ERR_USERNS_NOT_IN_FORCE', /0 0 4294967295/],
    ['another root than wanted', { rootUid: 4711 }, 'ERR_USERNS_NOT_IN_FORCE', /but 4711 in \/etc\/subuid/],
    ['no /proc of the host', { readUidMap: () => readUidMap(2 ** 30) }, 'ERR_HOST_UNREADABLE', /no such file/],
    ['an empty answer', { readUidMap: () => Promise.resolve('') }, 'ERR_USERNS_NOT_IN_FORCE', /no line/],
  ]
  for (const [what, options, code, words] of failing) {
    test(`refuses ${what}, and leaves nothing`, async () => {
      await rejects(verifyUserns(docker, { readUidMap, ...options }), code, words)
      await assertNothingLeft(docker)
    })
  }

  test('leaves nothing when it is aborted, whenever that is', async () => {
    const reason = new Error('enough')
    for (const milliseconds of [0, 5, 20, 50, 100, 200, 300, 450]) {
      const stop = new AbortController()
      const timer = setTimeout(() => stop.abort(reason), milliseconds)
      const never = new Promise<string>((_, reject) => stop.signal.addEventListener('abort', () => reject(reason)))
      never.catch(() => undefined)
      const proof = verifyUserns(docker, { readUidMap: () => never, signal: stop.signal })
      await assert.rejects(proof, (error) => error === reason, `after ${milliseconds} ms`)
      clearTimeout(timer)
      await assertNothingLeft(docker)
    }
    const aborted = verifyUserns(docker, { readUidMap, signal: AbortSignal.abort(reason) })
    await assert.rejects(aborted, (error) => error === reason)
  })

  test('leaves nothing when the container is gone already', async () => {
    const proof = await verifyUserns(docker, {
      readUidMap: async (pid) => {
        const map = await readUidMap(pid)
        for (const { Id } of await docker.containers.list()) await docker.containers.kill(Id)
        return map
      },
    })
    assert.ok(proof.verified)
    await assertNothingLeft(docker)
  })

  test('a machine that we have no program for is not verified, and nothing is run on it', async () => {
    const info = await docker.info()
    const other = { info: () => Promise.resolve({ ...info, Architecture: 's390x' }) } as unknown as DockerClient
    const proof = await verifyUserns(other, { readUidMap })
    assert.equal(proof.verified, false)
    assert.match('reason' in proof ? proof.reason : '', /no test program for s390x/)
  })
})

const counts = async (docker: DockerClient): Promise<number[]> => {
  const [images, containers, volumes, networks] = await Promise.all([
    docker.images.list({ all: true }),
    docker.containers.list({ all: true }),
    docker.volumes.list(),
    docker.networks.list(),
  ])
  // bridge, host and none are always there.
  return [images.length, containers.length, volumes.Volumes?.length ?? 0, networks.length - 3]
}

test(
  'what is there without user namespaces disappears with them, as we say, and is back afterwards',
  { skip },
  async (t) => {
    const clean = await readTexts()
    t.after(() => writeTexts(clean))
    const place = await chooseDaemonPlace()
    t.after(() => rm(place.folder, { recursive: true, force: true }))
    const root = join(place.folder, 'data')
    const look = (): ReturnType<typeof parseDataFacts> => {
      const script = `f() {\n${DATA_FACTS_SH}}\nf "$1"`
      return parseDataFacts(spawnSync('sh', ['-c', script, 'sh', root], { encoding: 'utf8' }).stdout)
    }
    let running = await start(place)
    const image = await makeImage(running.daemon)
    await rejects(
      verifyUserns(running.docker, { readUidMap }),
      'ERR_USERNS_NOT_IN_FORCE',
      /user namespaces are off: .*name=seccomp/,
    )
    for (const name of ['one', 'two']) await running.docker.containers.create({ Image: image, Cmd: ['true'] }, { name })
    for (const Name of ['v1', 'v2', 'v3']) await running.docker.volumes.create({ Name })
    await running.docker.networks.create({ Name: 'mine' })
    assert.deepEqual(await counts(running.docker), [1, 2, 3, 1])
    const { images, containers, volumes } = look().plain
    assert.deepEqual([images, containers, volumes], [1, 2, 3])
    await running.stop(true)

    const { dataFolder } = planUserns('default', await readTexts())
    const [sentence = '', ...more] = whatDisappears(look(), { after: dataFolder })
    assert.match(
      sentence,
      /^User namespaces hide 1 image, 2 containers and 3 volumes in .*\/data, and networks you created\./,
    )
    assert.deepEqual(more, [])

    running = await start(place, 'default')
    assert.deepEqual(await counts(running.docker), [0, 0, 0, 0])
    await running.docker.volumes.create({ Name: 'other' })
    await running.stop(true)
    const facts = look()
    assert.equal(facts.remapped.get(dataFolder)?.volumes, 1)
    assert.deepEqual(facts.plain, look().plain)
    const [gone = '', back = ''] = whatDisappears(facts, { before: dataFolder })
    assert.match(gone, /^Turning user namespaces off hides 1 volume in .*100000\.100000, /)
    assert.match(back, /has older data: 1 image, 2 containers and 3 volumes/)

    running = await start(place)
    assert.deepEqual(await counts(running.docker), [1, 2, 3, 1])
    await running.stop()
  },
)
