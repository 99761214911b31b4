import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Operation, QueryTake } from '../../lib/engine/operation.ts'
import { compareVersions, NEWEST_API_VERSION, OLDEST_API_VERSION } from '../../lib/base/api-version.ts'
import { DockerApiError } from '../../lib/index.ts'
import { CALLS, type Given } from './operations-table.ts'
import { callsOf } from './support/rows.ts'
import { startFakeScene, type Answer, type Asked } from './support/fake-engine.ts'
import { loadOperations } from './support/operations.ts'

/** The oldest that we speak, one in the middle, and the newest; the daemon of the other tests speaks 1.45. */
const VERSIONS = [OLDEST_API_VERSION, '1.44', NEWEST_API_VERSION] as const
const operations = await loadOperations()

function given(parts: Partial<Given> = {}): Given {
  return { a: 'one', b: 'two', body: {}, options: {}, ...parts }
}

/** Something that came after the oldest version, how to ask for it, and how to see that it was sent. */
interface Newer {
  readonly what: string
  readonly since: string
  readonly call: string
  readonly given: Given
  readonly wasSent: (asked: Asked) => boolean
}

function newerIn(operation: Operation): Newer[] {
  const { name, since, query = {}, newer = {} } = operation
  const marks: Omit<Newer, 'call'>[] = Object.entries(query).flatMap(([option, take]) => {
    const wasSent = ({ query: sent }: Asked): boolean => sent.has(take.as ?? option)
    const mark = (what: string, from: string, value: unknown): Omit<Newer, 'call'> => ({
      what,
      since: from,
      given: given({ options: { [option]: value } }),
      wasSent,
    })
    return [
      ...(take.since === undefined ? [] : [mark(option, take.since, sample(option, take))]),
      ...Object.entries(take.newer ?? {}).map(([filter, from]) =>
        mark(`the filter ${filter}`, from, { [filter]: true }),
      ),
    ]
  })
  for (const [path, from] of Object.entries(newer)) {
    const body = path
      .split('.')
      .reduceRight<unknown>((value, key) => (key === '*' ? [value] : { [key]: value }), 'x') as object
    // The table of fields knows their forms, too.
    const options = { allowUnknown: true }
    marks.push({
      what: path,
      since: from,
      given: given({ body, options }),
      wasSent: ({ body: sent }) => sent.includes('"x"'),
    })
  }
  if (since !== undefined) marks.push({ what: 'itself', since, given: given(), wasSent: () => true })
  return callsOf(name).flatMap((call) => marks.map((mark) => ({ ...mark, call })))
}

/** What every check of the option's own lets pass. */
function sample(option: string, { encode }: QueryTake): unknown {
  if (encode === 'integer') return 7
  if (option.startsWith('platform')) return { os: 'linux', architecture: 'amd64' }
  // A web socket of an older daemon has all three: asking for them changes nothing.
  if (option.startsWith('std')) return false
  return option === 'type' ? 'image' : true
}

function previous(version: string): string {
  const [major, minor] = version.split('.').map(Number)
  return `${major}.${(minor ?? 0) - 1}`
}

describe('what came after the oldest version', () => {
  const all = operations.flatMap(newerIn)

  test('is known: the marks are found', () => {
    assert.ok(all.length > 60, `only ${all.length}`)
    for (const { what, since } of all) {
      const known = compareVersions(since, OLDEST_API_VERSION) > 0 && compareVersions(since, NEWEST_API_VERSION) <= 0
      assert.ok(known, `${what}: ${since}`)
    }
  })

  for (const { what, since, call, given: parts, wasSent } of all) {
    test(`${call}: ${what} is refused before ${since}, and sent from then on`, async (t) => {
      for (const version of new Set([OLDEST_API_VERSION, previous(since)])) {
        const { docker, fake } = await startFakeScene(t, { version })
        await assert.rejects(
          async () => CALLS[call]?.(docker, parts),
          { code: 'ERR_API_FIELD_TOO_NEW', message: new RegExp(`Engine API ${since}, .*uses ${version}`) },
          version,
        )
        assert.deepEqual(fake.asked, [], 'nothing was sent')
      }
      for (const version of new Set([since, NEWEST_API_VERSION])) {
        const { docker, fake } = await startFakeScene(t, { version })
        await assert.rejects(async () => CALLS[call]?.(docker, parts), DockerApiError, version)
        assert.ok(fake.asked.some(wasSent), `it was sent by ${version}: ${fake.asked.map(({ path }) => path).join()}`)
      }
    })
  }
})

describe('every method', () => {
  for (const version of VERSIONS) {
    test(`sends ${version} in its path, or says that it is too new`, async (t) => {
      const { docker, fake } = await startFakeScene(t, { version })
      for (const [name, call] of Object.entries(CALLS)) {
        const before = fake.asked.length
        const error = await rejection(call(docker, given()))
        const sent = fake.asked.slice(before)
        if (error.code === 'ERR_API_FIELD_TOO_NEW') assert.deepEqual(sent, [], name)
        else if (!name.startsWith('system.ping'))
          assert.deepEqual([...new Set(sent.map((asked) => asked.version))], [version], name)
      }
    })
  }
})

/** Why a call failed; against this fake it has to, but for a ping. */
async function rejection(call: PromiseLike<unknown>): Promise<{ code?: string }> {
  return Promise.resolve(call).then(
    () => ({}),
    (error: { code?: string }) => error,
  )
}

const json =
  (value: unknown): Answer =>
  (_, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(value))
  }

