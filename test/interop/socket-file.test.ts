import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, lstatSync, promises as fs, type Dirent } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import { createDispatcher, parseHost, loadIdentity, type DockerDispatcher } from '../../lib/index.ts'
import { bridge, type Bridge } from '../../lib/interop.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { makeCredentials, type Credentials } from '../transport/support/credentials.ts'

let credentials: Credentials
before(async () => (credentials = await makeCredentials()))

/** A bridge to nowhere: none of these tests needs a daemon. */
async function to(t: TestContext, path: string): Promise<Bridge> {
  const made = await bridge(nowhere(t), path)
  t.after(() => made.close())
  return made
}

function nowhere(t: TestContext): DockerDispatcher {
  const dispatcher = createDispatcher(parseHost('unix:///nonexistent/docker.sock'))
  t.after(() => dispatcher.destroy())
  return dispatcher
}

/** A socket on which nobody listens: what a process leaves that is killed. */
async function makeDead(path: string): Promise<void> {
  const server = createServer().listen(`${path}~`)
  await once(server, 'listening')
  await fs.link(`${path}~`, path)
  server.close()
  await once(server, 'close')
}

/** What is there, each with what it is and its inode: a socket can't be read as a file. */
async function listing(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true })
  const kinds = ['isSocket', 'isFile', 'isDirectory', 'isSymbolicLink'] as const
  const kindOf = (entry: Dirent): string => kinds.find((kind) => entry[kind]()) ?? 'something else'
  return entries.map((entry) => `${entry.name}: ${kindOf(entry)} ${lstatSync(join(folder, entry.name)).ino}`).toSorted()
}

const modeOf = (path: string): number => lstatSync(path).mode & 0o7777

