import assert from 'node:assert/strict'
import { bootMachine, type Machine } from '../machine.ts'
import { localDaemonAnswers, snapshot } from './daemon.ts'
import { goBack, sshProcesses, type Desk } from './setup.ts'

/** There while an apply is unfinished. */
export const PENDING = '/var/lib/docker-mtls/pending'
/** What sets the host up. */
export const SETUP: readonly string[] = ['setup', 'ssh://root@one.test', '--client', 'ann', '--yes']

/** A host with docker and nothing of ours, and what is to be true of it after each attempt. */
export interface BareHost {
  readonly machine: Machine
  /** All is as it was, and nothing of ours is left, there or here. */
  isOld(): Promise<void>
  /** Runs setup to its end, and goes back. */
  finishes(desk: Desk): Promise<void>
}

/** The address of one.test. */
export const ADDRESS = '10.77.0.2'

/** Boots a host with docker and ssh and nothing of ours, as one.test. */
export function bootOne({ node = false } = {}): Promise<Machine> {
  return bootMachine({ docker: true, ssh: true, node, network: { address: ADDRESS }, name: 'one.test' })
}

/** The same, with what is to be true of it. */
export async function bootBareHost(): Promise<BareHost> {
  const machine = await bootOne()
  const old = await snapshot(machine)
  const isOld = async (): Promise<void> => {
    assert.equal(await snapshot(machine), old)
    assert.equal(await machine.exists(PENDING), false)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await machine.must(['sh', '-c', 'ls -d /run/docker-mtls.* 2>/dev/null || true']), '')
    assert.deepEqual(sshProcesses(), [])
  }
  const finishes = async (desk: Desk): Promise<void> => {
    const { code, stderr, hosts } = await desk.lines(SETUP)
    assert.equal(code, 0, stderr)
    assert.ok(hosts[0]?.proof.every(({ ok }) => ok))
    assert.equal((await desk.docker('--context', 'one.test', 'version')).code, 0)
    await goBack(machine)
    await isOld()
  }
  return { machine, isOld, finishes }
}
