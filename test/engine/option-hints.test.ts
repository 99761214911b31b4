import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDockerMtlsError, type DockerClient } from '../../lib/index.ts'
import { pretend } from './support/pretend.ts'

type Call = (docker: DockerClient) => PromiseLike<unknown>

/** The source of a build that reads no folder. */
const TAR = Buffer.alloc(1024)

/** Options that users of other clients try, and what the error says. */
const ROWS: readonly (readonly [call: Call, says: RegExp])[] = [
  [({ images }) => images.pull('x', { tag: '1' } as object), /no option "tag"[^]*Write the tag into the name/],
  [({ images }) => images.push('x', { tag: '1' } as object), /no option "tag"[^]*Write the tag into the name/],
  [({ images }) => images.pull('x', { quiet: true } as object), /no option "quiet"[^]*Omit it/],
  [({ images }) => images.pull('x', { authconfig: {} } as object), /Did you mean auth\?/],
  [({ images }) => images.pull('x', { all_tags: true } as object), /Did you mean allTags\?/],
  [({ images }) => images.build('.', { buildArgs: {} } as object), /Did you mean buildargs\?/],
  [({ images }) => images.build('.', { build_args: {} } as object), /Did you mean buildargs\?/],
  [({ images }) => images.build('.', { tags: ['x'] } as object), /Did you mean tag\?/],
  [({ images }) => images.load(Buffer.alloc(0), { file: 'x' } as object), /createReadStream/],
  [({ containers }) => containers.list({ filter: {} } as object), /Did you mean filters\?/],
  [({ containers }) => containers.list({ last: 1 } as object), /Did you mean limit\?/],
  [({ containers }) => containers.logs('x', { lines: 1 } as object), /Did you mean tail\?/],
  [({ containers }) => containers.logs('x', { f: true } as object), /Did you mean follow\?/],
  [({ containers }) => containers.logs('x', { stream: true } as object), /Did you mean follow\?/],
  [({ containers }) => containers.logs('x', { constructor: 1 } as object), /The options are /],
  [({ containers }) => containers.stop('x', { time: 10 } as object), /Did you mean t\?/],
  [({ containers }) => containers.remove('x', { volumes: true } as object), /Did you mean v\?/],
  [({ containers }) => containers.resize('x', { width: 1 } as never), /Did you mean w\?/],
  [({ containers }) => containers.create({}, { Env: [] } as object), /Env is a field of the API: set it in the body/],
  [({ containers }) => containers.create({}, { env: [] } as object), /Env is a field of the API: set it in the body/],
  [({ containers }) => containers.waitHealthy('x', { abortSignal: 1 } as object), /Did you mean signal\?/],
  [(docker) => docker.run('x', [], { rm: true } as object), /Did you mean remove\?/],
  [(docker) => docker.run('x', [], { env: [] } as object), /Env is a field of the API: set it in the options/],
  [(docker) => docker.run('x', [], { detach: true } as object), /containers\.create\(\) and containers\.start\(\)/],
  [(docker) => docker.run('x', [], { net: 'x' } as object), /HostConfig: \{ NetworkMode/],
  [(docker) => docker.run('x', [], { body: { Env: [] } } as object), /in the options themselves/],
  [(docker) => docker.run('x', [], { what: 1 } as object), /The options are [^]* names of the API, such as Env/],
  [(docker) => docker.run('x', [], { stdim: 1 } as object), /Did you mean stdin\?[^]* names of the API, such as Env/],
  [({ exec }) => exec.run('x', ['a'], { body: {} } as object), /The options are [^]* names of the API, such as Env/],
  [({ exec }) => exec.run('x', ['a'], { workdir: '/' } as object), /WorkingDir is a field/],
  [({ exec }) => exec.run('x', ['a'], { input: '/' } as object), /Did you mean stdin\?/],
  [({ networks }) => networks.create({ Name: 'x' }, { labels: {} } as object), /Labels is a field/],
]

test('the name of an option in another client is refused with the name of ours', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  for (const [call, says] of ROWS) {
    const error: unknown = await Promise.resolve(call(docker)).catch((reason: unknown) => reason)
    assert.ok(isDockerMtlsError(error, 'ERR_OPTION_UNKNOWN'), `${call.toString()}: ${String(error)}`)
    assert.match(error.message, says)
  }
  assert.deepEqual(asked, [])
})

