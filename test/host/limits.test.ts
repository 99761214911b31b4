import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { isDockerMtlsError, type DockerMtlsError } from '../../lib/base/errors.ts'
import { gatherFacts } from '../../lib/host/facts.ts'
import { parseRecords } from '../../lib/host/fact-records.ts'
import { localShell } from '../../lib/host/local-shell.ts'
import { CHANGE_LIMITS, FACTS_LIMITS, READ_LIMITS, transactionLimits } from '../../lib/host/run-limits.ts'
import type { HostShell, RunOptions } from '../../lib/host/shell.ts'
import { readSshConfig } from '../../lib/host/ssh-config.ts'
import { sshShell } from '../../lib/host/ssh-shell.ts'
import { inspectHosts } from '../../lib/setup/inspect-hosts.ts'
import { parseTargets } from '../../lib/setup/target.ts'
import { factsOf, record } from '../apply/support/facts.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startWatch } from '../support/watch.ts'

/** The line with which a host's shell begins. */
const HELLO = 'echo @docker-mtls 10.0.0.1 5 10.0.0.9 22'

/** Puts an ssh into PATH that runs this script instead of one on a host. `$host` is the name of the host. */
async function useSsh(t: TestContext, script: string, beforeConfig = ':'): Promise<void> {
  const folder = await temporaryFolder(t)
  const host = 'for host; do test "$before" = -- && break; before=$host; done'
  const config = `printf "hostname $host\\nuser root\\nport 22\\nstricthostkeychecking ask\\n"`
  const text = `#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n${host}\ncase $1 in -G) ${beforeConfig}; ${config}; exit ;; esac\n${script}\n`
  await writeFile(join(folder, 'ssh'), text, { mode: 0o755 })
  const before = process.env['PATH']
  process.env['PATH'] = folder
  t.after(() => void (process.env['PATH'] = before))
}

async function assertExceeds(work: Promise<unknown>, got: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(isDockerMtlsError(error, 'ERR_HOST_UNREADABLE'), String(error))
    assert.match(error.got, got)
    return true
  })
}

function isUnreadable(error: unknown): boolean {
  return isDockerMtlsError(error, 'ERR_HOST_UNREADABLE')
}

const fails = (got: RegExp) => (error: unknown) => isDockerMtlsError(error, 'ERR_SSH_FAILED') && got.test(error.got)

const SMALL = { bytes: 100_000, lines: 1000, silence: 60_000, total: 60_000 }

/** What a script does instead of what was asked of it, and which limit ends it. */
const ROWS: readonly [name: string, script: string, limits: Partial<typeof SMALL>, got: RegExp][] = [
  ['a line without end', 'exec cat /dev/zero', {}, /more than 100000 bytes/],
  ['lines without end', 'exec yes', { bytes: 10_000_000 }, /more than 1000 lines/],
  ['empty lines without end', 'exec yes ""', {}, /more than 1000 lines/],
  ['silence', 'exec sleep 60', { silence: 300 }, /printed nothing for 0 seconds/],
  ['silence after some output', 'echo some; exec sleep 60', { silence: 300 }, /printed nothing/],
  [
    'a word now and then',
    'while sleep 0.1; do echo x; done',
    { silence: 5000, total: 1500 },
    /running after 2 seconds/,
  ],
  ['silence, and stderr without end', 'exec yes >&2', { silence: 500 }, /printed nothing/],
]

describe('a host that does not stop or does not answer', () => {
  for (const [name, script, limits, got] of ROWS) {
    const options: RunOptions = { limits: { ...SMALL, ...limits } }
    const shell: HostShell = sshShell({ kind: 'ssh', host: 'h' })

    test(`over ssh: ${name}`, async (t) => {
      await useSsh(t, `${HELLO}\n${script}`)
      const elapsed = startWatch()
      await assertExceeds(shell.run('true\n', options), got)
      assert.ok(elapsed() < 8000, `it took ${elapsed()} ms`)
    })

    test(`over ssh, before our shell begins: ${name}`, async (t) => {
      await useSsh(t, script)
      await assertExceeds(shell.run('true\n', options), got)
    })

    test(`on this machine: ${name}`, async () => {
      const elapsed = startWatch()
      await assertExceeds(localShell().run(`${script}\n`, options), got)
      assert.ok(elapsed() < 8000, `it took ${elapsed()} ms`)
    })
  }

  test('nothing of a stopped script runs on', async (t) => {
    const folder = await temporaryFolder(t)
    const script = `trap 'rm -f ${folder}/key; exit 1' TERM; : >${folder}/key; sleep 47.11 & wait`
    await assertExceeds(localShell().run(`${script}\n`, { limits: { ...SMALL, silence: 300 } }), /printed nothing/)
    assert.deepEqual(await readdir(folder), [])
    const { code } = await localShell().run('pgrep -f "sleep 47[.]11"\n')
    assert.equal(code, 1)
  })

  test('one that ignores SIGTERM is killed', async () => {
    const elapsed = startWatch()
    const script = "trap '' TERM; while true; do sleep 1; done\n"
    await assertExceeds(localShell().run(script, { limits: { ...SMALL, silence: 300 } }), /printed nothing/)
    assert.ok(elapsed() < 8000, `it took ${elapsed()} ms`)
  })

  test('a listener that fails ends the run, with its own error', async () => {
    const mine = new Error('mine')
    const onLine = (): void => {
      throw mine
    }
    await assert.rejects(localShell().run('echo x; sleep 60\n', { onLine }), mine)
  })

  test('of several hosts, the others go on', async (t) => {
    await useSsh(t, `case $host in bad*) ${HELLO}; exec cat /dev/zero ;; esac\nshift $#\nexec sh -s`)
    const dir = await temporaryFolder(t)
    const targets = parseTargets(['bad', 'good'].map((name) => `ssh://root@${name}`))
    const options = { client: 'ann', names: [], force: false, replaceCa: false, requested: {} }
    const outcomes = await inspectHosts(targets, { dir: join(dir, 'pki'), ...options })
    const codes = outcomes.map((outcome) => ('error' in outcome ? (outcome.error as DockerMtlsError).code : 'none'))
    assert.equal(codes[0], 'ERR_HOST_UNREADABLE')
    // This machine has answered, and may lack something else.
    assert.ok(!['ERR_HOST_UNREADABLE', 'ERR_ARGUMENT_INVALID'].includes(codes[1] ?? ''), codes[1])
  })
})

