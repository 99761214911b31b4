import assert from 'node:assert/strict'
import {
  appendFile,
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { promises as fs } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { untrustedReason } from '../../lib/cli/inputs/found.ts'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { requestClient } from '../../lib/keystore/client/request.ts'
import { signRequestInto } from '../../lib/keystore/client/sign.ts'
import { initialise } from '../../lib/keystore/init/init.ts'
import { createAuthority } from '../../lib/pki.ts'
import { certificateFor, INFINITY } from '../support/broken-keys.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { newPlace, type Place } from './support/place.ts'
import { runCli, type Ran } from './support/run-cli.ts'

const NOBODY = 65_534
const POLICY = 'version: 1\nrules: [{ name: all, who: { any: true }, level: read-only }]\n'

interface RootPlace extends Omit<Place, 'run'> {
  readonly run: (argv: string, env?: Readonly<Record<string, string>>) => Promise<Ran>
  /** In a terminal, with this answer to the first question. */
  readonly asked: (argv: string, answer: string) => Promise<Ran>
}

/** Both folders belong to root. */
async function place(t: TestContext): Promise<RootPlace> {
  const { cwd, home, run } = await newPlace(t)
  return {
    cwd,
    home,
    run: (argv, env) => run(argv.split(' '), env),
    asked: async (argv, answer) => {
      const before = process.cwd()
      process.chdir(cwd)
      const typed = [`${answer}\n`]
      return runCli(argv.split(' '), { env: { HOME: home }, tty: true, typed }).finally(() => process.chdir(before))
    },
  }
}

/** What `init`, `client request` and `cert sign` create, of a user who is none of the test's. */
const made = temporaryFolder().then(async (root) => {
  const folder = join(root, 'docker-mtls')
  await initialise({ folder, names: ['build01'], clients: ['ann'], root: '/nonexistent', probe: true })
  await requestClient({ name: 'ann', folder: join(root, 'docker-mtls-ann') })
  const { request } = await requestClient({ name: 'eve', folder: join(root, 'docker-mtls-eve') })
  await signRequestInto(await readFile(request), { folder, out: () => join(root, 'eve.pem') })
  await writeFile(join(root, 'policy.yaml'), POLICY)
  return root
})

async function plant(name: string, cwd: string, uid: number): Promise<void> {
  const path = join(cwd, name.split('/').at(-1) ?? '')
  await cp(join(await made, name), path, { recursive: true })
  await giveTo(uid, path)
}

async function giveTo(uid: number, ...paths: readonly string[]): Promise<void> {
  assert.equal((await runCommand('chown', ['-R', `${uid}:${uid}`, ...paths])).code, 0)
}

/** The files that options and arguments name. */
async function writeNamed(cwd: string): Promise<void> {
  await writeFile(join(cwd, 'p.yaml'), POLICY)
  await cp(join(await made, 'eve.pem'), join(cwd, 'eve.pem'))
}

const SERVER = [
  'daemon apply --dry-run',
  'daemon apply --yes',
  'daemon render',
  'gateway apply --policy p.yaml --dry-run',
  'gateway run --policy p.yaml --listen 127.0.0.1:1',
]
/** What is found by itself, and the commands that use it. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'docker-mtls': [
    'init build02',
    'cert ca',
    'cert client bob',
    'cert list',
    'client env ann',
    'client export ann --out ann.tar',
    'grant bob --for 1h --level read-only',
    'setup ssh://root@127.0.0.1:1 --dry-run',
    ...SERVER,
  ],
  'docker-mtls/server': SERVER,
  'policy.yaml': ['grant bob --for 1h --level read-only --dir /nonexistent'],
  'docker-mtls-ann': ['client request ann'],
  'docker-mtls-eve': ['client install eve.pem'],
}

const UNTRUSTED =
  /^(?:.*\n)*?ERR_FOUND_UNTRUSTED: using (?<path>.*), which no option names: (?<got>.*)\.\n.*name it: {2}(?<option>--\w+ .*)$/m

describe('what is found in the working directory', { skip: lacks('namespaces') }, () => {
  for (const [name, lines] of Object.entries(FOUND)) {
    test(`${name} of another user is refused, as in /tmp`, async (t) => {
      const { cwd, run } = await place(t)
      await chmod(cwd, 0o1777)
      await plant(name, cwd, NOBODY)
      await writeNamed(cwd)
      const before = await treeOf(cwd)
      for (const line of lines) {
        const { code, stderr } = await run(line)
        const { path = '', got = '' } = UNTRUSTED.exec(stderr)?.groups ?? {}
        assert.ok(path.startsWith(cwd), `${line}: ${stderr}`)
        assert.match(got, /^the user 65534 owns /, line)
        assert.equal(code, 1)
      }
      assert.deepEqual(await treeOf(cwd), before)
    })

    // A policy has no CA.
    if (name === 'policy.yaml') continue
    test(`${name} of this user that is new, as in a cloned repository, is refused without a terminal`, async (t) => {
      const { cwd, run } = await place(t)
      await plant(name, cwd, 0)
      await writeNamed(cwd)
      const before = await treeOf(cwd)
      for (const line of lines) {
        const { code, stderr } = await run(line)
        assert.match(
          UNTRUSTED.exec(stderr)?.groups?.['got'] ?? '',
          /^you have never used the .*SHA-256 (?:\w\w:){31}/,
          line,
        )
        assert.equal(code, 1)
      }
      assert.deepEqual(await treeOf(cwd), before)
    })
  }

  const hidden: Readonly<Record<string, (ca: string) => Promise<unknown>>> = {
    'behind a link': async (ca) => {
      await rename(ca, join(dirname(ca), 'x'))
      await symlink('x', ca)
    },
    'behind a link like that of a lock': async (ca) => {
      await rename(ca, join(dirname(ca), '4711'))
      await symlink('4711', ca)
    },
    'beside a certificate that nobody accepts': (ca) => appendFile(ca, certificateFor(INFINITY)),
  }
  for (const [how, hide] of Object.entries(hidden)) {
    test(`a new CA is refused also ${how}`, async (t) => {
      const { cwd, run } = await place(t)
      await plant('docker-mtls', cwd, 0)
      for (const folder of ['ca', 'server', 'clients/ann']) await hide(join(cwd, 'docker-mtls', folder, 'ca.pem'))
      for (const line of ['cert client bob', 'daemon apply --dry-run']) {
        const { code, stderr } = await run(line)
        assert.match(
          UNTRUSTED.exec(stderr)?.groups?.['got'] ?? stderr,
          /is a link|^you have never used the CA CN=/,
          line,
        )
        assert.equal(code, 1)
      }
    })
  }

  const ways: Readonly<Record<string, (folder: string, cwd: string) => Promise<unknown>>> = {
    'everyone can write to .*/docker-mtls/clients \\(mode 0777\\)': (folder) => chmod(join(folder, 'clients'), 0o777),
    'everyone can write to .*/clients/ann/.env \\(mode 0666\\)': (folder) =>
      chmod(join(folder, 'clients/ann/.env'), 0o666),
    'everyone can write to .*/docker-mtls \\(mode 1777\\)': (folder) => chmod(folder, 0o1777),
    'everyone can write to .*/project \\(mode 0777\\)': (_, cwd) => chmod(cwd, 0o777),
    'other users can write to .*/project, by its group \\(mode 0775\\)': async (_, cwd) => {
      await chown(cwd, 0, NOBODY)
      await chmod(cwd, 0o775)
    },
    'the user 65534 owns .*/project': (_, cwd) => chown(cwd, NOBODY, 0),
    'the user 65534 owns .*/ca-key.pem': (folder) => chown(join(folder, 'ca/ca-key.pem'), NOBODY, 0),
    '.*/ca/ledger.jsonl is a link, which may lead elsewhere': async (folder, cwd) => {
      await rm(join(folder, 'ca/ledger.jsonl'))
      await symlink(join(cwd, 'planted'), join(folder, 'ca/ledger.jsonl'))
    },
    '.*/docker-mtls is a link, which may lead elsewhere': async (folder, cwd) => {
      await rename(folder, join(cwd, 'other'))
      await symlink('other', folder)
    },
  }
  for (const [got, change] of Object.entries(ways)) {
    test(`is refused if ${got}, and used if it is named`, async (t) => {
      const { cwd, run } = await place(t)
      assert.equal((await run('init build01 --client ann')).code, 0)
      await change(join(cwd, 'docker-mtls'), cwd)
      const refused = await run('cert client bob')
      const groups = UNTRUSTED.exec(refused.stderr)?.groups
      assert.match(groups?.['got'] ?? refused.stderr, new RegExp(`^${got}$`))
      const named = await run(`cert client bob ${groups?.['option']}`)
      if (!got.includes('ledger')) return assert.equal(named.code, 0, named.stderr)
      // It would create the file that the link names.
      assert.match(named.stderr, /^ERR_FILE_WRITE: writing the ledger .*: it is a symbolic link\.$/m)
      assert.ok(!(await readdir(cwd)).includes('planted'))
    })
  }

  test('is used if only root and this user can write to it, also through their own group', async (t) => {
    const { cwd, run } = await place(t)
    await chmod(cwd, 0o1775)
    const created = await run('init build01 --client ann')
    assert.equal(created.code, 0, created.stderr)
    await chmod(cwd, 0o775)
    // A lock on a full disk.
    await symlink('4711', join(cwd, 'docker-mtls/ca/.other.lock'))
    const listed = await run('cert list --expiring 1d')
    assert.equal(listed.code, 0, listed.stderr)
    await chmod(cwd, 0o1777)
    assert.equal((await run('cert client bob')).code, 0)
  })

  test('is refused if a member of its group is in a directory service alone', async (t) => {
    const { cwd } = await place(t)
    await chmod(cwd, 0o770)
    const { readFile: real } = fs
    for (const [members, got] of [
      ['', undefined],
      ['root', undefined],
      ['root,ann.of.ldap', /^other users can write to .*, by its group/],
    ] as const) {
      t.mock.method(fs, 'readFile', (path: string, encoding: 'utf8') =>
        path === '/etc/group' ? Promise.resolve(`root:x:0:${members}\n`) : real(path, encoding),
      )
      const reason = await untrustedReason({ path: cwd }, {})
      if (got === undefined) assert.equal(reason, undefined)
      else assert.match(reason ?? '', got)
    }
  })

  test('is not created where others can create it first', async (t) => {
    const { cwd, run } = await place(t)
    await chmod(cwd, 0o1777)
    for (const line of ['init build01 --client ann', 'cert ca', 'client request ann']) {
      const { stderr } = await run(line)
      const { got, option } = UNTRUSTED.exec(stderr)?.groups ?? {}
      assert.match(got ?? stderr, /^everyone can write to .*\/project \(mode 1777\)$/, line)
      const named = await run(`${line} ${option}`)
      assert.equal(named.code, 0, named.stderr)
      for (const name of await readdir(cwd)) await rm(join(cwd, name), { recursive: true })
    }
    assert.match((await run('cert list')).stderr, /^ERR_CA_MISSING/)
  })
})

