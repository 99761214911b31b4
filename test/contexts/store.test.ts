import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { createContext, type NewContext } from '../../lib/contexts/create.ts'
import { findCurrent, clearCurrentContext } from '../../lib/contexts/current.ts'
import { listContexts } from '../../lib/contexts/list.ts'
import { contextExists, removeContext } from '../../lib/contexts/store.ts'
import { exportContext, importContext } from '../../lib/contexts/transfer.ts'
import { contextPaths } from '../../lib/endpoint/context-layout.ts'
import { parseHost } from '../../lib/endpoint/host.ts'
import { resolveEndpoint } from '../../lib/endpoint/resolve.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { loadIdentity } from '../../lib/identity/identity.ts'
import { daysFromNow, encryptKey, makeCa, makeClient } from '../support/openssl-certs.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { modesOf, treeOf } from '../support/tree.ts'
import { makeTar } from './support/archives.ts'
import { makeClientPem, metaText, writePem, type Pem } from './support/cast.ts'
import { failingAt, killedBefore } from './support/crash.ts'

const folder = await temporaryFolder()
let ann: Pem
let bob: Pem
let annPath: string
let bobPath: string
before(async () => {
  ann = await makeClientPem('ann')
  bob = await makeClientPem('bob')
  annPath = await writePem(join(folder, 'ann'), ann)
  bobPath = await writePem(join(folder, 'bob'), bob)
})

const tcp = (host = 'tcp://build01:2376'): Pick<NewContext, 'endpoint' | 'certPath'> => ({
  endpoint: parseHost(host),
  certPath: annPath,
})

/** Where it leads, and as whom; undefined where there is no such context. Anything weaker fails. */
async function seen(config: string, name = 'prod'): Promise<string | undefined> {
  const env = { HOME: '/nonexistent', DOCKER_CONFIG: config }
  try {
    const found = await resolveEndpoint({ context: name }, env)
    const identity = found.certPath === undefined ? undefined : await loadIdentity(found.certPath)
    return `${found.kind === 'tls' ? found.host : found.kind} as ${identity?.client.commonName ?? 'nobody'}`
  } catch (error) {
    assert.ok(isDockerMtlsError(error, 'ERR_CONTEXT_NOT_FOUND'), String(error))
    return undefined
  }
}

/** Without what a run may leave behind that could not clean up: names that begin with a dot. */
async function filesIn(config: string): Promise<string[]> {
  return Object.keys(await treeOf(config)).filter((path) => !/(?:^|\/)\./.test(path) && !path.endsWith('/'))
}

