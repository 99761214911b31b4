import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import {
  closedParents,
  DATA_FACTS_SH,
  parseDataFacts,
  whatDisappears,
  type DataCounts,
  type DataFacts,
} from '../../lib/daemon.ts'
import { isRoot } from '../../scripts/packages.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'

const NOTHING: DataCounts = { images: 0, containers: 0, volumes: 0, plugins: 0, swarm: false, unreadable: [] }

/** As the parts of a host's shell run: as a function, in a shell that stops at the first mistake. */
const SCRIPT = `set -eu\nn=kept\ndata_facts() {\n${DATA_FACTS_SH}}\ndata_facts "$1"\ntest "$n" = kept\n`
const SHELLS: readonly (readonly string[])[] = [
  ['sh'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
  ['zsh', '--emulate', 'sh'],
]

function look(root: string, shell: readonly string[] = ['sh'], cwd = '/'): DataFacts {
  const [program = 'sh', ...args] = shell
  const ran = spawnSync(program, [...args, '-c', SCRIPT, 'sh', root], { encoding: 'utf8', cwd, timeout: 60_000 })
  assert.equal(ran.stderr, '')
  assert.equal(ran.status, 0)
  return parseDataFacts(ran.stdout)
}

async function put(root: string, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const whole = join(root, path)
    await mkdir(path.endsWith('/') ? whole : dirname(whole), { recursive: true })
    if (!path.endsWith('/')) await writeFile(whole, '')
  }
}

async function dataRoot(t: TestContext, name = 'data'): Promise<string> {
  const root = join(await realpath(await temporaryFolder(t)), name)
  await put(
    root,
    'containers/aa/config.v2.json',
    'containers/bb/config.v2.json',
    // What is left of one that was removed half.
    'containers/cc/mounts/',
    'volumes/v1/_data/',
    'volumes/with.dots-1/_data/',
    'volumes/metadata.db',
    'volumes/backingFsBlockDev',
    'image/overlay2/repositories.json',
    'image/overlay2/imagedb/content/sha256/a',
    'image/overlay2/imagedb/content/sha256/b',
    'image/overlay2/imagedb/content/sha256/c',
    'image/overlay2/imagedb/metadata/sha256/a/parent',
    'plugins/tmp/',
    'plugins/p1/config.json',
    'swarm/',
    '100000.100001/containers/dd/config.v2.json',
    '100000.100001/image/overlay2/imagedb/content/sha256/a',
    '100000.100001/volumes/v2/_data/',
    '100000.100001/swarm/docker-state.json',
    '1.2.3/containers/ee/config.v2.json',
    '5.x/containers/ee/config.v2.json',
    '7.7',
  )
  return root
}