test('the data folder is refused if another user owns it', { skip: lacks('namespaces') }, async (t) => {
  const { home, run } = await place(t)
  const data = join(home, '.local/share')
  await mkdir(data, { recursive: true })
  await plant('docker-mtls', data, NOBODY)
  const folder = join(data, 'docker-mtls')
  const before = await treeOf(home)
  for (const line of ['cert list', 'cert client bob', 'init build02']) {
    const { code, stderr } = await run(line)
    const { path, got } = UNTRUSTED.exec(stderr)?.groups ?? {}
    assert.deepEqual([code, path, got], [1, folder, `the user 65534 owns ${folder}`], stderr)
  }
  assert.deepEqual(await treeOf(home), before)
  await giveTo(0, folder)
  const { code, stderr } = await run('cert client bob')
  assert.equal(code, 0, stderr)
})

describe('a CA that this user has not used', () => {
  test('is a question in a terminal, once', async (t) => {
    const { cwd, asked, run } = await place(t)
    await cp(join(await made, 'docker-mtls'), join(cwd, 'docker-mtls'), { recursive: true })
    const no = await asked('cert client bob', 'no')
    assert.match(
      no.stderr,
      /^The folder \S+\/docker-mtls has the CA CN=docker-mtls CA \w+ \(SHA-256 (?:\w\w:){31}\w\w\), which you have never used\. Use it, now and in other folders\? \(yes or no\): Nothing was changed\.\n$/,
    )
    assert.equal(no.code, 1)
    const yes = await asked('cert client bob', 'yes')
    assert.equal(yes.code, 0, yes.stderr)
    assert.equal((await run('cert client carol')).stderr, '')
  })

  test('is known once it was named, unless it was only looked at', async (t) => {
    const { cwd, home, run } = await place(t)
    await cp(join(await made, 'docker-mtls'), join(cwd, 'docker-mtls'), { recursive: true })
    for (const line of ['cert list --dir docker-mtls', 'client ls --dir docker-mtls']) {
      assert.equal((await run(line)).code, 0, line)
      assert.match((await run('cert client bob')).stderr, UNTRUSTED)
    }
    assert.equal((await run('cert client bob --dir docker-mtls')).code, 0)
    assert.equal((await run('cert client carol')).code, 0)
    const known = join(home, '.local/state/docker-mtls/known')
    assert.match(await readFile(known, 'utf8'), /^(?:\w\w:){31}\w\w\n$/)
    await rm(known)
    assert.equal((await run('daemon render --from docker-mtls')).code, 0)
    assert.equal((await run('daemon render')).code, 0)
  })

  test('may be in the folder of a client or a server', async (t) => {
    const { cwd, run } = await place(t)
    await run('init build01 --client ann')
    const { certificate, facts } = await createAuthority()
    await writeFile(join(cwd, 'docker-mtls/clients/ann/ca.pem'), certificate)
    const { code, stderr } = await run('client env ann')
    assert.equal(code, 1)
    assert.ok(stderr.includes(`you have never used the CA ${facts.subject} (SHA-256 ${facts.fingerprint256})`), stderr)
  })

  for (const home of ['own', 'missing', "another user's"]) {
    test(`is not the one of init, with the home folder ${home}`, async (t) => {
      const { cwd, home: folder, run } = await place(t)
      const env = home === 'missing' ? { HOME: '/nonexistent' } : { HOME: folder, XDG_STATE_HOME: 'relative' }
      if (home === "another user's") await chown(folder, NOBODY, NOBODY)
      for (const line of [
        'init build01 --client ann --probe',
        'cert client bob',
        'cert ca --replace-ca --yes',
        'cert client bob --force',
        'cert rotate-ca',
        'cert client carol',
        'daemon render',
        'cert list',
        'client request eve',
        'client request eve',
        'cert sign docker-mtls-eve/eve.csr',
        'client install eve.pem',
      ]) {
        const { code, stderr } = await run(line, { ...env, TMPDIR: cwd })
        assert.equal(code, 0, `${line}: ${stderr}`)
        assert.doesNotMatch(stderr, /never used/)
      }
      assert.deepEqual(await readdir(folder), home === 'own' ? ['.local'] : [])
    })
  }
})