describe('a host that answers slowly, or much', () => {
  const shells: readonly [name: string, prepare: (t: TestContext) => Promise<HostShell>][] = [
    ['on this machine', () => Promise.resolve(localShell())],
    [
      'over ssh',
      async (t) => {
        await useSsh(t, 'shift $#\nexec sh -s')
        return sshShell({ kind: 'ssh', host: 'h' })
      },
    ],
  ]
  for (const [name, prepare] of shells) {
    test(`${name}: pauses are no silence`, async (t) => {
      const shell = await prepare(t)
      const limits = { ...SMALL, silence: 2000 }
      const { stdout } = await shell.run('for i in 1 2 3 4 5; do sleep 0.6; echo $i; done\n', { limits })
      assert.equal(stdout, '1\n2\n3\n4\n5')
    })

    test(`${name}: all of it arrives, in lines and at once`, async (t) => {
      const shell = await prepare(t)
      const lines: string[] = []
      const script = 'printf "%s\\n\\nä\\n" one; head -c 9000000 /dev/zero | tr "\\0" x; printf "\\nlast"'
      const limits = { ...READ_LIMITS, bytes: 9_000_100 }
      const { stdout } = await shell.run(`${script}\n`, { onLine: (line) => lines.push(line), limits })
      assert.deepEqual(lines.slice(0, 3), ['one', '', 'ä'])
      assert.equal(lines[3]?.length, 9_000_000)
      assert.equal(stdout, [...lines, 'last'].join('\n'))
    })
  }

  test('a greeting without a line feed before our shell is no part of the output', async (t) => {
    await useSsh(t, `printf 'Welcome\\nto '; ${HELLO}; echo a; echo @docker-mtls b`)
    const shell = sshShell({ kind: 'ssh', host: 'h' })
    assert.equal((await shell.run('true\n')).stdout, 'a\n@docker-mtls b')
    assert.equal(shell.address(), '10.0.0.9')
  })

  test('the settings of the local ssh, which may run commands', async (t) => {
    const config = { kind: 'ssh', host: 'h' } as const
    await useSsh(t, '', 'exec sleep 60')
    await assert.rejects(readSshConfig(config, 300), fails(/^ssh -G did not print them within 300 ms/))
    await useSsh(t, '', 'exec yes')
    await assert.rejects(readSshConfig(config), fails(/^ssh -G printed more than/))
    await useSsh(t, '')
    assert.equal((await readSshConfig(config)).hostname, 'h')
  })

  test('no step of ours comes near a limit', async () => {
    // timeout(1) in the scripts allows a restart 90 seconds, and a question 30.
    for (const { silence, total } of [READ_LIMITS, FACTS_LIMITS]) assert.ok(silence > 120_000 && total > silence)
    for (const { silence } of [CHANGE_LIMITS, transactionLimits(60)]) assert.ok(silence >= 300_000)
    assert.ok(transactionLimits(3600).silence > 3_600_000)
    // Four files of the greatest length, in base64.
    assert.ok(FACTS_LIMITS.bytes > (4 * 8_000_000 * 4) / 3)
    await gatherFacts(localShell())
  })

  test('values with more lines than any host has are refused', () => {
    const refused = `${record('fact', 'x', '\n'.repeat(600_000))}\n`.repeat(2)
    assert.equal(parseRecords(record('fact', 'x', '\n'.repeat(500_000)), 'h').values.get('x')?.length, 500_000)
    assert.throws(() => parseRecords(refused, 'h'), isUnreadable)
    assert.equal(parseRecords(`${record('fact', 'x', 'y')}${' '.repeat(30_000_000)}`, 'h').values.get('x'), 'y')
  })

  test('a file or an answer that is too long is not read', () => {
    for (const [length, read] of [
      [8_000_000, 8_000_000],
      [8_000_001, undefined],
    ] as const) {
      const printed = record('file', 'x', '644', 'root:root', 'y'.repeat(length))
      assert.equal(parseRecords(printed, 'h').files[0]?.text?.length, read)
    }
    for (const [length, isRead] of [
      [300_000, true],
      [400_000, false],
    ] as const) {
      const { info } = factsOf({ facts: { info: `{"a":[${'[],'.repeat(length)}1]}` } })
      assert.equal(info !== undefined, isRead)
    }
  })
})