describe("dockerd's data folder, looked at by a shell", () => {
  for (const shell of SHELLS) {
    const skip = lacks(shell[0] ?? '')
    test(`${shell.join(' ')} counts what is there`, { skip }, async (t) => {
      const root = await dataRoot(t, "da ta * $HOME'")
      const facts = look(root, shell)
      assert.equal(facts.root, root)
      assert.equal(facts.isThere, true)
      assert.deepEqual(facts.plain, { ...NOTHING, images: 3, containers: 2, volumes: 2, plugins: 1 })
      assert.deepEqual(
        [...facts.remapped],
        [['100000.100001', { ...NOTHING, images: 1, containers: 1, volumes: 1, swarm: true }]],
      )
      assert.deepEqual(facts.parents[0], {
        path: dirname(root),
        mode: 'drwx------',
        uid: process.getuid?.(),
        gid: process.getgid?.(),
      })
      assert.equal(facts.parents.at(-1)?.path, '/')
    })

    test(`${shell.join(' ')} takes a folder that isn't there`, { skip }, async (t) => {
      const folder = await realpath(await temporaryFolder(t))
      for (const root of [join(folder, 'a b', 'c'), join(folder, 'x')]) {
        const facts = look(root, shell)
        assert.deepEqual([facts.root, facts.isThere, facts.plain], [root, false, NOTHING])
        assert.equal(facts.parents[0]?.path, folder)
      }
      for (const root of ['', 'relative', 'not/here']) {
        const facts = look(root, shell, folder)
        assert.equal(facts.isThere, false)
        assert.equal(facts.parents[0]?.path, folder)
      }
      assert.deepEqual(
        look('/', shell).parents.map(({ path }) => path),
        ['/'],
      )
    })
  }

  test('symbolic links are followed, as dockerd does', async (t) => {
    const root = await dataRoot(t)
    const link = join(await temporaryFolder(t), 'link')
    await symlink(root, link)
    assert.equal(look(link).root, root)
    assert.equal(look(`${link}//`).parents[0]?.path, dirname(root))
  })

  test('a folder with line feeds in its name is one folder', async (t) => {
    const root = await dataRoot(t, 'data\ncontainers - 9\nunreadable - L2V0Yw==\nparent drwxrwxrwx 0 0 Lw==/x\ty"\'')
    const facts = look(root)
    assert.equal(facts.root, root)
    assert.deepEqual(facts.plain, { ...NOTHING, images: 3, containers: 2, volumes: 2, plugins: 1 })
    assert.equal(facts.parents[0]?.path, dirname(root))
  })

  test('thousands of containers are counted', async (t) => {
    const root = join(await temporaryFolder(t), 'data')
    await put(root, ...Array.from({ length: 5000 }, (_, index) => `containers/${index}/config.v2.json`))
    assert.equal(look(root).plain.containers, 5000)
  })

  test('images in containerd are not counted', async (t) => {
    const root = join(await temporaryFolder(t), 'data')
    await put(root, 'containers/aa/config.v2.json', 'image/')
    assert.equal(look(root).plain.images, undefined)
  })

  test('what must not be read is said', { skip: lacks('setpriv') }, async (t) => {
    const root = await dataRoot(t)
    const closed = join(root, 'containers')
    await chmod(dirname(root), 0o711)
    await chmod(closed, 0)
    // Root may read everything.
    const command = isRoot() ? ['setpriv', '--reuid=65534', '--clear-groups', 'sh'] : ['sh']
    const ran = spawnSync(command[0] ?? '', [...command.slice(1), '-c', SCRIPT, 'sh', root], { encoding: 'utf8' })
    // Only then it can be removed.
    await chmod(closed, 0o700)
    const facts = parseDataFacts(ran.stdout)
    assert.deepEqual(facts.plain, { ...NOTHING, images: 3, volumes: 2, plugins: 1, unreadable: [closed] })
    const words = whatDisappears(facts, { after: '1.1' }).join('\n')
    assert.match(words, /will not see the contents of .*\/containers/)
  })

  test('lines that are not known are passed over', () => {
    const root = Buffer.from('/a b ').toString('base64')
    assert.deepEqual(parseDataFacts(`hello\n\nimages\nroot there ${root}\nnew - 1\n`), {
      root: '/a b ',
      isThere: true,
      plain: NOTHING,
      remapped: new Map(),
      parents: [],
    })
  })
})