describe('a list of known CAs in the temporary folder', { skip: lacks('namespaces') }, () => {
  const rows: readonly (readonly [what: string, folder: number, file: number])[] = [
    ['that another user has put there', NOBODY, NOBODY],
    ['in a folder of another user', NOBODY, 0],
    ['whose file another user owns', 0, NOBODY],
    ['of this user', 0, 0],
  ]
  for (const [what, folder, file] of rows) {
    const isOwn = folder === 0 && file === 0
    test(`${what} ${isOwn ? 'counts' : "doesn't count"}`, async (t) => {
      const { cwd, home: temporary, run } = await place(t)
      await chmod(temporary, 0o1777)
      await plant('docker-mtls', cwd, 0)
      const { fingerprint256 } = readCertificate(await readFile(join(cwd, 'docker-mtls/ca/ca.pem')))
      const list = join(temporary, 'docker-mtls-0')
      await mkdir(list, { mode: 0o700 })
      await writeFile(join(list, 'known'), `${fingerprint256}\n`, { mode: 0o600 })
      await chown(join(list, 'known'), file, file)
      await chown(list, folder, folder)
      const { code, stderr } = await run('cert list', { HOME: '/nonexistent', TMPDIR: temporary })
      const { got } = UNTRUSTED.exec(stderr)?.groups ?? {}
      if (isOwn) return assert.deepEqual([code, stderr], [0, ''])
      assert.match(got ?? stderr, new RegExp(`^you have never used the CA .* \\(SHA-256 ${fingerprint256}\\)$`))
      assert.equal(code, 1)
    })
  }
})