test('an unknown filter is refused with the one that was meant, and allowUnknown sends it', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '[]')
  const rows: readonly (readonly [call: (options: object) => PromiseLike<unknown>, name: string, meant: string])[] = [
    [(options) => docker.containers.list(options), 'stauts', 'status'],
    [(options) => docker.containers.prune(options), 'labels', 'label'],
    [(options) => docker.images.prune(options), 'untill', 'until'],
    [(options) => docker.networks.list(options), 'drivers', 'driver'],
    [(options) => docker.volumes.list(options), 'Dangling', 'dangling'],
    [(options) => docker.tasks.list(options), 'desired_state', 'desired-state'],
    [(options) => docker.nodes.list(options), 'roles', 'role'],
    [(options) => docker.plugins.list(options), 'enable', 'enabled'],
    [(options) => docker.system.events(options), 'events', 'event'],
  ]
  for (const [call, name, meant] of rows) {
    const wanted = {
      code: 'ERR_API_FIELD_UNKNOWN',
      message: new RegExp(`no filter "${name}"[^]*Did you mean ${meant}\\?`),
    }
    await assert.rejects(Promise.resolve(call({ filters: { [name]: 'x' } })), wanted, name)
  }
  assert.equal(asked.length, 0)
  for (const [call, name] of rows) await Promise.resolve(call({ filters: { [name]: 'x' }, allowUnknown: true }))
  assert.equal(asked.length, rows.length)
  assert.equal(asked[0]?.query.get('filters'), '{"stauts":["x"]}')
})

test('a filter with two values takes no other', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '[]')
  const wrong = { code: 'ERR_ARGUMENT_INVALID', message: /^the filter dangling: it is "yes"\.\nPass true or false\.$/ }
  await assert.rejects(docker.images.list({ filters: { dangling: 'yes' as never } }), wrong)
  await assert.rejects(docker.volumes.list({ filters: { dangling: ['true', 'yes'] as never } }), wrong)
  await assert.rejects(docker.networks.list({ filters: { dangling: 'yes' as never } }), wrong)
  await assert.rejects(docker.plugins.list({ filters: { enabled: 2 as never } }), /the filter enabled: it is 2/)
  assert.equal(asked.length, 0)
  await docker.images.list({ filters: { dangling: true } })
  await docker.images.list({ filters: { dangling: 'false' as never } })
  await docker.images.list({ filters: { dangling: 'yes' as never }, allowUnknown: true })
  assert.equal(asked.length, 3)
})

test('timeout limits the call, and the seconds of the docker command have their own option', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  for (const call of [
    docker.containers.stop('x', { timeout: 10 }),
    docker.containers.restart('x', { timeout: 10 }),
    docker.plugins.enable('x', { timeout: 10 }),
  ]) {
    const todo = /(\{ t|\{ clientTimeout): 10 \}/
    await assert.rejects(call, { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID', message: todo })
  }
  assert.deepEqual(asked, [])
  await docker.containers.stop('x', { t: 10, timeout: 900 })
  await docker.containers.stop('x', { timeout: 10_000 })
  await docker.containers.pause('x', { timeout: 900 })
  assert.deepEqual(
    asked.map(({ line }) => line),
    ['POST /containers/x/stop?t=10', 'POST /containers/x/stop', 'POST /containers/x/pause'],
  )
})

test('a number of seconds or bytes says so, and any other number is an integer', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{}')
  const rows: readonly (readonly [call: Call, todo: RegExp])[] = [
    [
      ({ containers }) => containers.stop('x', { t: '10s' as never }),
      /seconds, such as 10\. .*timeout .* milliseconds/,
    ],
    [({ containers }) => containers.restart('x', { t: 1.5 }), /seconds/],
    [({ plugins }) => plugins.enable('x', { clientTimeout: '5' as never }), /seconds/],
    [({ images }) => images.build(TAR, { builder: 'classic', memory: '512m' as never }), /bytes, such as 512 \*/],
    [({ images }) => images.build(TAR, { builder: 'classic', shmsize: '1g' as never }), /bytes/],
    [({ images }) => images.buildPrune({ reservedSpace: '1g' as never }), /bytes/],
    [({ containers }) => containers.list({ limit: '5' as never }), /^Pass an integer that is not negative\.$/],
  ]
  for (const [call, todo] of rows) {
    const wanted = { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID', todo }
    await assert.rejects(Promise.resolve(call(docker)), wanted, call.toString())
  }
  assert.deepEqual(asked, [])
  await docker.containers.stop('x', { t: 10 })
  assert.equal(asked.length, 1)
})

test('a build takes tag, file and quiet as docker build does, but not the same option twice', async (t) => {
  const { docker, asked } = await pretend(t, '1.45', '{"aux":{"ID":"sha256:1"}}')
  const options = { builder: 'classic', tag: ['a', 'b'], file: 'Other', quiet: true } as const
  await docker.images.build(Buffer.alloc(1024), options)
  const query = asked[0]?.query
  assert.deepEqual(query?.getAll('t'), ['a', 'b'])
  assert.deepEqual([query.get('dockerfile'), query.get('q'), query.get('tag')], ['Other', 'true', null])
  for (const twice of [
    { tag: 'a', t: 'b' },
    { file: 'a', dockerfile: 'a' },
    { quiet: true, q: true },
  ])
    await assert.rejects(Promise.resolve(docker.images.build('.', twice)), { code: 'ERR_ARGUMENT_INVALID' })
})