describe('a context that is made', () => {
  test('has the files and modes of the Docker CLI', async (t) => {
    const config = join(await temporaryFolder(t), 'config')
    const made = await createContext(config, { name: 'prod', ...tcp(), description: 'a "b"' })
    const { paths } = made
    assert.deepEqual(paths, contextPaths(config, 'prod'))
    assert.deepEqual(JSON.parse(await readFile(paths.meta, 'utf8')), {
      Name: 'prod',
      Metadata: { Description: 'a "b"' },
      Endpoints: { docker: { Host: 'tcp://build01:2376', SkipTLSVerify: false } },
    })
    const id = '6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77'
    assert.deepEqual(modesOf(await treeOf(config)), {
      'contexts/': '0700',
      'contexts/meta/': '0700',
      [`contexts/meta/${id}/`]: '0700',
      [`contexts/meta/${id}/meta.json`]: '0644',
      'contexts/tls/': '0700',
      [`contexts/tls/${id}/`]: '0700',
      [`contexts/tls/${id}/docker/`]: '0700',
      [`contexts/tls/${id}/docker/ca.pem`]: '0600',
      [`contexts/tls/${id}/docker/cert.pem`]: '0600',
      [`contexts/tls/${id}/docker/key.pem`]: '0600',
    })
    for (const part of ['ca', 'cert', 'key'] as const) {
      assert.equal(await readFile(join(paths.credentials, `${part}.pem`), 'utf8'), ann[part])
    }
    assert.equal(await seen(config), 'build01 as ann')
    assert.deepEqual(leaksOf(made, tracesOf({ key: ann.key })), [])
  })

  const hosts = ['unix:///run/d.sock', 'ssh://me@build01', 'npipe:////./pipe/docker_engine']
  for (const host of hosts) {
    test(`for ${host} has no TLS`, async (t) => {
      const config = await temporaryFolder(t)
      await createContext(config, { name: 'prod', endpoint: parseHost(host) })
      assert.equal(await seen(config), `${parseHost(host).kind} as nobody`)
      assert.ok(!Object.keys(await treeOf(config)).some((path) => path.includes('tls')), 'there is no folder for it')
    })
  }

  test('takes no name of another one, but by force', async (t) => {
    const config = await temporaryFolder(t)
    await createContext(config, { name: 'prod', ...tcp() })
    const found = await treeOf(config)
    const again = { name: 'prod', endpoint: parseHost('tcp://other'), certPath: bobPath }
    await assert.rejects(createContext(config, again), { code: 'ERR_CONTEXT_EXISTS', todo: /replace: true/ })
    assert.deepEqual(await treeOf(config), found)
    const { replaced } = await createContext(config, { ...again, replace: true })
    assert.deepEqual([replaced, await seen(config)], [true, 'other as bob'])
    await createContext(config, { name: 'prod', endpoint: parseHost('unix:///x'), replace: true })
    assert.equal(await seen(config), 'unix as nobody')
    assert.ok(!JSON.stringify(Object.keys(await treeOf(config))).includes('key.pem'), 'the keys are gone')
  })

  test('by many at once is whole: that of one of them', async (t) => {
    for (const replace of [false, true]) {
      for (let round = 0; round < 5; round++) {
        const config = join(await temporaryFolder(t), 'config')
        const makers = Array.from({ length: 6 }, (_, index) => {
          const own = index % 2 === 0 ? tcp('tcp://a') : { endpoint: parseHost('tcp://b'), certPath: bobPath }
          return createContext(config, { name: 'prod', ...own, replace })
        })
        const made = await Promise.allSettled(makers)
        assert.ok(
          made.some(({ status }) => status === 'fulfilled'),
          `round ${round}: none was made`,
        )
        const state = await seen(config)
        assert.ok(state === 'a as ann' || state === 'b as bob', `round ${round}: ${state}`)
      }
    }
  })

  test('waits for another process that is at work on it, and not for one that has ended', async (t) => {
    const config = await temporaryFolder(t)
    const { lock } = contextPaths(config, 'prod')
    await mkdir(join(lock, '..'))
    const other = spawn('sleep', ['0.5'])
    await writeFile(lock, String(other.pid))
    const ended = once(other, 'exit').then(() => 'the other ended')
    const made = createContext(config, { name: 'prod', ...tcp() }).then(() => 'made')
    assert.equal(await Promise.race([ended, made]), 'the other ended')
    assert.equal(await made, 'made')
    assert.ok(!existsSync(lock), 'the lock is gone')
  })

  for (const name of ['default', '', 'x', '../x', 'a/b', '.x', '-x', 'a b', 'a\n', 'a\0', '\u00e9\u00e9']) {
    test(`has no name such as ${JSON.stringify(name)}`, async (t) => {
      const config = await temporaryFolder(t)
      const archive = await makeTar([[{ name: 'meta.json' }, metaText('ok', 'unix:///x')]])
      for (const call of [
        () => createContext(config, { name, ...tcp() }),
        () => importContext(config, archive, { name }),
        () => exportContext(config, name),
      ]) {
        await assert.rejects(call, { name: 'EndpointError', code: 'ERR_CONTEXT_NAME_INVALID' })
      }
      assert.deepEqual(await readdir(config), [])
    })
  }

  test('over TCP has certificates', async (t) => {
    const config = await temporaryFolder(t)
    const made = createContext(config, { name: 'prod', endpoint: parseHost('tcp://h') })
    await assert.rejects(made, { code: 'ERR_IDENTITY_REQUIRED' })
    assert.deepEqual(await readdir(config), [])
  })

  test('has none that no daemon would take', { skip: lacks('openssl') }, async (t) => {
    const config = await temporaryFolder(t)
    const ca = await makeCa()
    const past = await makeClient(ca, { from: daysFromNow(-3), to: daysFromNow(-1) })
    const rows: readonly (readonly [Pem, string, RegExp])[] = [
      [{ ...ann, key: bob.key }, 'ERR_IDENTITY_KEY_MISMATCH', /key/],
      [{ ...ann, ca: bob.ca }, 'ERR_IDENTITY_ISSUER', /ca\.pem/],
      [{ ...ann, key: 'x' }, 'ERR_IDENTITY_NOT_PEM', /key/],
      [{ ca: ca.cert, cert: past.cert, key: past.key }, 'ERR_IDENTITY_EXPIRED', /expired/],
      [{ ...ann, key: await encryptKey(ann.key, 'secret', 'pkcs8') }, 'ERR_IDENTITY_KEY_ENCRYPTED', /openssl pkey/],
    ]
    for (const [index, [pem, code, words]] of rows.entries()) {
      const certPath = await writePem(join(folder, `bad-${index}`), pem)
      const made = createContext(config, { name: 'prod', ...tcp(), certPath })
      await assert.rejects(made, { code, message: words }, code)
      const files = Object.entries(pem).map(
        ([part, text]) => [{ name: `tls/docker/${part}.pem` }, text as string] as const,
      )
      const archive = await makeTar([[{ name: 'meta.json' }, metaText('x', 'tcp://h:2376')], ...files])
      await assert.rejects(importContext(config, archive, { name: 'prod' }), { code }, code)
    }
    assert.deepEqual(await readdir(config), [])
  })
})