describe('what disappears', () => {
  const some: DataCounts = { ...NOTHING, images: 12, containers: 3, volumes: 2 }
  const facts: DataFacts = {
    root: '/var/lib/docker',
    isThere: true,
    plain: some,
    remapped: new Map([['1.2', { ...NOTHING, images: 1, containers: 1, plugins: 1 }]]),
    parents: [],
  }
  const only = (plain: Partial<DataCounts>): DataFacts => ({ ...facts, plain: { ...NOTHING, ...plain } })
  const rows: readonly (readonly [string, DataFacts, Parameters<typeof whatDisappears>[1], readonly string[]])[] = [
    [
      'switched on',
      facts,
      { after: '5.5' },
      [
        'User namespaces hide 12 images, 3 containers and 2 volumes in /var/lib/docker, and networks you created. They stay on disk and reappear when you turn user namespaces off.',
      ],
    ],
    [
      'switched on again',
      facts,
      { after: '1.2' },
      [
        'User namespaces hide 12 images, 3 containers and 2 volumes in /var/lib/docker, and networks you created. They stay on disk and reappear when you turn user namespaces off.',
        '/var/lib/docker/1.2 has older data: 1 image, 1 container and 1 plugin in it will reappear. dockerd starts containers with a restart policy.',
      ],
    ],
    [
      'switched off',
      facts,
      { before: '1.2' },
      [
        'Turning user namespaces off hides 1 image, 1 container and 1 plugin in /var/lib/docker/1.2, and networks you created. They stay on disk and reappear when you turn them on again.',
        '/var/lib/docker has older data: 12 images, 3 containers and 2 volumes in it will reappear. dockerd starts containers with a restart policy.',
      ],
    ],
    [
      'other ids',
      facts,
      { before: '1.2', after: '5.5' },
      [
        'User namespaces with other ids hide 1 image, 1 container and 1 plugin in /var/lib/docker/1.2, and networks you created. They stay on disk and reappear when you use the previous ids again.',
      ],
    ],
    [
      'no network was made',
      only({ images: 1 }),
      { after: '5.5', networks: 0 },
      [
        'User namespaces hide 1 image in /var/lib/docker. It stays on disk and reappears when you turn user namespaces off.',
      ],
    ],
    [
      'networks were made',
      only({}),
      { after: '5.5', networks: 2 },
      [
        'User namespaces hide 2 networks in /var/lib/docker. They stay on disk and reappear when you turn user namespaces off.',
      ],
    ],
    ['no change', facts, { before: '1.2', after: '1.2' }, []],
    ['no change, without', facts, {}, []],
    ['nothing there', only({}), { after: '5.5' }, []],
    ['no folder', { ...facts, isThere: false }, { after: '5.5' }, []],
    [
      'images alone',
      only({ images: 1 }),
      { after: '5.5' },
      [
        'User namespaces hide 1 image in /var/lib/docker, and networks you created. They stay on disk and reappear when you turn user namespaces off.',
      ],
    ],
    [
      'images in containerd',
      only({ images: undefined, containers: 1 }),
      { after: '5.5' },
      [
        'User namespaces hide images in containerd and 1 container in /var/lib/docker, and networks you created. They stay on disk and reappear when you turn user namespaces off.',
      ],
    ],
    [
      'a node of a swarm',
      only({ swarm: true }),
      { after: '5.5' },
      [
        'This host is a swarm node, with its data in /var/lib/docker, and will no longer be one. Make it leave the swarm first, or join again afterwards.',
      ],
    ],
  ]
  for (const [what, given, change, sentences] of rows) {
    test(what, () => assert.deepEqual(whatDisappears(given, change), sentences))
  }
})

describe('folders above the data', () => {
  const root = { rootUid: 300000, rootGid: 400000 }
  const rows: readonly (readonly [mode: string, uid: number, gid: number, isOpen: boolean])[] = [
    ['drwxr-xr-x', 0, 0, true],
    ['drwx--x--x', 0, 0, true],
    ['drwxrwxrwt', 0, 0, true],
    ['drwxr-xr-x+', 0, 0, true],
    ['drwx------', 0, 0, false],
    ['drwxr-xr--', 0, 0, false],
    ['drwxrwxrwT', 0, 0, false],
    ['drwx--x---', 0, 400000, true],
    ['drwx--s---', 0, 400000, true],
    ['drwx--S---', 0, 400000, false],
    // Which dockerd takes for open, and no container does (executed: 26.1.5).
    ['drwx-----x', 0, 400000, false],
    ['d--x------', 300000, 0, true],
    ['drw---x--x', 300000, 0, false],
    ['', 0, 0, false],
  ]
  for (const [mode, uid, gid, isOpen] of rows) {
    test(`${mode} of ${uid}:${gid} is ${isOpen ? 'open' : 'closed'}`, () => {
      const told = closedParents({ parents: [{ path: '/srv/a b', mode, uid, gid }] }, root)
      assert.equal(told.length, isOpen ? 0 : 1)
      const whose = uid === root.rootUid ? 'u' : gid === root.rootGid ? 'g' : 'o'
      if (!isOpen) assert.ok(told[0]?.includes(`chmod ${whose}+x`))
      if (!isOpen) assert.match(told[0] ?? '', /enter \/srv\/a b \(.*chmod [ugo]\+x '\/srv\/a b'$/)
    })
  }
})
