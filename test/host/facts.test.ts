import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gatherFacts, gatherFurtherFacts, lines, parseFacts } from '../../lib/host/facts.ts'
import { decodeWord } from '../../lib/host/fact-records.ts'
import { furtherFactsScript } from '../../lib/host/facts-script.ts'
import { localShell } from '../../lib/host/local-shell.ts'
import { wayTo } from '../../lib/setup/gateway/node.ts'
import { factsOf } from '../apply/support/facts.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** Names that a user may give to a file or folder. Each tries to make other facts. */
const ODD_NAMES: readonly string[] = [
  'a\nfact dWlk MA==\nb',
  'x\n1 0 L3Vzci9zYmluL2RvY2tlcmQ=',
  'tab\there and  spaces ',
  `quotes ' " \` $(id) \\`,
  'ends with line feeds\n\n',
  'two words',
]

describe('facts of a host on which a user chooses names', () => {
  for (const name of ODD_NAMES) {
    test(`a link to ${JSON.stringify(name)}`, async (t) => {
      const link = join(await temporaryFolder(t), 'link')
      await symlink(name, link)
      const { fact } = await gatherFurtherFacts(localShell(), factsOf(), { files: [link] })
      assert.equal(fact(`odd:${link}`), `link ${name}`)
      assert.equal(fact('uid'), '0')
    })

    test(`a file called ${JSON.stringify(name)}`, async (t) => {
      const path = join(await temporaryFolder(t), name)
      await writeFile(path, 'text')
      await chmod(path, 0o640)
      const asked = { files: [path], secrets: [`${path}.no`], programs: [path], writable: [path] }
      const { file, files, fact } = await gatherFurtherFacts(localShell(), factsOf(), asked)
      assert.deepEqual([file(path)?.text, file(path)?.mode, files.length], ['text', 0o640, 1])
      assert.deepEqual([fact(`writable:${path}`), fact(`program:${path}`), fact('uid')], ['yes', '', '0'])
    })

    test(`a dockerd in a folder called ${JSON.stringify(name)}`, async (t) => {
      const folder = join(await temporaryFolder(t), name)
      await mkdir(folder)
      await copyFile('/bin/sleep', join(folder, 'dockerd'))
      const child = spawn(join(folder, 'dockerd'), ['60'])
      t.after(() => child.kill())
      await once(child, 'spawn')
      const { daemons, fact } = await gatherFacts(localShell())
      assert.equal(daemons.find(({ pid }) => pid === child.pid)?.exec, join(folder, 'dockerd'))
      assert.equal(daemons.length, lines(fact('dockerds')).length)
      assert.ok(daemons.every(({ pid }) => pid > 1))
    })

    test(`folders called ${JSON.stringify(name)}, and a link to one`, async (t) => {
      const root = await temporaryFolder(t)
      const inner = join(root, name, 'in')
      await mkdir(inner, { recursive: true })
      // $( ) in a shell drops line feeds at the end of a target, so the link leads to a folder below.
      await symlink(inner, join(root, 'link'))
      const asked = join(root, 'link', 'tls')
      const { fact } = await gatherFurtherFacts(localShell(), factsOf(), { more: [['parents', asked]] })
      const paths = new Set(lines(fact(`parents:${asked}`)).map((line) => decodeWord(line.split(' ')[2] ?? '')))
      for (const path of [join(root, 'link'), inner, join(root, name), root, '/']) assert.ok(paths.has(path), path)
      await chown(inner, 0, 50)
      await chmod(inner, 0o2775)
      const more = await gatherFurtherFacts(localShell(), factsOf(), { more: [['parents', inner]] })
      const own = wayTo(inner, more, true).file
      assert.deepEqual(own, { path: inner, mode: 0o2775, uid: 0, gid: 50 })
    })
  }

  test('SSH keys are those in the home of the user, and of root in any case', async (t) => {
    const home = await temporaryFolder(t)
    await mkdir(join(home, '.ssh'))
    await writeFile(join(home, '.ssh/id_xmss'), '')
    const more = ['4242', '0', '77'].map((uid) => ['said', `keys-${uid}`, 'ssh_keys_of', uid] as const)
    const script = furtherFactsScript({ more: [...more, ['said', 'user', 'passwd_field', '4242', '1']] })
    const pretend = `getent() { test "$2" = 4242 && echo 'ann:x:4242:4242::${home}:/bin/sh'; }
open() { printf 'open %s\\n' "$1"; }
`
    const { stdout } = await localShell().run(
      pretend + script.replace('\nsaid keys-4242', '\nopen_ssh_keys() { open "$1"; }\nsaid keys-4242'),
    )
    const { fact } = parseFacts(stdout)
    assert.deepEqual(
      ['keys-4242', 'keys-0', 'keys-77', 'user'].map((name) => fact(name)),
      [`open ${home}`, 'open /root', '', 'ann'],
    )
  })

  test('bytes that are no UTF-8', async (t) => {
    const folder = await temporaryFolder(t)
    const target = Buffer.from([0xff, 0x0a, 0x66, 0x80])
    await symlink(target, join(folder, 'link'))
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), target]), 'text')
    const { fact, files } = await gatherFurtherFacts(localShell(), factsOf(), { files: [join(folder, 'link')] })
    assert.equal(fact(`odd:${join(folder, 'link')}`), `link ${target.toString('utf8')}`)
    assert.equal(files[0]?.text, 'text')
  })

  test('a group with a space in its name, as Active Directory has', async (t) => {
    const path = join(await temporaryFolder(t), 'file')
    await writeFile(path, 'text')
    const stat = `stat() { case $* in *%U*) echo '4 644 root:domain users' ;; *) command stat "$@" ;; esac; }`
    const { stdout } = await localShell().run(`${stat}\n${furtherFactsScript({ files: [path] })}`)
    const { file } = parseFacts(stdout)
    assert.deepEqual([file(path)?.owner, file(path)?.text], ['root:domain users', 'text'])
  })

  test('where dockerd listens: its sockets, or those of docker.socket while it does not run', () => {
    const listen = 'Listen=/run/docker.sock (Stream)\nListen=[::]:2375 (Stream)\nListen=vsock:2:1 (Stream)'
    const of = (pid: string, state: string, sockets = ''): ReturnType<typeof factsOf> =>
      factsOf({ facts: { service: `MainPID=${pid}`, socket: `ActiveState=${state}\n${listen}`, sockets } })
    const running = of('7', 'active', 'x86_64\nown 11')
    assert.deepEqual([running.sockets, running.passed], [[], ['tcp://[::]:2375']])
    const idle = { address: '::', port: 2375, isPassed: true, isIdle: true }
    assert.deepEqual(of('0', 'active').sockets, [idle])
    assert.deepEqual(of('0', 'inactive').sockets, [])
    // Only root can see them.
    assert.equal(of('7', 'active').sockets, undefined)
  })

  test('services that may be a gateway are read, whatever they are called', async (t) => {
    const [folder, later] = [await temporaryFolder(t), await temporaryFolder(t)]
    for (const [name, text] of [
      ['a b.service', 'ExecStart=/x gateway run\n'],
      ['other.service', 'ExecStart=/x\n'],
      ['copy.conf', 'ExecStart=/x gateway run\n'],
    ] as const)
      await writeFile(join(folder, name), text)
    await symlink('/dev/null', join(folder, 'masked.service'))
    for (const name of ['a b.service', 'masked.service', 'own.service'])
      await writeFile(join(later, name), 'ExecStart=/y gateway run\n')
    const shell = localShell()
    const { files } = await gatherFacts({
      ...shell,
      run: (script, options) =>
        shell.run(script.replace(/^unit_folders=.*$/m, `unit_folders='${folder} ${later}'`), options),
    })
    const read = files.filter(({ path }) => path.startsWith(folder) || path.startsWith(later))
    assert.deepEqual(
      read.map(({ path, text }) => [path, text]),
      [
        [join(folder, 'a b.service'), 'ExecStart=/x gateway run\n'],
        [join(later, 'own.service'), 'ExecStart=/y gateway run\n'],
      ],
    )
  })

  test('the free space is a number of KiB', async () => {
    const { fact } = await gatherFacts(localShell())
    assert.ok(Number(fact('room:/etc/docker')) > 0)
  })
})
