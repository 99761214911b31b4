import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { FileWatch } from '../../lib/gateway/files/watch.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from './support/until.ts'

const SOON_MS = 200
const NFS = 0x6969

interface Watched {
  readonly folder: string
  readonly path: string
  /** What was called. */
  readonly calls: string[]
  readonly watch: FileWatch
}

type Place = (folder: string) => Promise<string>

async function plain(folder: string): Promise<string> {
  const path = join(folder, 'keys/policy.yaml')
  await fs.mkdir(dirname(path))
  await fs.writeFile(path, 'one')
  return path
}

async function linked(folder: string): Promise<string> {
  await fs.symlink(await plain(folder), join(folder, 'link.yaml'))
  return join(folder, 'link.yaml')
}

/** As Kubernetes mounts a ConfigMap. */
async function projected(folder: string): Promise<string> {
  for (const version of ['..1', '..2']) {
    await fs.mkdir(join(folder, version))
    await fs.writeFile(join(folder, version, 'policy.yaml'), version)
  }
  await fs.symlink('..1', join(folder, '..data'))
  await fs.symlink('..data/policy.yaml', join(folder, 'policy.yaml'))
  return join(folder, 'policy.yaml')
}

async function missing(folder: string): Promise<string> {
  return join(folder, 'crl.pem')
}

async function begin(t: TestContext, place: Place): Promise<Watched> {
  const folder = await fs.realpath(await temporaryFolder(t))
  const path = await place(folder)
  const calls: string[] = []
  const watch = new FileWatch([path], () => calls.push('changed'))
  t.after(() => watch.stop())
  return { folder, path, calls, watch }
}

const replaceBy = async (path: string, make: (temporary: string) => Promise<void>): Promise<void> => {
  await make(`${path}.new`)
  await fs.rename(`${path}.new`, path)
}

const CHANGES: Readonly<Record<string, readonly [Place, (watched: Watched) => Promise<unknown>]>> = {
  'written in its place': [plain, ({ path }) => fs.writeFile(path, 'two')],
  replaced: [plain, ({ path }) => replaceBy(path, (one) => fs.writeFile(one, 'two'))],
  removed: [plain, ({ path }) => fs.rm(path)],
  'written, where a link leads': [linked, ({ folder }) => fs.writeFile(join(folder, 'keys/policy.yaml'), 'two')],
  'written by a second name elsewhere': [
    plain,
    async ({ folder, path }) => {
      await fs.link(path, join(folder, 'other'))
      await fs.appendFile(join(folder, 'other'), 'two')
    },
  ],
  'behind a link that another one replaces': [
    linked,
    ({ path }) => replaceBy(path, (one) => fs.symlink('/dev/null', one)),
  ],
  'in a folder that another one replaces': [
    plain,
    ({ folder }) => fs.rename(join(folder, 'keys'), join(folder, 'old')),
  ],
  'in a volume of Kubernetes, which gets new files': [
    projected,
    ({ folder }) => replaceBy(join(folder, '..data'), (one) => fs.symlink('..2', one)),
  ],
  'created later': [missing, ({ path }) => fs.writeFile(path, 'one')],
}

for (const [what, [place, change]] of Object.entries(CHANGES)) {
  test(`tells at once, and once, of a file that is ${what}`, async (t) => {
    const watched = await begin(t, place)
    await until(() => watched.watch.isOn, 'watched')
    await change(watched)
    await delay(SOON_MS)
    assert.deepEqual(watched.calls, ['changed'])
    assert.equal(watched.watch.isOn, false)
  })
}

test('tells of no other file in the folder', async (t) => {
  const { path, calls, watch } = await begin(t, plain)
  await until(() => watch.isOn, 'watched')
  await fs.writeFile(join(dirname(path), 'audit.jsonl'), 'a request')
  await delay(SOON_MS)
  assert.deepEqual([calls, watch.isOn], [[], true])
})

test('is never on for a file that another machine may change, nor in a folder that is gone', async (t) => {
  const gone = await begin(t, async (folder) => join(folder, 'gone/policy.yaml'))
  const { statfs } = fs
  t.mock.method(fs, 'statfs', async (path: string) => Object.assign(await statfs(path), { type: NFS }))
  const remote = await begin(t, plain)
  await delay(SOON_MS)
  assert.deepEqual([gone.watch.isOn, remote.watch.isOn], [false, false])
})
