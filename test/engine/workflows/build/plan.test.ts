import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { checkBuildOptions, planBuild, type BuildPlan } from '../../../../lib/engine/workflows/build/plan.ts'
import type { BuildSource, ImageBuildOptions } from '../../../../lib/engine/workflows/build/options.ts'
import type { Send } from '../../../../lib/engine/send.ts'

/** A daemon that says which builder it prefers, and nothing else. */
const preferring = (builderVersion: string | undefined): Send =>
  ({ ping: () => Promise.resolve({ builderVersion }) }) as unknown as Send

async function plan(
  options: ImageBuildOptions = {},
  prefers: string | undefined = '2',
  source: BuildSource = '.',
): Promise<BuildPlan> {
  checkBuildOptions(options)
  return planBuild(preferring(prefers), source, options)
}

describe('options that the daemon would refuse in other words', () => {
  const rows: readonly (readonly [options: object, refusal: object])[] = [
    [
      { t: 'App:1' },
      { code: 'ERR_REFERENCE_INVALID', message: /"App:1": its repository has upper-case[^]*lower case/ },
    ],
    [{ tag: ['app', 'app:a b'] }, { code: 'ERR_REFERENCE_INVALID', message: /"app:a b"/ }],
    [{ buildargs: { A: 1 } }, { code: 'ERR_ARGUMENT_INVALID', message: /option buildargs .* A is 1, not a string/ }],
    [{ labels: { A: true } }, { code: 'ERR_ARGUMENT_INVALID', message: /option labels .* A is true, not a string/ }],
    [{ labels: { A: null } }, { code: 'ERR_ARGUMENT_INVALID', message: /option labels .* A is null, not a string/ }],
  ]
  for (const [options, refusal] of rows) {
    test(JSON.stringify(options), () => {
      assert.throws(() => checkBuildOptions(options), refusal)
    })
  }

  test('and those that it accepts', () => {
    const options: ImageBuildOptions = {
      t: ['localhost:5000/me/app:1.2', 'app'],
      buildargs: { A: '1', HTTP_PROXY: null },
      labels: { A: '1' },
    }
    assert.deepEqual(checkBuildOptions(options), options)
    assert.deepEqual(checkBuildOptions({ t: '' }), { t: '' })
  })
})

describe('a source that the daemon fetches', () => {
  test('has an address that a builder knows', async () => {
    for (const remote of ['https://x/y.git#main', 'git://x/y', 'ssh://git@x/y', 'git@x:y.git', 'github.com/x/y'])
      assert.deepEqual((await plan({}, '2', { remote })).source, { kind: 'remote', url: remote })
    for (const remote of ['ftp://x/y', './folder', 'x'])
      await assert.rejects(plan({}, '2', { remote }), {
        code: 'ERR_ARGUMENT_INVALID',
        message: /Git repository, or an http/,
      })
  })
})

describe('the builder', () => {
  test('is the one that the daemon prefers, and the classic one where it has no other', async () => {
    assert.equal((await plan({}, '2')).builder, 'buildkit')
    assert.equal((await plan({}, '1')).builder, 'classic')
    assert.equal((await planBuild(preferring(undefined), '.', {})).builder, 'classic')
  })

  test('is the one that is named, or the one that has secrets', async () => {
    assert.equal((await plan({ builder: 'classic' })).builder, 'classic')
    assert.equal((await plan({ builder: 'buildkit' }, '1')).builder, 'buildkit')
    assert.equal((await plan({ secrets: { a: 'b' } }, '1')).builder, 'buildkit')
  })

  test('is never asked for what it would pass over in silence', async () => {
    const onlyClassic = {
      memory: 1,
      memswap: -1,
      cpushares: 1,
      cpusetcpus: '0',
      cpuperiod: 1,
      cpuquota: 1,
      squash: true,
    }
    for (const [name, value] of Object.entries(onlyClassic)) {
      const refusal = { code: 'ERR_ARGUMENT_INVALID', message: new RegExp(`option ${name} .*classic`, 's') }
      await assert.rejects(plan({ [name]: value }), refusal, name)
      assert.deepEqual((await plan({ [name]: value, builder: 'classic' })).query, { [name]: value })
    }
    for (const option of [{ outputs: [] }, { buildid: 'x' }]) {
      await assert.rejects(plan({ ...option, builder: 'classic' }), {
        code: 'ERR_ARGUMENT_INVALID',
        message: /buildkit/,
      })
      assert.equal((await plan(option)).builder, 'buildkit')
    }
    await assert.rejects(plan({ secrets: {}, builder: 'classic' }), {
      code: 'ERR_ARGUMENT_INVALID',
      message: /secrets/,
    })
    assert.equal((await plan({ squash: false })).builder, 'buildkit')
  })
})