describe('a context that is exported and imported', () => {
  test('is the same, with all that we do not know', async (t) => {
    const config = await temporaryFolder(t)
    await createContext(config, { name: 'prod', ...tcp(), description: 'x' })
    const { meta } = contextPaths(config, 'prod')
    const docker = { Host: 'tcp://build01:2376', SkipTLSVerify: false, Own: [1] }
    const content = {
      Name: 'prod',
      Metadata: { Description: 'x', Other: { a: 1 } },
      Endpoints: { docker, k8s: {} },
      z: null,
    }
    await writeFile(meta, JSON.stringify(content))
    const { archive, host, warnings } = await exportContext(config, 'prod')
    assert.deepEqual([host, warnings], ['tcp://build01:2376', []])
    const made = await importContext(config, archive, { name: 'copy' })
    assert.deepEqual([made.description, made.replaced, await seen(config, 'copy')], ['x', false, 'build01 as ann'])
    assert.deepEqual(JSON.parse(await readFile(made.paths.meta, 'utf8')), { ...content, Name: 'copy' })
  })

  const refused: readonly (readonly [string, string, string])[] = [
    ['no JSON', '{', 'ERR_CONTEXT_ARCHIVE_INVALID'],
    ['no endpoint', '{"Name":"x","Endpoints":{}}', 'ERR_CONTEXT_ARCHIVE_INVALID'],
    ['no TLS', metaText('x', 'tcp://h:2376'), 'ERR_CONTEXT_INSECURE'],
    ['a bad host', metaText('x', 'ssh://-oProxyCommand=id'), 'ERR_HOST_INVALID'],
    ['plaintext', metaText('x', 'http://h:2376'), 'ERR_PLAINTEXT_REFUSED'],
    ['the plaintext port', metaText('x', 'tcp://h:2375'), 'ERR_PLAINTEXT_PORT'],
    [
      'no verification',
      JSON.stringify({ Name: 'x', Endpoints: { docker: { Host: 'tcp://h', SkipTLSVerify: true } } }),
      'ERR_CONTEXT_INSECURE',
    ],
    [
      'no verification of a socket',
      JSON.stringify({ Name: 'x', Endpoints: { docker: { Host: 'unix:///x', SkipTLSVerify: true } } }),
      'ERR_CONTEXT_INSECURE',
    ],
  ]
  for (const [what, text, code] of refused) {
    test(`with ${what}: ${code}, and nothing is written`, async (t) => {
      const config = await temporaryFolder(t)
      const archive = await makeTar([[{ name: 'meta.json' }, text]])
      await assert.rejects(importContext(config, archive, { name: 'prod' }), { code })
      assert.deepEqual(await readdir(config), [])
      await mkdir(join(contextPaths(config, 'x1').meta, '..'), { recursive: true })
      await writeFile(contextPaths(config, 'x1').meta, text.replace('"Name":"x"', '"Name":"x1"'))
      await assert.rejects(exportContext(config, 'x1'), isDockerMtlsError)
    })
  }

  for (const gone of ['ca', 'cert', 'key'] as const) {
    test(`without ${gone}.pem is refused`, async (t) => {
      const config = await temporaryFolder(t)
      const parts = Object.entries(ann).filter(([part]) => part !== gone)
      const files = parts.map(([part, text]) => [{ name: `tls/docker/${part}.pem` }, text as string] as const)
      const archive = await makeTar([[{ name: 'meta.json' }, metaText('x', 'tcp://h:2376')], ...files])
      const expected = { code: 'ERR_CONTEXT_INSECURE', message: new RegExp(`lacks ${gone}\\.pem`) }
      await assert.rejects(importContext(config, archive, { name: 'prod' }), expected)
      assert.deepEqual(await readdir(config), [])
    })
  }

  test('for a socket leaves certificates out, and says so', async (t) => {
    const config = await temporaryFolder(t)
    const archive = await makeTar([
      [{ name: 'meta.json' }, metaText('x', 'unix:///x')],
      [{ name: 'tls/docker/key.pem' }, ann.key],
    ])
    const { warnings } = await importContext(config, archive, { name: 'prod' })
    assert.match(warnings.join('\n'), /not imported: unix:\/\/\/x doesn't use TLS/)
    assert.equal(await contextExists(config, 'prod'), true)
    assert.ok(!JSON.stringify(await treeOf(config)).includes('tls'), 'no key is kept')
  })
})

const make = (config: string): Promise<unknown> => createContext(config, { name: 'prod', ...tcp() })

describe('interrupted', () => {
  interface Work {
    readonly before?: (config: string) => Promise<unknown>
    readonly run: (config: string) => Promise<unknown>
    readonly may: readonly (string | undefined)[]
  }
  const other = { name: 'prod', endpoint: parseHost('tcp://other'), replace: true }
  const works: Readonly<Record<string, Work>> = {
    'making one': { run: make, may: [undefined, 'build01 as ann'] },
    'replacing one': {
      before: make,
      run: (config) => createContext(config, { ...other, certPath: bobPath }),
      may: ['build01 as ann', undefined, 'other as bob'],
    },
    'replacing one by one without TLS': {
      before: make,
      run: (config) => createContext(config, { ...other, endpoint: parseHost('unix:///x') }),
      may: ['build01 as ann', undefined, 'unix as nobody'],
    },
    'replacing one without TLS': {
      before: (config) => createContext(config, { ...other, endpoint: parseHost('unix:///x') }),
      run: (config) => createContext(config, { ...other, certPath: bobPath }),
      may: ['unix as nobody', undefined, 'other as bob'],
    },
    'importing one': {
      run: async (config) => {
        const files = Object.entries(ann).map(
          ([part, text]) => [{ name: `tls/docker/${part}.pem` }, text as string] as const,
        )
        const archive = await makeTar([[{ name: 'meta.json' }, metaText('x', 'tcp://build01:2376')], ...files])
        return importContext(config, archive, { name: 'prod' })
      },
      may: [undefined, 'build01 as ann'],
    },
    'removing one': {
      before: make,
      run: (config) => removeContext(config, 'prod'),
      may: ['build01 as ann', undefined],
    },
  }
  for (const [what, { before: prepare, run, may }] of Object.entries(works)) {
    test(`${what}, a killed process leaves the old one, none or the new one, and the next run works`, async (t) => {
      const start = join(await temporaryFolder(t), 'start')
      await mkdir(start)
      await prepare?.(start)
      const states = new Set<string | undefined>()
      for (let n = 1, ended = false; !ended; n++) {
        const config = join(await temporaryFolder(t), 'config')
        await cp(start, config, { recursive: true })
        ended = await killedBefore(n, () => run(config))
        // This process lives on: as if it didn't.
        const { lock } = contextPaths(config, 'prod')
        if (existsSync(lock)) await writeFile(lock, String(2 ** 31 - 1))
        const state = await seen(config)
        assert.ok(may.includes(state), `killed before change ${n}: ${state}`)
        states.add(state)
        await createContext(config, { name: 'prod', ...tcp(), replace: true })
        assert.equal(await seen(config), 'build01 as ann')
        await removeContext(config, 'prod')
        const left = Object.keys(await treeOf(config))
        assert.deepEqual(
          left.filter((path) => path.includes('key.pem')),
          [],
          'a key is left',
        )
      }
      assert.deepEqual(states, new Set(may), 'all of them were seen')
    })

    test(`${what}, a disk that fails leaves it as it was, or as it should be`, async (t) => {
      const start = join(await temporaryFolder(t), 'start')
      await mkdir(start)
      await prepare?.(start)
      const wished = join(await temporaryFolder(t), 'wished')
      await cp(start, wished, { recursive: true })
      await run(wished)
      for (let n = 1, reached = true; reached; n++) {
        const config = join(await temporaryFolder(t), 'config')
        await cp(start, config, { recursive: true })
        reached = await failingAt(n, () => run(config))
        const state = await seen(config)
        assert.ok(may.includes(state), `failed at change ${n}: ${state}`)
        if (what === 'removing one') continue
        assert.ok([await seen(start), await seen(wished)].includes(state), `failed at change ${n}: ${state}`)
        const files = await filesIn(config)
        const either = state === (await seen(start)) ? start : wished
        assert.deepEqual(files, await filesIn(either), `failed at change ${n}`)
      }
    })
  }
})

describe('the list of contexts', () => {
  test('says of each what we make of it, and fails for none', async (t) => {
    const config = await temporaryFolder(t)
    const keep = async (folder_: string, text: string): Promise<void> => {
      const path = join(config, 'contexts', 'meta', folder_)
      await mkdir(path, { recursive: true })
      await writeFile(join(path, 'meta.json'), text)
    }
    await createContext(config, { name: 'good', ...tcp() })
    await createContext(config, { name: 'sock', endpoint: parseHost('unix:///x'), description: 'here' })
    for (const [name, text] of Object.entries({
      plain: metaText('plain', 'tcp://h:2376'),
      skip: metaText('skip', 'tcp://h', { Endpoints: { docker: { Host: 'tcp://h', SkipTLSVerify: true } } }),
      port: metaText('port', 'tcp://h:2375'),
      stranger: metaText('other', 'unix:///x'),
    })) {
      await keep(contextPaths(config, name).meta.split('/').at(-2) ?? '', text)
    }
    await keep('junk', '{')
    await mkdir(join(config, 'contexts/meta/dir/meta.json'), { recursive: true })
    await mkdir(join(config, 'contexts/meta/empty'))
    await writeFile(join(config, 'contexts/meta/file'), '')
    const bad = await createContext(config, { name: 'swapped', ...tcp() })
    await writeFile(join(bad.paths.credentials, 'key.pem'), bob.key)
    const listed = await listContexts(config)
    assert.deepEqual(
      listed.map(({ name, refusal, broken, identity }) => [
        name,
        refusal?.code ?? broken ?? identity?.client.commonName,
      ]),
      [
        ['good', 'ann'],
        ['other', 'the name in it does not match its folder'],
        ['plain', 'ERR_CONTEXT_INSECURE'],
        ['port', 'ERR_PLAINTEXT_PORT'],
        ['skip', 'ERR_CONTEXT_INSECURE'],
        ['sock', undefined],
        ['swapped', 'ERR_IDENTITY_KEY_MISMATCH'],
        [undefined, 'it is a folder, not a file'],
        [undefined, 'it does not contain a JSON object'],
      ],
    )
    assert.equal(listed.find(({ name }) => name === 'sock')?.description, 'here')
  })

  test('of no store is empty, and of none that can be read fails', async (t) => {
    const config = await temporaryFolder(t)
    assert.deepEqual(await listContexts(join(config, 'none')), [])
    await mkdir(join(config, 'contexts'))
    await writeFile(join(config, 'contexts/meta'), '')
    await assert.rejects(listContexts(config), { code: 'ERR_FILE_READ' })
  })
})

describe('the current context', () => {
  const rows: readonly (readonly [string, Record<string, string>, string | undefined, string, RegExp])[] = [
    ['nothing', {}, undefined, 'default', /nothing names one/],
    ['config.json', {}, 'prod', 'prod', /config\.json$/],
    ['DOCKER_CONTEXT before it', { DOCKER_CONTEXT: 'lab' }, 'prod', 'lab', /^DOCKER_CONTEXT$/],
    ['DOCKER_HOST before both', { DOCKER_HOST: 'x', DOCKER_CONTEXT: 'lab' }, 'prod', 'default', /^DOCKER_HOST$/],
    ['an empty variable, which is none', { DOCKER_HOST: '', DOCKER_CONTEXT: '' }, 'prod', 'prod', /config\.json$/],
  ]
  for (const [what, env, currentContext, name, source] of rows) {
    test(`by ${what}`, async (t) => {
      const config = await temporaryFolder(t)
      await writeFile(join(config, 'config.json'), JSON.stringify({ currentContext }))
      const found = await findCurrent(config, env)
      assert.equal(found.name, name)
      assert.match(found.source, source)
    })
  }

  test('is forgotten, and nothing else', async (t) => {
    const config = await temporaryFolder(t)
    const path = join(config, 'elsewhere.json')
    const others = { auths: { 'ghcr.io': { auth: 'x' } }, psFormat: 'y' }
    await writeFile(path, JSON.stringify({ ...others, currentContext: 'prod' }), { mode: 0o600 })
    await symlink(path, join(config, 'config.json'))
    const found = await treeOf(config)
    await clearCurrentContext(config, 'lab')
    assert.deepEqual(await treeOf(config), found)
    await clearCurrentContext(config, 'prod')
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), others)
    assert.equal(modesOf(await treeOf(config))['elsewhere.json'], '0600')
    assert.deepEqual((await readdir(config)).toSorted(), ['config.json', 'elsewhere.json'])
  })
})