describe('what answers have, and since when', () => {
  test('a ping of an old daemon says less', async (t) => {
    const old = await startFakeScene(t, { version: '1.40', headers: { Ostype: 'linux' } })
    assert.deepEqual(await old.docker.ping(), {
      apiVersion: '1.40',
      osType: 'linux',
      experimental: false,
      builderVersion: undefined,
      swarm: undefined,
      server: undefined,
    })
    const headers = {
      'Builder-Version': '2',
      'Docker-Experimental': 'true',
      Ostype: 'windows',
      Swarm: 'active/manager',
      Server: 'Docker/29.7.2 (windows)',
    }
    const recent = await startFakeScene(t, { version: '1.55', headers })
    const ping = {
      apiVersion: '1.55',
      osType: 'windows',
      experimental: true,
      builderVersion: '2',
      swarm: 'active/manager',
      server: 'Docker/29.7.2 (windows)',
    }
    assert.deepEqual(await recent.docker.system.ping(), ping)
    assert.deepEqual(await recent.docker.system.pingHead(), ping)
  })

  test('df is lists, then both, then sums', async (t) => {
    const Images = [{ Id: 'sha256:1', Size: 7, VirtualSize: 7 }]
    const lists = { LayersSize: 7, Images, Containers: null, Volumes: null, BuildCache: null, BuilderSize: 0 }
    const old = await startFakeScene(t, { version: '1.40', answer: json(lists) })
    const before = await old.docker.system.df()
    assert.deepEqual([before.LayersSize, before.Images?.[0]?.Size, before.Containers], [7, 7, null])
    assert.equal(before.ImageUsage, undefined)
    assert.equal(old.fake.asked[0]?.query.size, 0)

    const usage = { ActiveCount: 0, TotalCount: 1, Reclaimable: 7, TotalSize: 7, Items: [{ Id: 'sha256:1', Size: 7 }] }
    const recent = await startFakeScene(t, { version: '1.55', answer: json({ ImageUsage: usage }) })
    const now = await recent.docker.system.df({ type: ['image', 'build-cache'], verbose: true })
    assert.deepEqual(
      [now.ImageUsage?.TotalSize, now.ImageUsage?.Items?.[0]?.Id, now.Images],
      [7, 'sha256:1', undefined],
    )
    assert.deepEqual(
      [...(recent.fake.asked[0]?.query ?? [])],
      [
        ['type', 'image'],
        ['type', 'build-cache'],
        ['verbose', 'true'],
      ],
    )
  })

  test('events are lines of JSON, with three names less since 1.52', async (t) => {
    const event = {
      Type: 'container',
      Action: 'die',
      Actor: { ID: 'x', Attributes: {} },
      scope: 'local',
      time: 1,
      timeNano: 1e9,
    }
    for (const [version, type, extra] of [
      ['1.40', 'application/json', { status: 'die', id: 'x', from: 'busybox' }],
      ['1.55', 'application/x-ndjson', {}],
    ] as const) {
      const answer: Answer = (_, response) => {
        response.setHeader('Content-Type', type)
        response.end(`${JSON.stringify({ ...extra, ...event })}\n${JSON.stringify(event)}\n`)
      }
      const { docker, fake } = await startFakeScene(t, { version, answer })
      const seen = []
      for await (const one of docker.system.events({ since: new Date(1_500), filters: { type: ['container'] } }))
        seen.push(one)
      assert.deepEqual(seen, [{ ...extra, ...event }, event], version)
      // Nothing is asked for, so that it is never a json-seq (RFC 7464), whose lines begin with a control character.
      assert.equal(fake.asked[0]?.headers.accept, undefined)
      assert.deepEqual(
        [...(fake.asked[0]?.query ?? [])],
        [
          ['since', '1.500000000'],
          ['filters', '{"type":["container"]}'],
        ],
      )
    }
  })

  test('a login may be answered by nothing', async (t) => {
    const { docker, fake } = await startFakeScene(t, {
      version: '1.40',
      answer: (_, response) => response.writeHead(204).end(),
    })
    assert.deepEqual(await docker.system.auth({ username: 'ann', password: 'x' }), { Status: '' })
    assert.deepEqual(JSON.parse(String(fake.asked[0]?.body)), { username: 'ann', password: 'x' })
  })

  test('what a version calls otherwise is sent by the name that it knows', async (t) => {
    for (const [version, name] of [
      ['1.44', 'keep-storage'],
      ['1.55', 'reserved-space'],
    ] as const) {
      const { docker, fake } = await startFakeScene(t, { version, answer: json({ SpaceReclaimed: 0 }) })
      await docker.images.buildPrune({ reservedSpace: 7 })
      assert.deepEqual([...(fake.asked[0]?.query ?? [])], [[name, '7']])
    }
  })

  test('a plugin is enabled with the number that the specification leaves out', async (t) => {
    const { docker, fake } = await startFakeScene(t, { version: '1.40', answer: (_, response) => response.end() })
    await docker.plugins.enable('one')
    await docker.plugins.enable('one', { clientTimeout: 3 })
    assert.deepEqual(
      fake.asked.map(({ query }) => String(query)),
      ['timeout=0', 'timeout=3'],
    )
  })

  test('the size of an image is where it always was, and up to 1.43 in one more place', async (t) => {
    const image = {
      Id: 'sha256:1',
      RepoTags: ['<none>:<none>'],
      RepoDigests: null,
      Size: 7,
      VirtualSize: 7,
      Labels: null,
    }
    const old = await startFakeScene(t, { version: '1.40', answer: json([image]) })
    assert.equal((await old.docker.images.list())[0]?.VirtualSize, 7)
  })
})
