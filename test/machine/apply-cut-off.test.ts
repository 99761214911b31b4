import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines, cliRunning } from './support/cli.ts'
import { daemonPid, localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const PENDING = '/var/lib/docker-mtls/pending'
const ANN = '/root/docker-mtls/clients/ann'
/** All steps that change something, in their order, and the last one before. */
const STEPS = ['validate', 'backup', 'arm', 'write', 'reload', 'restart', 'prove', 'commit'] as const

async function until(what: string, isSo: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await isSo())) {
    if (Date.now() > deadline) assert.fail(`${what}: not within ${seconds} s`)
    await delay(250)
  }
}

/** Runs an apply until a step begins, and some milliseconds more. */
async function applyUntil(
  machine: Machine,
  step: string,
  args: readonly string[] = [],
): Promise<ReturnType<typeof cliRunning>> {
  const words = ['daemon', 'apply', '--yes', '--no-client-proof', '--rollback-after', '10', '--json', ...args]
  const running = cliRunning(machine, words)
  const line = await running.line(new RegExp(`"step":"${step}".*"state":"running"`))
  if (line === undefined) assert.fail(`the step ${step} did not begin: ${(await running.ended).stderr}`)
  return running
}

describe('daemon apply that is cut off', { skip: lacksMachine() }, () => {
  let machine: Machine
  let old: string
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    const init = await cli(machine, ['init', 'build01', '--client', 'ann'])
    assert.equal(init.code, 0, init.stderr)
    old = await snapshot(machine)
  })
  after(() => machine?.stop())

  for (const step of STEPS) {
    test(`kill -9 at ${step}: the host goes back by itself, and its daemon answers all the while`, async () => {
      const running = await applyUntil(machine, step)
      await running.kill()
      // What runs on the host goes on to its end; the timer waits ten seconds from the first change on.
      await delay(2000)
      await until('going back', async () => !(await machine.exists(PENDING)))
      await until('the daemon', () => localDaemonAnswers(machine))
      const now = await snapshot(machine)
      const isNew = (await pingAs(machine, ANN)) === 0
      // The commit is one step: killed in it, the host is either side of it, and never between.
      if (step !== 'commit') assert.equal(isNew, false)
      if (!isNew) assert.equal(now, old)
      else assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
      assert.equal(await snapshot(machine), old)
    })
  }

  test('it can be run again at once, and then comes to its end', async () => {
    const running = await applyUntil(machine, 'restart')
    await running.kill()
    const { code, lines, stderr } = await cliLines(machine, ['daemon', 'apply', '--yes', '--no-client-proof'])
    assert.equal(code, 0, stderr)
    assert.ok(lines.some(({ step, state }) => step === 'settle' && state === 'done'))
    assert.equal(await pingAs(machine, ANN), 0)
    assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
    assert.equal(await snapshot(machine), old)
  })

  test('while one is at work, another one is refused', async () => {
    const running = await applyUntil(machine, 'arm')
    const second = await cliLines(machine, ['daemon', 'apply', '--yes', '--no-client-proof'])
    const first = await running.ended
    assert.equal(first.code, 0, first.stderr)
    if (second.code === 1) assert.match(second.stderr, /ERR_APPLY_PENDING/)
    assert.equal(await pingAs(machine, ANN), 0)
    assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
  })

  test('Ctrl-C puts everything back', async () => {
    const running = await applyUntil(machine, 'restart')
    await machine.must(['pkill', '-INT', '--full', '--oldest', 'cli/main.js daemon apply'])
    const { code, stderr } = await running.ended
    // It ends by the signal itself, as a shell wants it.
    assert.equal(code, 137)
    assert.match(stderr, /^Stopping: rolling back the changes\..* by itself at \d\d:\d\d:\d\d\.$/m)
    assert.match(stderr, /^Everything is rolled back, and the daemon answers\.$/m)
    assert.equal(await snapshot(machine), old)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await machine.exists(PENDING), false)
  })

  for (const step of ['arm', 'write', 'restart', 'prove', 'commit'] as const) {
    test(`a power cut at ${step}: after the next boot all is old, or all is new`, async () => {
      await applyUntil(machine, step)
      await machine.reboot()
      await until('the daemon', () => localDaemonAnswers(machine))
      assert.equal(await machine.exists(PENDING), false)
      const isNew = (await pingAs(machine, ANN)) === 0
      if (step !== 'commit') assert.equal(isNew, false)
      if (isNew) assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
      assert.equal(await snapshot(machine), old)
    })
  }

  test('a container goes on while the certificate is renewed, with live-restore, and from the first restart on', async () => {
    const image = await machine.makeImage()
    const id = (await machine.must(['docker', 'run', '-d', image, 'sleep', '1000'])).trim()
    const pidOf = async (): Promise<string> =>
      machine.must(['docker', 'inspect', '-f', '{{.State.Pid}} {{.State.StartedAt}}', id])
    const running = await pidOf()
    const first = await cli(machine, ['daemon', 'apply', '--yes', '--no-client-proof', '--live-restore'])
    assert.equal(first.code, 0, first.stderr)
    assert.equal(await pidOf(), running)
    assert.equal((await cli(machine, ['cert', 'renew', '--server'])).code, 0)
    const pid = await daemonPid(machine)
    const second = await cliLines(machine, ['daemon', 'apply', '--yes', '--no-client-proof'])
    assert.equal(second.code, 0, second.stderr)
    assert.notEqual(await daemonPid(machine), pid)
    assert.equal(await pidOf(), running)
    assert.equal(await pingAs(machine, ANN), 0)
  })
})
