import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import {
  AuthorizationDeniedError,
  ConnectionError,
  DockerApiError,
  NotFoundError,
  ServerError,
  StreamError,
  UnauthorizedError,
  type DockerClient,
  type OCIPlatform,
  type RequestOptions,
} from '../../lib/index.ts'
import type { Cleanable } from '../support/temporary.ts'
import { pretend, type Answer } from './support/pretend.ts'

const DIGEST = `sha256:${'0'.repeat(64)}`
const amd64: OCIPlatform = { os: 'linux', architecture: 'amd64' }
const arm: OCIPlatform = { os: 'linux', architecture: 'arm', variant: 'v7' }

type Calling = PromiseLike<unknown> & AsyncIterable<object>
type Call = (docker: DockerClient, options?: RequestOptions) => Calling

/** Every call that answers with progress, and a last word that makes it a success. */
const CALLS: Readonly<Record<string, readonly [call: Call, done: object]>> = {
  create: [(docker, options) => docker.images.create({ fromImage: 'x', tag: '1', ...options }), { status: 'done' }],
  pull: [(docker, options) => docker.images.pull('x', options), { status: `Digest: ${DIGEST}` }],
  push: [(docker, options) => docker.images.push('x', options), { aux: { Tag: 'latest', Digest: DIGEST, Size: 7 } }],
  import: [(docker, options) => docker.images.import(Buffer.from('tar'), options), { status: DIGEST }],
  load: [(docker, options) => docker.images.load(Buffer.from('tar'), options), { stream: 'Loaded image: x:1\n' }],
}

