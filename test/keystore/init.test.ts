import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { exportClient, packClient } from '../../lib/keystore/client/export.ts'
import { initialise } from '../../lib/keystore/init/init.ts'
import type { InitOptions } from '../../lib/keystore/init/options.ts'
import { renderDaemon } from '../../lib/daemon-config/render-files.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'

const root = '/nonexistent'

describe('initialise', () => {
  const MISTAKES: readonly (readonly [object, ErrorCode])[] = [
    [{ tlsdir: '/x' }, 'ERR_OPTION_UNKNOWN'],
    [{ folder: '' }, 'ERR_ARGUMENT_INVALID'],
    [{ folder: 7 }, 'ERR_ARGUMENT_INVALID'],
    [{ names: [] }, 'ERR_NAME_INVALID'],
    [{ names: [7] }, 'ERR_ARGUMENT_INVALID'],
    [{ clients: undefined }, 'ERR_NAME_INVALID'],
    [{ clients: ['a b'] }, 'ERR_NAME_INVALID'],
    [{ clients: undefined, defaultClient: 'a b' }, 'ERR_NAME_INVALID'],
    [{ keyType: 'dsa' }, 'ERR_KEY_TYPE_INVALID'],
    [{ listen: 'x:y' }, 'ERR_LISTEN_INVALID'],
    [{ usernsRemap: '0' }, 'ERR_USERNS_INVALID'],
    [{ tlsDir: '/' }, 'ERR_PATH_INVALID'],
    [{ passphrase: '' }, 'ERR_CA_PASSPHRASE'],
  ]
  for (const [options, code] of MISTAKES) {
    test(`${JSON.stringify(options)}: ${code}`, async (t) => {
      const folder = join(await temporaryFolder(t), 'x')
      const all = { folder, names: ['b'], clients: ['a'], root, ...options } as InitOptions
      await assert.rejects(initialise(all), (error) => isDockerMtlsError(error, code) || assert.fail(String(error)))
      assert.deepEqual(await treeOf(folder), {})
    })
  }

  test('tells what it makes next, and nothing where there is nothing to make', async (t) => {
    const folder = await temporaryFolder(t)
    const steps: string[] = []
    const options = { folder, names: ['b'], clients: ['a', 'c'], root, onStep: (step: string) => void steps.push(step) }
    await initialise(options)
    assert.deepEqual(steps, ["the CA's key", "the server's key", 'the key of a', 'the key of c'])
    await initialise(options)
    assert.equal(steps.length, 4)
  })

  test('gives up between two steps, with the reason of the signal', async (t) => {
    const folder = await temporaryFolder(t)
    const controller = new AbortController()
    const reason = new Error('enough')
    const onStep = (step: string): void => {
      if (step.includes('server')) controller.abort(reason)
    }
    const options = { folder, names: ['b'], clients: ['a'], root, signal: controller.signal, onStep }
    await assert.rejects(initialise(options), reason)
    const paths = Object.keys(await treeOf(folder))
    assert.ok(paths.includes('server/server-cert.pem'))
    assert.ok(!paths.some((path) => path.startsWith('clients')))
    await initialise({ folder, names: ['b'], clients: ['a'], root })
  })

  test('a path with blanks and a slash at the end of tlsDir', async (t) => {
    const folder = join(await temporaryFolder(t), 'with blank')
    const { override, daemon } = await initialise({
      folder,
      names: ['b'],
      clients: ['a'],
      root,
      tlsDir: '/srv/my tls/',
    })
    assert.equal(daemon.tlsDir, '/srv/my tls')
    assert.match(await readFile(override.path, 'utf8'), /"--tlscacert=\/srv\/my tls\/ca\.pem"/)
    const again = await initialise({ folder, names: ['b'], clients: ['a'], root })
    assert.deepEqual([again.override.action, again.daemon.tlsDir, again.warnings], ['kept', '/srv/my tls', []])
  })
})

describe('renderDaemon', () => {
  test('has no form without verification', async () => {
    for (const form of ['systemd', 'daemon-json'] as const) {
      const { files } = await renderDaemon({ form, root })
      const all = files.map(({ text }) => text).join('\n')
      assert.match(all, /tlsverify/)
      assert.match(all, /tlscacert/)
    }
  })
})

describe('exportClient', () => {
  test('packs the bytes of the files', async (t) => {
    const folder = await temporaryFolder(t)
    await initialise({ folder, names: ['b'], clients: ['alice'], root })
    const { archive } = await packClient(folder, 'alice')
    const entries: [string, string][] = []
    for await (const entry of Readable.from([archive]).pipe(extract())) {
      assert.deepEqual([entry.header.mode, entry.header.type], [0o600, 'file'])
      entries.push([entry.header.name, (await buffer(entry)).toString()])
    }
    const files = ['key.pem', 'cert.pem', 'ca.pem']
    const expected = await Promise.all(files.map((name) => readFile(join(folder, 'clients/alice', name), 'utf8')))
    assert.deepEqual(
      entries,
      files.map((name, index) => [name, expected[index]]),
    )
  })

  test('names a client that is not there', async (t) => {
    const folder = await temporaryFolder(t)
    await initialise({ folder, names: ['b'], clients: ['alice'], root })
    const out = join(folder, 'x.tar')
    await assert.rejects(exportClient({ folder, name: 'bob', out }), (error) =>
      isDockerMtlsError(error, 'ERR_CLIENT_NOT_FOUND'),
    )
    await assert.rejects(exportClient({ folder, name: '../x', out }), (error) =>
      isDockerMtlsError(error, 'ERR_NAME_INVALID'),
    )
  })
})