describe('with sudo', { skip: lacks('namespaces') }, () => {
  test('the folders and CAs of the user who called it are used, and no others', async (t) => {
    const { cwd, home, run } = await place(t)
    const [passwd, uid] = [await readFile('/etc/passwd', 'utf8'), 4711]
    t.after(() => writeFile('/etc/passwd', passwd))
    await writeFile('/etc/passwd', `${passwd}sudoer:x:${uid}:${uid}::${home}:/bin/sh\n`)
    await plant('docker-mtls', cwd, uid)
    await mkdir(join(home, '.local/state/docker-mtls'), { recursive: true })
    const env = { HOME: '/nonexistent', SUDO_UID: String(uid) }
    const { got } = UNTRUSTED.exec((await run('daemon render', env)).stderr)?.groups ?? {}
    const [fingerprint] = /(?:\w\w:){31}\w\w/.exec(got ?? '') ?? []
    assert.match(got ?? '', /^you have never used the CA/)
    await writeFile(join(home, '.local/state/docker-mtls/known'), `${fingerprint}\n`)
    await giveTo(uid, home, cwd)
    for (const line of ['daemon render', 'cert client bob']) {
      const { code, stderr } = await run(line, env)
      assert.equal(code, 0, stderr)
    }
    assert.match((await run('cert client carol', { ...env, SUDO_UID: '4712' })).stderr, /the user 4711 owns/)
    await chown(join(cwd, 'docker-mtls/server/override.conf'), NOBODY, 0)
    assert.match((await run('daemon render', env)).stderr, /the user 65534 owns .*override.conf/)
  })
})