const begun = { id: 'abc', status: 'Working', progressDetail: { current: 1, total: 2 } }
const lines = (...messages: readonly (object | string)[]): string =>
  messages.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\r\n`).join('')

/** Listens to a call, and tells how it ended. */
async function listen(calling: Calling): Promise<{ said: object[]; error: unknown }> {
  const said: object[] = []
  const error: unknown = await (async () => {
    for await (const message of calling) said.push(message)
  })().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  await assert.rejects(Promise.resolve(calling), (reason) => reason === error, 'awaited it ends otherwise')
  return { said, error }
}

async function failing(t: Cleanable, call: Call, answer: Answer): ReturnType<typeof listen> {
  const { docker } = await pretend(t, '1.45', answer)
  return listen(call(docker))
}

/** Objects in a query: each as JSON, under the same name. */
function json(name: string, ...values: readonly object[]): string {
  const query = new URLSearchParams()
  for (const value of values) query.append(name, JSON.stringify(value))
  return query.toString()
}

/** Filters in a query. */
const encoded = (filter: object): string => encodeURIComponent(JSON.stringify(filter)).replaceAll('!', '%21')

for (const [name, [call, done]] of Object.entries(CALLS)) {
  describe(`images.${name}()`, () => {
    test('a failure inside an answer of 200 is an error, however it is written', async (t) => {
      const failures = [
        { errorDetail: { message: 'it broke' }, error: 'it broke' },
        { errorDetail: { code: 7, message: 'it broke' } },
        { error: 'it broke' },
      ]
      for (const failure of failures) {
        for (const before of [[], [begun]]) {
          for (const answer of [
            lines(...before, failure),
            lines(...before, failure, done),
            lines(...before, failure).trim(),
          ]) {
            const { said, error } = await failing(t, call, answer)
            assert.deepEqual(said, before)
            assert.ok(error instanceof StreamError, String(error))
            assert.deepEqual(
              [error.code, error.status, error.daemonMessage],
              ['ERR_API_STREAM_FAILED', 200, 'it broke'],
            )
          }
        }
      }
      const { error } = await failing(t, call, lines({ errorDetail: { code: 7 } }))
      assert.ok(error instanceof StreamError, String(error))
    })

    test('what is no stream of JSON objects is an error, after what came before it', async (t) => {
      const rows: [string, string][] = [
        ['not JSON', 'ERR_API_STREAM_INVALID'],
        ['null', 'ERR_API_STREAM_INVALID'],
        ['[]', 'ERR_API_STREAM_INVALID'],
        ['<html>', 'ERR_API_STREAM_INVALID'],
      ]
      for (const [line, code] of rows) {
        const { said, error } = await failing(t, call, lines(begun, line, done))
        assert.deepEqual(said, [begun])
        assert.ok(error instanceof DockerApiError, String(error))
        assert.equal(error.code, code)
      }
      const { said, error } = await failing(t, call, lines(begun, begun).slice(0, -10))
      assert.deepEqual(said, [begun])
      assert.equal((error as DockerApiError).code, 'ERR_API_STREAM_TRUNCATED')
    })

    test('a daemon that hangs up is an error', async (t) => {
      const { said, error } = await failing(t, call, (response) => {
        response.write(lines(begun))
        setTimeout(() => response.socket?.destroy(), 50)
      })
      assert.deepEqual(said, [begun])
      assert.ok(error instanceof ConnectionError, String(error))
    })

    test('a status is an error, with the words of the daemon', async (t) => {
      const { said, error } = await failing(t, call, (response) =>
        response.writeHead(500).end('{"message":"no space left"}'),
      )
      assert.deepEqual(said, [])
      assert.ok(error instanceof ServerError, String(error))
      assert.equal(error.daemonMessage, 'no space left')
    })

    test('lines may end as they like, be empty, and be long', async (t) => {
      const long = { status: 'x'.repeat(3_000_000) }
      const text = `\r\n\n${JSON.stringify(begun)}\n\r\n${JSON.stringify(long)}\r\n${JSON.stringify(done)}`
      const { docker } = await pretend(t, '1.45', text)
      const calling = call(docker)
      const said: object[] = []
      for await (const message of calling) said.push(message)
      await calling
      assert.deepEqual(said, [begun, long, done])
    })

    test('a daemon that says nothing is waited for until it is aborted', async (t) => {
      const { docker } = await pretend(t, '1.45', () => {})
      const controller = new AbortController()
      const reason = new Error('enough')
      setTimeout(() => controller.abort(reason), 100)
      const { said, error } = await listen(call(docker, { signal: controller.signal }))
      assert.deepEqual([said, error], [[], reason])
    })
  })
}

describe('what came of it', () => {
  test('a stream that ends before it says that it was done is no success', async (t) => {
    const { docker } = await pretend(t, '1.45', lines(begun))
    for (const call of ['pull', 'push', 'import'] as const) {
      const [calling] = CALLS[call] ?? []
      assert.ok(calling, call)
      await assert.rejects(Promise.resolve(calling(docker)), { code: 'ERR_API_STREAM_TRUNCATED' }, call)
    }
    assert.deepEqual(await docker.images.load(Buffer.from('tar')), { images: [] })
  })

  test('pull, by daemons with and without containerd', async (t) => {
    const [other] = [`sha256:${'1'.repeat(64)}`]
    const rows: [string, boolean, string[], object][] = [
      [
        'x',
        false,
        [`Digest: ${DIGEST}`, 'Status: Downloaded newer image for x:latest'],
        { digest: DIGEST, status: 'downloaded' },
      ],
      [
        'x',
        false,
        [`Digest: ${DIGEST}`, 'Status: Image is up to date for x:latest'],
        { digest: DIGEST, status: 'up to date' },
      ],
      ['x', false, [`Digest: ${DIGEST}`, 'In words of a later version'], { digest: DIGEST }],
      ['x', false, ['Status: Downloaded newer image for x:latest'], { status: 'downloaded' }],
      [
        'x',
        true,
        [`Digest: ${DIGEST}`, `Digest: ${other}`, 'Status: Downloaded newer image for x'],
        { status: 'downloaded' },
      ],
      [
        'x',
        true,
        [
          'Status: Image is up to date for x:1',
          'Status: Downloaded newer image for x:2',
          'Status: Image is up to date for x:3',
        ],
        { status: 'downloaded' },
      ],
      ['x', true, [], {}],
    ]
    for (const [image, allTags, said, result] of rows) {
      const { docker } = await pretend(t, '1.45', lines(...said.map((status) => ({ status }))))
      const reference = `docker.io/library/x${allTags ? '' : ':latest'}`
      assert.deepEqual(await docker.images.pull(image, { allTags }), { reference, ...result }, said.join())
    }
  })

  test('push, by daemons with and without containerd', async (t) => {
    const pushed = { tag: '1', digest: DIGEST, size: 527 }
    const aux = { aux: { Tag: '1', Digest: DIGEST, Size: 527 } }
    const words = { status: `1: digest: ${DIGEST} size: 527` }
    const index = { aux: { manifestPushedInsteadOfIndex: true, originalIndex: {}, selectedManifest: {} } }
    for (const said of [[words, aux], [aux], [index, words], [words]]) {
      const { docker } = await pretend(t, '1.45', lines(...said))
      assert.deepEqual(await docker.images.push('x:1'), { ...pushed, tags: [pushed] })
    }
    const two = { status: `2: digest: ${DIGEST} size: 600` }
    const { docker } = await pretend(t, '1.45', lines(words, aux, two))
    const { tags } = await docker.images.push('x', { allTags: true })
    assert.deepEqual(tags, [pushed, { ...pushed, tag: '2', size: 600 }])
  })

  test('load, with names, with ids, and with several of a line', async (t) => {
    const said = [
      { stream: 'The image x:1 already exists, renaming the old one with ID sha256:0 to empty string\n' },
      { stream: 'Loaded image: localhost:5000/a/b:1\n' },
      { stream: `Loaded image ID: ${DIGEST}\nLoaded image: y:2\n` },
    ]
    const { docker, asked } = await pretend(t, '1.45', lines(...said))
    assert.deepEqual(await docker.images.load(Buffer.from('tar')), { images: ['localhost:5000/a/b:1', DIGEST, 'y:2'] })
    assert.deepEqual([asked[0]?.line, String(asked[0]?.body)], ['POST /images/load?quiet=false', 'tar'])
  })
})

describe('what is sent', () => {
  test('a pull names one image, unless all tags are asked for', async (t) => {
    const { docker, asked } = await pretend(t, '1.45', lines({ status: `Digest: ${DIGEST}` }))
    const rows: [string, object, Record<string, string>][] = [
      ['alpine', {}, { fromImage: 'docker.io/library/alpine', tag: 'latest' }],
      [
        'alpine:3',
        { platform: 'linux/arm64/v8' },
        { platform: 'linux/arm64/v8', fromImage: 'docker.io/library/alpine', tag: '3' },
      ],
      [`ghcr.io/a/b@${DIGEST}`, {}, { fromImage: 'ghcr.io/a/b', tag: DIGEST }],
      [`127.0.0.1:5000/a/b:1@${DIGEST}`, {}, { fromImage: '127.0.0.1:5000/a/b', tag: DIGEST }],
      ['[::1]:5000/a', { allTags: true }, { fromImage: '[::1]:5000/a' }],
      [
        'a',
        { allTags: false, platform: undefined, auth: undefined },
        { fromImage: 'docker.io/library/a', tag: 'latest' },
      ],
    ]
    for (const [image, options, query] of rows) {
      asked.length = 0
      await docker.images.pull(image, options)
      assert.deepEqual(
        asked.map(({ line }) => line),
        [`POST /images/create?${new URLSearchParams(query).toString()}`],
      )
      assert.equal(asked[0]?.body.length, 0)
    }
  })

  test('a push names a repository and a tag', async (t) => {
    const { docker, asked } = await pretend(t, '1.46', lines({ status: `1: digest: ${DIGEST} size: 7` }))
    await docker.images.push('127.0.0.1:5000/a/b:1', { platform: arm })
    await docker.images.push('a', { allTags: true })
    const platform = new URLSearchParams({ platform: JSON.stringify(arm), tag: '1' }).toString()
    assert.deepEqual(
      asked.map(({ line }) => line),
      [`POST /images/127.0.0.1%3A5000%2Fa%2Fb/push?${platform}`, 'POST /images/docker.io%2Flibrary%2Fa/push'],
    )
  })

  test('credentials go in their header alone, and nobody is nobody', async (t) => {
    const auth = { username: 'ann', password: 'pass\u00ff\u00ff?~>word' }
    const said = lines({ status: `Digest: ${DIGEST}` }, { status: `1: digest: ${DIGEST} size: 7` })
    const { docker, asked } = await pretend(t, '1.45', said)
    const store = {
      for: async (image: unknown) => ((image as { domain: string }).domain === 'ghcr.io' ? auth : undefined),
    }
    for (const given of [auth, store, undefined]) {
      const options = given === undefined ? {} : { auth: given as typeof auth }
      await docker.images.pull('ghcr.io/a/b', options)
      await docker.images.push('ghcr.io/a/b:1', options)
      await docker.images.create({ fromImage: 'ghcr.io/a/b', ...options })
      await docker.distribution.inspect('ghcr.io/a/b', options).catch(() => undefined)
      for (const { line, headers } of asked.splice(0)) {
        const header = headers['x-registry-auth']
        assert.ok(typeof header === 'string' && /^[\w-]+=*$/.test(header) && header.length % 4 === 0, String(header))
        assert.deepEqual(JSON.parse(String(Buffer.from(header, 'base64url'))), given === undefined ? {} : auth, line)
        assert.doesNotMatch(line, /ann|pass|auth/i)
      }
    }
    await docker.images.pull('quay.io/a/b', { auth: store as never })
    assert.equal(asked[0]?.headers['x-registry-auth'], Buffer.from('{}').toString('base64'))
    await docker.images.import(Buffer.from('tar')).then(undefined, () => undefined)
    assert.equal(asked[1]?.headers['x-registry-auth'], undefined)
  })

  const TOO_NEW = 'ERR_API_FIELD_TOO_NEW'
  /** The last version that doesn't know it, what is sent from the next one on, and the call. */
  const NEWER: [string, string, string, (docker: DockerClient) => PromiseLike<unknown>][] = [
    ['1.41', '1.42', 'GET /images/json?shared-size=true', ({ images }) => images.list({ sharedSize: true })],
    ['1.46', '1.47', 'GET /images/json?manifests=true', ({ images }) => images.list({ manifests: true })],
    [
      '1.53',
      '1.54',
      'GET /images/json?manifests=true&identity=true',
      ({ images }) => images.list({ manifests: true, identity: true }),
    ],
    ['1.47', '1.48', 'GET /images/x/json?manifests=true', ({ images }) => images.inspect('x', { manifests: true })],
    [
      '1.48',
      '1.49',
      `GET /images/x/json?${json('platform', arm)}`,
      ({ images }) => images.inspect('x', { platform: arm }),
    ],
    [
      '1.47',
      '1.48',
      `GET /images/x/history?${json('platform', arm)}`,
      ({ images }) => images.history('x', { platform: arm }),
    ],
    [
      '1.49',
      '1.50',
      `DELETE /images/x?${json('platforms', arm, amd64)}`,
      ({ images }) => images.remove('x', { platforms: [arm, amd64] }),
    ],
    ['1.47', '1.48', `GET /images/x/get?${json('platform', arm)}`, ({ images }) => images.save('x', { platform: arm })],
    [
      '1.47',
      '1.52',
      `GET /images/get?${json('platform', arm, amd64)}&names=x&names=y`,
      ({ images }) => images.save(['x', 'y'], { platform: [arm, amd64] }),
    ],
    [
      '1.47',
      '1.48',
      `POST /images/load?quiet=false&${json('platform', arm)}`,
      ({ images }) => images.load(Buffer.from('tar'), { platform: arm }),
    ],
    ['1.47', '1.48', 'POST /build/prune?max-used-space=1', ({ images }) => images.buildPrune({ maxUsedSpace: 1 })],
    ['1.47', '1.48', 'POST /build/prune?min-free-space=1', ({ images }) => images.buildPrune({ minFreeSpace: 1 })],
    [
      '1.54',
      '1.55',
      `GET /images/x/attestations?${json('platform', arm)}&type=a&type=b&statement=true`,
      ({ images }) => images.attestations('x', { platform: arm, type: ['a', 'b'], statement: true }),
    ],
    [
      '1.43',
      '1.44',
      'POST /commit?container=x',
      ({ images }) => images.commit('x', { Healthcheck: { StartInterval: 1 } }),
    ],
  ]
  for (const [before, since, line, call] of NEWER) {
    test(`${line.split('?')[0]} since ${since}`, async (t) => {
      for (const version of ['1.40', before]) {
        const old = await pretend(t, version, '{}')
        await assert.rejects(async () => call(old.docker), { code: TOO_NEW }, version)
        assert.deepEqual(old.asked, [])
      }
      for (const version of [since, '1.55']) {
        const { docker, asked } = await pretend(t, version, '{}')
        await call(docker)
        assert.deepEqual(
          asked.map((one) => one.line),
          [line],
        )
      }
    })
  }

  test('what every version knows, with every name as the API writes it', async (t) => {
    for (const version of ['1.40', '1.44', '1.55']) {
      const { docker, asked } = await pretend(t, version, lines({ status: DIGEST }))
      const { images } = docker
      const filters = { dangling: false, label: ['a', 'b=c'], 'label!': 'd', until: 24 }
      await images.list({ all: true, digests: false, filters: { reference: 'x*' } })
      await images.create({
        fromSrc: 'http://x/y',
        repo: 'r',
        tag: 't',
        message: 'm',
        changes: ['A', 'B'],
        platform: 'linux',
      })
      await images.import('http://x/y', { repo: 'r', changes: 'A' })
      await images.tag('a/b', 'c', { tag: 'd' })
      await images.remove('x', { force: true, noprune: true })
      await images.search('x y', { limit: 3, filters: { stars: 3, 'is-official': true } })
      await images.prune({ filters })
      await images.commit(
        'c',
        { Cmd: ['x'] },
        { repo: 'r', tag: 't', comment: 'c', author: 'a', pause: false, changes: 'X' },
      )
      await images.save('a/b:c')
      await images.buildPrune({ reservedSpace: 5, all: true, filters: { inuse: true, id: 'x' } })
      await images.cancelBuild('x')
      await docker.distribution.inspect('a/b:c')
      assert.deepEqual(
        asked.map(({ line }) => line),
        [
          `GET /images/json?all=true&digests=false&filters=${encoded({ reference: ['x*'] })}`,
          'POST /images/create?fromSrc=http%3A%2F%2Fx%2Fy&repo=r&tag=t&message=m&changes=A&changes=B&platform=linux',
          'POST /images/create?repo=r&changes=A&fromSrc=http%3A%2F%2Fx%2Fy',
          'POST /images/a%2Fb/tag?tag=d&repo=c',
          'DELETE /images/x?force=true&noprune=true',
          `GET /images/search?limit=3&filters=${encoded({ stars: ['3'], 'is-official': ['true'] })}&term=x+y`,
          `POST /images/prune?filters=${encoded({ dangling: ['false'], label: ['a', 'b=c'], 'label!': ['d'], until: ['24'] })}`,
          'POST /commit?repo=r&tag=t&comment=c&author=a&pause=false&changes=X&container=c',
          'GET /images/a%2Fb%3Ac/get',
          `POST /build/prune?${version === '1.55' ? 'reserved-space' : 'keep-storage'}=5&all=true&filters=${encoded({ inuse: [], id: ['x'] })}`,
          'POST /build/cancel?id=x',
          'GET /distribution/docker.io%2Fa%2Fb%3Ac/json',
        ],
        version,
      )
      assert.equal(String(asked[7]?.body), '{"Cmd":["x"]}')
    }
  })
})

describe('what comes back', () => {
  test('an archive that the daemon could not finish is no success', async (t) => {
    const tar = Buffer.concat([
      Buffer.alloc(40_000, 'x'),
      Buffer.from('{"message":"a file of the image"} {"errorDetail":'),
    ])
    const failures = ['{"errorDetail":{"message":"gone"},"error":"gone"}\r\n', '{"message":"gone"}\n']
    for (const failure of failures) {
      const whole = Buffer.concat([tar, Buffer.from(failure)])
      for (const at of [tar.length, tar.length + 5, whole.length - 1, 1]) {
        const { docker } = await pretend(t, '1.45', (response) => {
          response.write(whole.subarray(0, at))
          setImmediate(() => response.end(whole.subarray(at)))
        })
        await assert.rejects(buffer(await docker.images.save('x')), (error) => {
          assert.ok(error instanceof StreamError, String(error))
          assert.equal(error.daemonMessage, 'gone')
          return true
        })
      }
    }
    const { docker } = await pretend(t, '1.45', (response) => {
      response.write(tar)
      setTimeout(() => response.socket?.destroy(), 50)
    })
    await assert.rejects(buffer(await docker.images.save('x')), ConnectionError)
  })

  test('an archive is handed on byte by byte, whatever is in it', async (t) => {
    const texts = ['', 'x', 'a\0{"errorDetail":1', '{"message":"x"}\n\0', '{"message":\n', '}\n'.repeat(150_000)]
    for (const archive of texts.map((text) => Buffer.from(text))) {
      const { docker } = await pretend(t, '1.45', (response) => response.end(archive))
      assert.deepEqual(await buffer(await docker.images.save('x')), archive)
    }
  })

  test('a search, as Docker Hub would answer it', async (t) => {
    const found = [{ name: 'alpine', description: 'small', star_count: 3, is_official: true, is_automated: false }]
    const { docker } = await pretend(t, '1.45', JSON.stringify(found))
    assert.deepEqual(await docker.images.search('alpine'), found)
  })

  test('attestations, and the daemon that has none', async (t) => {
    const statement = {
      Descriptor: { mediaType: 'application/vnd.in-toto+json', digest: DIGEST, size: 1 },
      PredicateType: 'https://x',
    }
    const { docker } = await pretend(t, '1.55', JSON.stringify([statement]))
    const [first] = await docker.images.attestations('x')
    assert.equal(first?.PredicateType, 'https://x')
    const none = await pretend(t, '1.55', (response) => response.writeHead(501).end('{"message":"not supported"}'))
    await assert.rejects(none.docker.images.attestations('x'), { status: 501, code: 'ERR_API_STATUS' })
  })
})

describe('what registries say', () => {
  const rows: [status: number, message: string, todo: RegExp][] = [
    [
      404,
      "pull access denied for x, repository does not exist or may require 'docker login': denied",
      /run {2}docker login {2}and set the option auth/,
    ],
    [
      500,
      'Get "https://x/v2/": unauthorized: authentication required',
      /run {2}docker login {2}and set the option auth/,
    ],
    [500, 'toomanyrequests: You have reached your pull rate limit', /^Wait, or pass credentials/],
    [404, 'manifest for x:9 not found: manifest unknown: manifest unknown', /Check the name and the tag/],
    [500, 'Get "https://x/v2/": http: server gave HTTP response to HTTPS client', /Enable TLS on docker\.io/],
    [500, 'Get "https://x/v2/": x509: certificate signed by unknown authority', /certs\.d\/docker\.io\/ca\.crt/],
    [500, 'Get "https://x/v2/": dial tcp: lookup x: no such host', /it can't reach docker\.io/],
    [500, 'no space left on device', /journalctl/],
  ]
  for (const [status, message, todo] of rows) {
    test(message, async (t) => {
      const asStatus = await pretend(t, '1.45', (response) =>
        response.writeHead(status).end(JSON.stringify({ message })),
      )
      const asLine = await pretend(t, '1.45', lines(begun, { errorDetail: { message } }))
      const calls: [PromiseLike<unknown>, typeof DockerApiError][] = [
        [asStatus.docker.images.pull('x'), status === 404 ? NotFoundError : ServerError],
        [asLine.docker.images.pull('x'), StreamError],
        [asLine.docker.images.push('x'), StreamError],
      ]
      for (const [calling, ErrorClass] of calls) {
        await assert.rejects(Promise.resolve(calling), (error) => {
          assert.ok(error instanceof ErrorClass, String(error))
          assert.match(error.todo, todo)
          assert.equal(error.daemonMessage, message)
          return true
        })
      }
      await assert.rejects(asStatus.docker.distribution.inspect('x'), { status })
    })
  }

  for (const [registry, remedy] of [
    ['localhost:5000', /^Add 127\.0\.0\.0\/8 and ::1\/128 to "insecure-registries"/],
    ['127.0.0.1:5000', /^Add 127\.0\.0\.0\/8/],
    ['localhost.example.com:5000', /^Enable TLS on localhost\.example\.com:5000/],
  ] as const)
    test(`plain HTTP of ${registry}, which newer daemons refuse even there`, async (t) => {
      const message = `Get "https://${registry}/v2/": http: server gave HTTP response to HTTPS client`
      const { docker } = await pretend(t, '1.57', (response) =>
        response.writeHead(500).end(JSON.stringify({ message })),
      )
      await assert.rejects(Promise.resolve(docker.images.pull(`${registry}/x`)), (error) => {
        assert.ok(error instanceof ServerError, String(error))
        assert.match(error.todo, remedy)
        return true
      })
    })

  test('an authorization plugin is no registry, and neither is what is imported from', async (t) => {
    const message = 'authorization denied by plugin casbin: access denied'
    const denied = await pretend(t, '1.45', (response) => response.writeHead(403).end(JSON.stringify({ message })))
    await assert.rejects(Promise.resolve(denied.docker.images.pull('x')), (error) => {
      assert.ok(error instanceof AuthorizationDeniedError, String(error))
      assert.match(error.todo, /Ask the administrator of the daemon/)
      return true
    })
    const far = await pretend(t, '1.45', (response) =>
      response.writeHead(500).end('{"message":"dial tcp: no such host"}'),
    )
    for (const call of [far.docker.images.import('http://x/y'), far.docker.images.create({ fromSrc: 'x' })])
      await assert.rejects(
        Promise.resolve(call),
        (error) => error instanceof ServerError && !/registry/.test(error.message),
      )
  })

  test('the class stays what the status made it', async (t) => {
    const { docker } = await pretend(t, '1.45', (response) => response.writeHead(401).end('{"message":"unauthorized"}'))
    await assert.rejects(docker.distribution.inspect('ghcr.io/a/b'), (error) => {
      assert.ok(error instanceof UnauthorizedError, String(error))
      assert.match(error.todo, /docker login ghcr\.io {2}and set/)
      return true
    })
  })
})