describe("a bridge's socket", () => {
  test('is for its owner alone from the moment that it has its name, whatever the umask', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'docker.sock')
    const linked: string[] = []
    const link = fs.link.bind(fs)
    t.mock.method(fs, 'link', (from: string, where: string) => {
      linked.push(`${modeOf(from).toString(8)} in ${modeOf(dirname(from)).toString(8)}, ${existsSync(path)}`)
      return link(from, where)
    })
    const umask = process.umask(0)
    t.after(() => process.umask(umask))
    const made = await to(t, path)
    assert.deepEqual(linked, ['600 in 700, false'])
    assert.equal(modeOf(path), 0o600)
    assert.equal(made.path, path)
    assert.deepEqual(await fs.readdir(folder), ['docker.sock'], 'something is left beside it')
  })

  test('is removed when the bridge is closed, once', async (t) => {
    const folder = await temporaryFolder(t)
    const made = await to(t, join(folder, 'a.sock'))
    await Promise.all([made.close(), made.close(), made[Symbol.asyncDispose]()])
    assert.deepEqual(await fs.readdir(folder), [])
    // Another one that has taken its place stays.
    const first = await to(t, join(folder, 'b.sock'))
    await fs.rm(first.path)
    const second = await to(t, first.path)
    await first.close()
    assert.equal(lstatSync(second.path).isSocket(), true)
  })

  test('a relative path is that of the working directory', async (t) => {
    const folder = await temporaryFolder(t)
    const here = process.cwd()
    t.after(() => process.chdir(here))
    process.chdir(folder)
    const made = await to(t, 'docker.sock')
    process.chdir(here)
    assert.equal(made.path, join(await fs.realpath(folder), 'docker.sock'))
    await made.close()
    assert.deepEqual(await fs.readdir(folder), [])
  })

  test('takes the place of a dead one', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    await makeDead(path)
    const dead = lstatSync(path).ino
    await to(t, path)
    assert.notEqual(lstatSync(path).ino, dead)
    assert.equal(modeOf(path), 0o600)
  })

  test('never takes the place of anything else', async (t) => {
    const folder = await temporaryFolder(t)
    const live = createServer().listen(join(folder, 'live'))
    await once(live, 'listening')
    t.after(() => live.close())
    await fs.writeFile(join(folder, 'file'), 'precious')
    await fs.mkdir(join(folder, 'folder'))
    await makeDead(join(folder, 'dead'))
    await fs.symlink(join(folder, 'dead'), join(folder, 'link'))
    await fs.symlink(join(folder, 'nowhere'), join(folder, 'dangling'))
    const there = await listing(folder)
    assert.equal(there.length, 6)
    const rows: [name: string, says: RegExp][] = [
      ['live', /a program listens/],
      ['file', /a file with that name exists, and it isn't a socket/],
      ['folder', /a folder with that name exists, and it isn't a socket/],
      ['link', /isn't a socket/],
      ['dangling', /isn't a socket/],
    ]
    for (const [name, says] of rows) {
      await assert.rejects(bridge(nowhere(t), join(folder, name)), { code: 'ERR_FILE_EXISTS', message: says }, name)
    }
    assert.deepEqual(await listing(folder), there)
    assert.equal(await fs.readFile(join(folder, 'file'), 'utf8'), 'precious')
  })

  test(
    "a dead one of another user's stays",
    { skip: process.getuid?.() !== 0 && 'only root can give files away' },
    async (t) => {
      const path = join(await temporaryFolder(t), 'docker.sock')
      await makeDead(path)
      await fs.chown(path, 1, 1)
      await assert.rejects(bridge(nowhere(t), path), { code: 'ERR_FILE_EXISTS', message: /another user/ })
      assert.equal(lstatSync(path).uid, 1)
    },
  )

  test('of two bridges on one path, one is made', async (t) => {
    const folder = await temporaryFolder(t)
    for (let round = 0; round < 25; round++) {
      const path = join(folder, `${round}.sock`)
      if (round % 2 === 0) await makeDead(path)
      const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => bridge(nowhere(t), path)))
      const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
      t.after(() => Promise.all(won.map((made) => made.close())))
      assert.equal(won.length, 1, `round ${round}: ${won.length} were made`)
      for (const error of lost) assert.equal((error as { code: string }).code, 'ERR_FILE_EXISTS', String(error))
    }
    const names = (await fs.readdir(folder)).filter((name) => !/^\d+\.sock$/.test(name))
    assert.deepEqual(names, [])
  })

  test('is made where nobody else can replace it, or not at all', async (t) => {
    const folder = await temporaryFolder(t)
    const inner = join(folder, 'inner')
    await fs.mkdir(inner, { mode: 0o700 })
    const rows: [mode: number, says?: RegExp][] = [
      [0o777, /everyone may write to .*, and could replace this socket/],
      [0o707, /everyone may write/],
      [0o775, /the group of .* may write to it/],
      [0o770, /the group of/],
      [0o1777],
      [0o1775],
      [0o755],
      [0o711],
    ]
    for (const [mode, message] of rows) {
      await fs.chmod(folder, mode)
      for (const path of [join(folder, 'a.sock'), join(inner, 'a.sock')]) {
        const what = `${mode.toString(8)} ${path}`
        if (message === undefined) await (await bridge(nowhere(t), path)).close()
        else await assert.rejects(to(t, path), { code: 'ERR_FILE_WRITE', message }, what)
        assert.equal(existsSync(path), false, what)
      }
    }
    await assert.rejects(to(t, join(folder, 'missing/a.sock')), {
      code: 'ERR_FILE_WRITE',
      message: /the folder .*missing does not exist/,
    })
  })

  const root = { skip: process.getuid?.() !== 0 && 'only root can give files away' }
  test('is made only in a folder of this user or of root, below such folders', root, async (t) => {
    const folder = await temporaryFolder(t)
    const inner = join(folder, 'inner')
    await fs.mkdir(inner, { mode: 0o755 })
    await fs.chmod(folder, 0o755)
    const owners = async (outer: number, below: number): Promise<void> => {
      await fs.chown(folder, outer, outer)
      await fs.chown(inner, below, below)
    }
    const refused = { code: 'ERR_FILE_WRITE', message: /belongs to the user [12], and could/ }
    for (const [outer, below] of [
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      await owners(outer, below)
      await assert.rejects(to(t, join(inner, 'a.sock')), refused, `${outer} ${below}`)
    }
    // As the user 1, whose own folders and root's are fine, unlike those of the user 2.
    t.mock.method(process as { getuid(): number }, 'getuid', () => 1)
    for (const [outer, below] of [
      [1, 1],
      [0, 1],
      [1, 0],
      [0, 0],
    ] as const) {
      await owners(outer, below)
      await (await bridge(nowhere(t), join(inner, 'a.sock'))).close()
    }
    await owners(1, 2)
    await assert.rejects(to(t, join(inner, 'a.sock')), refused)
  })

  test('a link on the way to it is as good as its owner and its target', root, async (t) => {
    const folder = await temporaryFolder(t)
    await fs.chmod(folder, 0o1777)
    await fs.mkdir(join(folder, 'good'), { mode: 0o700 })
    await fs.mkdir(join(folder, 'open/inner'), { recursive: true })
    await fs.chmod(join(folder, 'open'), 0o777)
    const links: [name: string, target: string][] = [
      ['mine', 'good'],
      ['absolute', join(folder, 'good')],
      ['twice', './good/../mine'],
      ['theirs', 'good'],
      ['into', 'open/inner'],
      ['loop', 'loop'],
    ]
    for (const [name, target] of links) await fs.symlink(target, join(folder, name))
    await fs.lchown(join(folder, 'theirs'), 1, 1)
    for (const name of ['mine', 'absolute', 'twice']) {
      const made = await bridge(nowhere(t), join(folder, name, 'a.sock'))
      assert.equal(lstatSync(join(folder, 'good/a.sock')).isSocket(), true, name)
      await made.close()
    }
    const rows: [name: string, says: RegExp][] = [
      ['theirs', /theirs belongs to the user 1/],
      ['into', /everyone may write to .*open,/],
      ['loop', /too many symbolic links/],
    ]
    for (const [name, message] of rows) {
      const path = join(folder, name, 'a.sock')
      await assert.rejects(to(t, path), { code: 'ERR_FILE_WRITE', message }, name)
    }
  })

  test('a path that no socket can have is refused', async (t) => {
    const folder = await temporaryFolder(t)
    const rows: [path: unknown, code: string][] = [
      [join(folder, 'x'.repeat(108)), 'ERR_ARGUMENT_INVALID'],
      [`/tmp/${'é'.repeat(52)}`, 'ERR_ARGUMENT_INVALID'],
      [join('/', 'x'.repeat(98), 's'), 'ERR_ARGUMENT_INVALID'],
      ['', 'ERR_ARGUMENT_INVALID'],
      ['\0abstract', 'ERR_ARGUMENT_INVALID'],
      ['a\nb', 'ERR_ARGUMENT_INVALID'],
      [undefined, 'ERR_ARGUMENT_INVALID'],
      [{ path: '/x' }, 'ERR_ARGUMENT_INVALID'],
    ]
    for (const [path, code] of rows) {
      await assert.rejects(bridge(nowhere(t), path as string), { code }, JSON.stringify(path))
    }
    const longest = join(folder, 'x'.repeat(107 - folder.length - 1))
    assert.equal((await to(t, longest)).path, longest)
  })

  test('in the longest folder it takes the place of a dead one too', async (t) => {
    const parent = await temporaryFolder(t)
    const folder = join(parent, 'x'.repeat(97 - parent.length - 1))
    await fs.mkdir(folder)
    const path = join(folder, 'd.sock')
    await makeDead(path)
    const dead = lstatSync(path).ino
    await to(t, path)
    assert.notEqual(lstatSync(path).ino, dead)
  })
})

describe('a bridge', () => {
  test('to a gateway is refused, since bytes can not be given a prefix', async (t) => {
    const identity = await loadIdentity(credentials.client)
    const dispatcher = createDispatcher(parseHost('https://gateway.example/team'), identity)
    t.after(() => dispatcher.destroy())
    const path = join(await temporaryFolder(t), 'docker.sock')
    await assert.rejects(bridge(dispatcher, path), { code: 'ERR_BRIDGE_UNSUPPORTED', message: /prefix \/team/ })
    assert.equal(existsSync(path), false)
  })

  test('takes no option that it does not know', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    const options = { mode: 0o666 } as object
    await assert.rejects(bridge(nowhere(t), path, options), { code: 'ERR_OPTION_UNKNOWN' })
    assert.equal(existsSync(path), false)
  })

  test('ends with its signal', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    const reason = new Error('never mind')
    await assert.rejects(bridge(nowhere(t), path, { signal: AbortSignal.abort(reason) }), reason)
    const early = new AbortController()
    const making = bridge(nowhere(t), path, { signal: early.signal })
    early.abort(reason)
    await assert.rejects(making, reason)
    assert.equal(existsSync(path), false)

    const late = new AbortController()
    const made = await bridge(nowhere(t), path, { signal: late.signal })
    assert.equal(existsSync(path), true)
    late.abort()
    await made.close()
    assert.equal(existsSync(path), false)
  })
})
