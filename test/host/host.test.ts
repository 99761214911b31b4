import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { gatherFacts, gatherFurtherFacts } from '../../lib/host/facts.ts'
import { localShell } from '../../lib/host/local-shell.ts'
import { sshShell } from '../../lib/host/ssh-shell.ts'
import { assignments, hereDocument, shellCall, shellFunction, shellProgram } from '../../lib/host/script.ts'
import { refuseHost } from '../../lib/host/preconditions.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { base64, factsOf, type Said } from '../apply/support/facts.ts'
import { shellWord } from '../../lib/base/quoting/posix.ts'
import { assertProperty, fc } from '../support/properties.ts'
import { startWatch } from '../support/watch.ts'

function sh(script: string): { code: number | null; stdout: string } {
  const { status, stdout } = spawnSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8' })
  return { code: status, stdout }
}

describe('scripts for a host', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((words) => !words.includes('\0'))

  test('a word is one word, whatever is in it', (t) => {
    assertProperty(
      t,
      fc.property(text, (word) => {
        assert.equal(sh(shellProgram(`printf '%s|' ${shellWord(word)}`)).stdout, `${word}|`)
      }),
      { numRuns: 60 },
    )
  })

  test('a value is a value, and a list keeps its words', (t) => {
    assertProperty(
      t,
      fc.property(text, text, (one, other) => {
        const list = shellFunction('each', [`"$1" ${shellCall([one, other])}`])
        const program = shellProgram(assignments({ one }), list, `show() { printf '%s|' "$one" "$@"; }`, 'each show')
        assert.equal(sh(program).stdout, `${one}|${one}|${other}|`)
      }),
      { numRuns: 60 },
    )
  })

  test('a file arrives as it is, and nothing in it is expanded', (t) => {
    const lines = fc.array(fc.oneof(text, fc.constantFrom('DOCKER_MTLS_END', '$HOME', '`id`', '\\')), { maxLength: 6 })
    assertProperty(
      t,
      fc.property(lines, (words) => {
        const file = `${words.join('\n')}\n`
        assert.equal(sh(shellProgram(`cat ${hereDocument(file)}`)).stdout, file)
      }),
      { numRuns: 60 },
    )
  })

  test('of a script that was cut off on its way, nothing runs', () => {
    const script = shellProgram('echo ran', `cat ${hereDocument('text\n')}`, 'echo to the end')
    assert.equal(sh(script).stdout, 'ran\ntext\nto the end\n')
    for (let length = 0; length < script.lastIndexOf('main "$@"'); length++) {
      assert.doesNotMatch(sh(script.slice(0, length)).stdout, /ran|end/, `cut at ${length}`)
    }
  })

  test('this machine answers, and nothing of it is a question of luck', async () => {
    const { fact, file } = await gatherFacts(localShell())
    assert.equal(fact('kernel'), 'Linux')
    assert.equal(fact('uid'), String(process.getuid?.()))
    assert.match(file('/etc/passwd')?.text ?? '', /^root:/m)
    assert.match(fact('room:/etc/docker'), /^\d+$/)
    assert.equal(file('/etc/shadow'), undefined)
  })

  test('a file is read whole or not at all; what is none is said', async (t) => {
    const folder = await temporaryFolder(t)
    const paths = ['long', 'longest', 'link', 'folder'].map((name) => join(folder, name))
    const [long = '', longest = '', link = '', inner = ''] = paths
    await writeFile(long, 'x'.repeat(2_000_000))
    await writeFile(longest, 'x'.repeat(9_000_000))
    await symlink('nowhere', link)
    await mkdir(inner)
    const wanted = { programs: [], files: paths, secrets: [], writable: [] }
    const { file, fact } = await gatherFurtherFacts(localShell(), factsOf(), wanted)
    assert.equal(file(long)?.text?.length, 2_000_000)
    assert.equal(file(longest)?.text, undefined)
    assert.match(file(longest)?.sha256 ?? '', /^[0-9a-f]{64}$/)
    assert.deepEqual([file(link), fact(`odd:${link}`)], [undefined, 'link nowhere'])
    assert.deepEqual([file(inner), fact(`odd:${inner}`), fact(`odd:${long}`)], [undefined, 'other', ''])
  })

  test('who does not wait any longer is let go', async () => {
    const signal = AbortSignal.timeout(100)
    await assert.rejects(localShell().run('sleep 2\n', { signal }), { name: 'TimeoutError' })
  })

  test('an abort while ssh is being started ends it at once', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'ssh'), '#!/bin/sh\nPATH=/bin:/usr/bin\nsleep 5\n', { mode: 0o755 })
    const before = process.env['PATH']
    process.env['PATH'] = folder
    t.after(() => void (process.env['PATH'] = before))
    const [controller, mine, elapsed] = [new AbortController(), new Error('mine'), startWatch()]
    const running = sshShell({ kind: 'ssh', host: 'h' }).run('true\n', { signal: controller.signal })
    controller.abort(mine)
    await assert.rejects(running, mine)
    assert.ok(elapsed() < 4_000, `it took ${elapsed()} ms`)
  })
})