describe('options', () => {
  test('that there are none of, or that the library decides, are refused', async () => {
    for (const name of ['version', 'session', 'remote', 'tags', 'nocach', 'constructor']) {
      await assert.rejects(plan({ [name]: 'x' }), { code: 'ERR_OPTION_UNKNOWN' }, name)
    }
    await assert.rejects(plan({ builder: 'kaniko' as never }), { code: 'ERR_ARGUMENT_INVALID', message: /builder/ })
    await assert.rejects(plan({ signal: {} as never }), { code: 'ERR_ARGUMENT_INVALID', message: /signal/ })
  })

  test('that would have the daemon write to this machine are refused', async () => {
    for (const Type of ['local', 'tar', 'oci']) {
      await assert.rejects(plan({ outputs: [{ Type: Type as never }] }), {
        code: 'ERR_ARGUMENT_INVALID',
        message: /outputs/,
      })
    }
  })

  test('of another kind are refused', async () => {
    for (const [name, values] of [
      ['dockerfile', [1, '', null, {}]],
      ['secrets', ['x', null, ['x'], 1]],
      ['outputs', [{}, 'moby', 1]],
    ] as const) {
      for (const value of values) {
        const refusal = { code: 'ERR_ARGUMENT_INVALID', message: new RegExp(`option ${name} `) }
        await assert.rejects(plan({ [name]: value as never }), refusal, `${name}: ${JSON.stringify(value)}`)
      }
    }
  })

  test('of the library stay out of the query', async () => {
    const { query } = await plan({
      builder: 'buildkit',
      secrets: { a: 'b' },
      signal: new AbortController().signal,
      t: 'x',
    })
    assert.deepEqual(query, { t: 'x' })
  })
})

const kinds = async (source: BuildSource): Promise<string> => (await plan({}, '2', source)).source.kind

async function* emptyTar(): AsyncGenerator<Uint8Array> {}

describe('the source', () => {
  test('is a folder, a tar, or an address', async () => {
    assert.equal(await kinds('/some/folder'), 'folder')
    assert.equal(await kinds(Buffer.from('tar')), 'tar')
    assert.equal(await kinds(Readable.from([])), 'tar')
    assert.equal(await kinds(emptyTar()), 'tar')
    assert.equal(await kinds({ remote: 'https://example.com/x.git#main' }), 'remote')
  })

  test('that is none of these is refused, and an address is told apart', async () => {
    for (const source of ['', null, 1, {}, [], { remote: '' }, { remote: 1 }]) {
      await assert.rejects(plan({}, '2', source as never), { code: 'ERR_ARGUMENT_INVALID' }, JSON.stringify(source))
    }
    for (const source of ['https://example.com/x.git', 'git@example.com:x.git', 'ssh://example.com/x']) {
      await assert.rejects(plan({}, '2', source), { code: 'ERR_ARGUMENT_INVALID', message: /remote: / }, source)
    }
  })

  test('that is an address keeps its password to itself', async () => {
    for (const source of ['https://me:S3cret@example.com/x.git', 'https://example.com/x.tar?token=S3cret']) {
      await assert.rejects(plan({}, '2', source), { message: /^(?!.*S3cret).*example\.com.*$/s }, source)
    }
  })
})
