import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, chown, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { renderSentence } from '../../lib/base/sentence.ts'
import { gatewayExec } from '../../lib/cli/commands/gateway-exec.ts'
import { CLI, runProcess, type Ran } from '../cli/support/run-cli.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage, printing } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'

async function leftovers(folder: string = tmpdir()): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('.docker-mtls.'))
}

describe('gateway exec', { skip: lacks('namespaces', 'dockerd', 'docker') }, () => {
  let daemon: Daemon
  let image: string
  let work: string

  before(async () => {
    const place = await chooseDaemonPlace()
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
    image = await makeImage(daemon)
    work = join(place.folder, 'work')
    await mkdir(work)
    await writeFile(join(work, 'file'), 'hello\n')
  })
  after(() => daemon?.stop())

  function exec(options: readonly string[], ...command: readonly string[]): Promise<Ran> {
    return execIn(undefined, options, ...command)
  }

  /** The same in a folder. */
  function execIn(cwd: string | undefined, options: readonly string[], ...command: readonly string[]): Promise<Ran> {
    const argv = ['gateway', 'exec', '--host', daemon.place.listen[0], ...options, '--', ...command]
    return runProcess(argv, { ...(cwd !== undefined && { cwd }) })
  }

  /** dockerd may lose the output of a container that ends at once, so this one ends half a second later. */
  function runExample(words: readonly string[]): Promise<Ran> {
    const [end, at] = [words.indexOf('--'), words.indexOf('alpine')]
    const later = ['sh', '-c', '"$@"; code=$?; sleep 0.5; exit $code', 'sh']
    return execIn(work, words.slice(0, end), ...words.slice(end + 1, at), image, ...later, ...words.slice(at + 1))
  }

  test('a command does what the level allows, and nothing more', async () => {
    const earlier = await leftovers()
    const bind = ['--level', 'restricted', '--bind', work]
    const run = ['docker', 'run', '--rm', '--security-opt', 'no-new-privileges', '--cap-drop', 'ALL', '--user', '1000']
    const fine = await exec(bind, ...run, '-v', `${work}:/data`, image, ...printing('cat /data/file'))
    assert.deepEqual([fine.code, fine.stdout], [0, 'hello\n'], fine.stderr)
    const host = await exec(bind, ...run, '-v', '/:/host', image, 'cat', '/host/etc/shadow')
    assert.equal(host.code, 125)
    assert.match(host.stderr, /HOST_PATH/)
    assert.match(host.stderr, /\nRefused: exec: POST \/v[\d.]+\/containers\/create: 403 HOST_PATH\n/)
    const other = await exec(['--level', 'restricted'], ...run, '-v', `${work}:/data`, image, 'true')
    assert.match(other.stderr, /HOST_PATH/)
    assert.deepEqual(await leftovers(), earlier)
  })

  test('at restricted, dockerd itself copies nothing into or out of the folder', async () => {
    const script = `docker create --name copied --security-opt no-new-privileges --cap-drop ALL --user 1000 -v "$1":/data "$2" true
      docker cp "$1/file" copied:/etc/file; docker cp copied:/data/file -
      docker volume create -o type=none -o o=bind -o device="$1" v && echo created
      docker rm copied`
    const bind = ['--level', 'restricted', '--bind', work]
    const { stdout, stderr } = await exec(bind, 'sh', '-c', script, 'sh', work, image)
    assert.match(stdout, /^[0-9a-f]{64}\ncopied\n$/, stderr)
    assert.match(stderr, /PUT \/v[\d.]+\/containers\/copied\/archive: 403 TARGET_TOO_POWERFUL/)
    assert.match(stderr, /GET \/v[\d.]+\/containers\/copied\/archive: 403 TARGET_TOO_POWERFUL/)
    assert.match(stderr, /POST \/v[\d.]+\/volumes\/create: 403 HOST_PATH/)
  })

  test('a read-only folder stays read-only: no tmpfs changes it by a link of the image', async () => {
    const folder = join(daemon.place.folder, 'memory')
    await mkdir(folder)
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'mode=777', 'none', folder]).status, 0)
    const script = `limits='--network none --security-opt no-new-privileges --cap-drop ALL --user 1000'
      docker create --name linking $limits "$2" true
      mkdir -p "$3/p/q"; ln -s /data "$3/p/q/r"; tar -C "$3" -c p | docker cp - linking:/
      docker commit linking linking:1
      docker run --rm $limits -v "$1:/data:ro" --tmpfs /q:rw,size=1m linking:1 sh -c 'echo a > /data/new; sleep 1'
      docker run --rm $limits -v "$1:/data:ro" --tmpfs /p/q/r:remount,rw linking:1 sh -c 'echo a > /data/new'
      docker rm linking; docker rmi linking:1`
    const bind = ['--level', 'restricted', '--bind', `${folder}:ro`]
    const { stderr } = await exec(bind, 'sh', '-c', script, 'sh', folder, image, join(daemon.place.folder, 'links'))
    assert.match(stderr, /can't create \/data\/new: Read-only file system/)
    assert.deepEqual(await readdir(folder), [])
    assert.equal(stderr.match(/containers\/create: 403 HOST_PATH/g)?.length, 1, stderr)
  })

  test('a read-only folder comes with --volumes-from', async () => {
    const script = `docker create --name source -v "$1:/data:ro" "$2" true
      docker run --rm --volumes-from source "$2" sh -c 'cat /data/file; sleep 1'
      docker run --rm --volumes-from source "$2" sh -c 'echo a > /data/new; sleep 1'
      docker rm source`
    const bind = ['--level', 'baseline', '--bind', `${work}:ro`]
    const { stdout, stderr } = await exec(bind, 'sh', '-c', script, 'sh', work, image)
    assert.match(stdout, /^[0-9a-f]{64}\nhello\nsource\n$/, stderr)
    assert.match(stderr, /can't create \/data\/new: Read-only file system/)
  })

  test('--bind . is the folder in which it runs, and no folder in, beside or above it', async () => {
    const [beside, link] = [join(daemon.place.folder, 'beside'), join(daemon.place.folder, 'link')]
    await mkdir(join(work, 'in'))
    await mkdir(beside)
    await symlink('work', link)
    const options = ['--level', 'restricted', '--bind', '.']
    const run = ['docker', 'run', '--rm', '--security-opt', 'no-new-privileges', '--cap-drop', 'ALL', '--user', '1000']
    const cat = [image, ...printing('cat /data/file')]
    for (const cwd of [work, link]) {
      const fine = await execIn(cwd, options, ...run, '-v', '.:/data', ...cat)
      assert.deepEqual([fine.code, fine.stdout], [0, 'hello\n'], fine.stderr)
    }
    for (const [cwd, path] of [
      [work, daemon.place.folder],
      [work, join(work, 'in')],
      [work, beside],
      [beside, work],
    ] as const)
      assert.match((await execIn(cwd, options, ...run, '-v', `${path}:/data`, image, 'true')).stderr, /HOST_PATH/)
  })

  test('a folder can be bound for reading alone', async () => {
    const bind = ['--level', 'restricted', '--bind', `${work}:ro`]
    const run = ['docker', 'run', '--rm', '--security-opt', 'no-new-privileges', '--cap-drop', 'ALL', '--user', '1000']
    const reads = await exec(bind, ...run, '-v', `${work}:/data:ro`, image, ...printing('cat /data/file'))
    assert.deepEqual([reads.code, reads.stdout], [0, 'hello\n'], reads.stderr)
    const writes = await exec(bind, ...run, '-v', `${work}:/data`, image, 'true')
    assert.match(writes.stderr, /HOST_PATH/)
  })

  test('the exit code, and what is printed, are those of the command', async () => {
    const { code, stdout } = await exec(['--level', 'read-only'], 'sh', '-c', 'echo "$DOCKER_HOST"; exit 7')
    assert.equal(code, 7)
    assert.match(stdout, /^unix:\/\/\/.*\/\.docker-mtls\.[\w-]+\/docker\.sock\n$/)
    assert.equal((await exec(['--level', 'read-only'], 'sh', '-c', 'kill -TERM $$')).code, 143)
    const missing = await exec(['--level', 'read-only'], '/nonexistent')
    assert.equal(missing.code, 127)
    assert.match(missing.stderr, /\/nonexistent: no such file or directory\n$/)
  })

  test('an interrupt ends the command first', async () => {
    const script = 'trap "echo ended; exit 3" TERM; echo ready >&2; while :; do sleep 0.05; done'
    const argv = ['gateway', 'exec', '--host', daemon.place.listen[0], '--level', 'read-only', '--', 'sh', '-c', script]
    const ran = await runProcess(argv, { when: [/ready/, (pid) => process.kill(pid, 'SIGTERM')] })
    assert.deepEqual([ran.code, ran.signal, ran.stdout], [3, null, 'ended\n'])
  })

  test('another user gets the socket, and can not open that of the daemon', async () => {
    const socket = daemon.place.listen[0].replace('unix://', '')
    await chmod(socket, 0o660)
    const options = ['--level', 'read-only', '--user', 'nobody']
    const { code, stdout, stderr } = await exec(options, 'sh', '-c', 'id -un; docker version -f {{.Server.Version}}')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^nobody\n\d+\./)
    assert.doesNotMatch(stderr, /go around the gateway/)
    const around = await exec(options, 'docker', '--host', daemon.place.listen[0], 'version')
    assert.match(around.stderr, /permission denied/)
    const root = await exec(['--level', 'read-only', '--user', 'root'], 'true')
    assert.match(root.stderr, /^Warning: root can open the daemon's socket/)
  })

  test('everything that another user has started ends with the command, and with gateway exec', async () => {
    const argv = ['gateway', 'exec', '--host', daemon.place.listen[0], '--level', 'read-only', '--user', 'nobody']
    const left = await runProcess([...argv, '--', 'sh', '-c', '(sleep 1; echo late) & echo "$PPID"; exit 7'])
    assert.deepEqual([left.code, left.stdout], [7, '1\n'], left.stderr)
    const script = 'echo ready >&2; sleep 1; echo late'
    const killed = await runProcess([...argv, '--', 'sh', '-c', script], {
      when: [/ready/, (pid) => process.kill(pid, 'SIGKILL')],
    })
    assert.deepEqual([killed.signal, killed.stdout], ['SIGKILL', ''])
    const trap = 'trap "echo ended; exit 3" TERM; echo ready >&2; while :; do sleep 0.05; done'
    const ended = await runProcess([...argv, '--', 'sh', '-c', trap], {
      when: [/ready/, (pid) => process.kill(pid, 'SIGTERM')],
    })
    assert.deepEqual([ended.code, ended.stdout], [3, 'ended\n'], ended.stderr)
    const signalled = await runProcess([...argv, '--', 'sh', '-c', 'kill -TERM $$'])
    assert.deepEqual([signalled.code, signalled.stderr], [143, ''])
  })

  test('the first example of the guide works', async () => {
    const guide = await readFile('docs/gateway.md', 'utf8')
    const [, example = ''] = /^## For one command\n\n```sh\ndocker-mtls gateway exec ([^`]*)```$/m.exec(guide) ?? []
    const expanded = await runCommand('sh', ['-c', `printf '%s\\0' ${example}`], { cwd: work, env: { PWD: work } })
    const { code, stdout, stderr } = await runExample(expanded.stdout.split('\0').slice(0, -1))
    assert.deepEqual([code, stdout.split('\n').includes('file')], [0, true], stderr)
  })

  test('so does that of --help', async () => {
    const [example] = gatewayExec.examples[0] ?? ['']
    const { code, stdout, stderr } = await runExample(renderSentence(example).split(' ').slice(3))
    assert.deepEqual([code, stdout], [0, 'uid=0(root) gid=0(root) groups=0(root)\n'], stderr)
  })

  test('another user gets no descriptor of root but the first three', async () => {
    const script = 'exec 200</etc/shadow 251</etc/shadow; exec "$@"'
    const words = ['gateway', 'exec', '--host', daemon.place.listen[0], '--level', 'read-only']
    for (const [more, descriptors] of [
      [['--user', 'nobody'], '0 1 2'],
      [[], '0 1 2 200 251'],
    ] as const) {
      // The program itself has the folder open, as 3.
      const argv = [...words, ...more, '--', 'sh', '-c', "echo $(ls /proc/self/fd | sed '/^3$/d')"]
      const { code, stdout, stderr } = await runProcess(argv, { program: ['bash', '-c', script, 'bash', ...CLI] })
      assert.deepEqual([code, stdout], [0, `${descriptors}\n`], stderr)
    }
  })

  test('what a killed one has left is removed by the next, and nothing else', async () => {
    const argv = ['gateway', 'exec', '--host', daemon.place.listen[0], '--level', 'read-only']
    for (const [more, folder] of [
      [['--user', 'nobody'], '/run'],
      [[], tmpdir()],
    ] as const) {
      await runProcess([...argv, ...more, '--', 'sh', '-c', 'echo ready >&2; sleep 1'], {
        when: [/ready/, (pid) => process.kill(pid, 'SIGKILL')],
      })
      const [left = '', ...others] = await leftovers(folder)
      assert.deepEqual([others, left !== ''], [[], true])
      // Those of a process that lives, and of another machine.
      const kept = [left.replace(/-\d+-/, `-${process.pid}-`), left.replace(/\.[0-9a-f]{8}-/, '.00000000-')]
      for (const name of kept) await mkdir(join(folder, name))
      await runProcess([...argv, ...more, '--', 'true'])
      assert.deepEqual((await leftovers(folder)).toSorted(), kept.toSorted())
      for (const name of kept) await rm(join(folder, name), { recursive: true })
    }
  })

  test('another user may not be able to replace what is mounted', async () => {
    const shared = join(daemon.place.folder, 'shared')
    await mkdir(join(shared, 'own'), { recursive: true })
    await chmod(shared, 0o1777)
    await chown(join(shared, 'own'), 65534, 65534)
    const refused = await exec(['--level', 'restricted', '--user', 'nobody', '--bind', join(shared, 'own')], 'true')
    assert.deepEqual([refused.code, /its owner is not root, and can replace it/.test(refused.stderr)], [2, true])
    const policy = join(daemon.place.folder, 'policy.yaml')
    const paths = ['own', 'none'].map((name) => ({ path: join(shared, name) }))
    const rule = { name: 'a', who: { socket: 'agent' }, level: 'restricted', allow: { hostPaths: paths } }
    await writeFile(policy, JSON.stringify({ version: 1, rules: [rule] }))
    const warned = await exec(['--policy', policy, '--as', 'agent', '--user', 'nobody'], 'true')
    assert.equal(warned.code, 0, warned.stderr)
    assert.match(warned.stderr, /^Warning: .*\/shared\/own in the policy: its owner is not root, and can replace it/m)
    assert.match(warned.stderr, /^Warning: .*\/shared\/none in the policy: others than root can write to .*\/shared, /m)
  })

  test('a command line that can not be meant', async () => {
    const rows: [argv: string[], says: RegExp][] = [
      [['--', 'true'], /nothing says what the command may do/],
      [['--level', 'restricted'], /command/],
      [['--level', 'root', '--', 'true'], /"root" is not one of its values/],
      [['--policy', 'p.yaml', '--level', 'restricted', '--', 'true'], /--policy is given, and --level/],
      [['--policy', 'p.yaml', '--', 'true'], /--as is missing/],
      [['--level', 'restricted', '--bind', '/nonexistent', '--', 'true'], /no such file or directory/],
      [['--level', 'restricted', '--user', 'no-such-user', '--', 'true'], /there is no such user/],
    ]
    for (const [argv, says] of rows) {
      const { code, stderr } = await runProcess(['gateway', 'exec', ...argv])
      assert.match(stderr, says)
      assert.equal(code, 2, stderr)
    }
  })
})