describe('a host that can not be changed', () => {
  const rows: [string, Said['facts'], ErrorCode, RegExp][] = [
    ['an ordinary user', { uid: '1000', user: 'ann' }, 'ERR_HOST_NOT_ROOT', /sudo docker-mtls /],
    ['macOS', { kernel: 'Darwin' }, 'ERR_HOST_DOCKER_DESKTOP', /Docker Engine on Linux/],
    [
      'Docker Desktop',
      { info: '{"OperatingSystem":"Docker Desktop"}' },
      'ERR_HOST_DOCKER_DESKTOP',
      /Docker Engine on Linux/,
    ],
    ['no systemd', { systemd: 'no', service: '' }, 'ERR_HOST_NO_SYSTEMD', /daemon render --without-systemd/],
    [
      'no Docker',
      { service: 'LoadState=not-found', dockerd: '', dockerds: '' },
      'ERR_HOST_NO_DOCKER',
      /apt-get install docker\.io/,
    ],
    [
      'a Docker that was removed, all but its script in /etc/init.d',
      {
        service: 'LoadState=loaded\nFragmentPath=/run/systemd/generator.late/docker.service',
        dockerd: '',
        dockerds: '',
      },
      'ERR_HOST_NO_DOCKER',
      /apt-get install docker\.io/,
    ],
    ['a dockerd without a unit', { service: 'LoadState=not-found' }, 'ERR_HOST_NO_DOCKER', /with its unit/],
    [
      'a rootless daemon',
      { service: 'LoadState=not-found', dockerds: `99 1000 ${base64('/usr/bin/dockerd')}` },
      'ERR_HOST_ROOTLESS',
      /ssh:\/\//,
    ],
    ['a masked unit', { service: 'LoadState=masked' }, 'ERR_HOST_NO_DOCKER', /systemctl unmask/],
    ['a read-only /etc', { 'writable:/etc/docker': 'no' }, 'ERR_HOST_READ_ONLY', /remount,rw/],
    ['a full disk', { 'room:/var/lib/docker-mtls': '12' }, 'ERR_HOST_DISK_FULL', /Free disk space/],
  ]
  for (const [name, facts, code, todo] of rows) {
    test(`${name}: ${code}`, () => {
      assert.throws(
        () => refuseHost(factsOf(facts && { facts }), 'build01'),
        (error: unknown) => {
          assert.ok(isDockerMtlsError(error, code), String(error))
          assert.match(error.todo, todo)
          assert.match(error.tried, /build01/)
          return true
        },
      )
    })
  }

  test('a good one passes, and who only looks needs neither root nor room', () => {
    refuseHost(factsOf(), 'build01')
    refuseHost(factsOf({ facts: { uid: '1000', 'room:/etc/docker': '0' } }), 'build01', 'read')
    assert.throws(() => refuseHost(factsOf({ facts: { systemd: 'no', service: '' } }), 'build01', 'read'))
  })
})
