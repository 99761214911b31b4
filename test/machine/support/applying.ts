import assert from 'node:assert/strict'
import { CHECKOUT_THERE, type Machine } from '../machine.ts'
import { cli, cliLines, cliRunning } from './cli.ts'
import { localDaemonAnswers, pingAs } from './daemon.ts'

export const STATE = '/var/lib/docker-mtls'
export const ANN = '/root/docker-mtls/clients/ann'
export const APPLY: readonly string[] = ['daemon', 'apply', '--yes', '--no-client-proof']
const SLOW = '/run/systemd/system/docker.service.d/10-slow.conf'

/** Steps that tests of `daemon apply` share, on the machine that their suite has booted. */
export function applyHelpers(machineOf: () => Machine) {
  const sh = (script: string): Promise<string> => machineOf().must(['sh', '-c', `cd /root; ${script}`])

  async function applies(...flags: readonly string[]): Promise<Record<string, unknown>> {
    const { code, result, stderr } = await cliLines(machineOf(), [...APPLY, ...flags])
    assert.equal(code, 0, stderr)
    assert.equal(await pingAs(machineOf(), ANN), 0)
    return result
  }

  async function goesBack(): Promise<void> {
    const { code, stderr } = await cli(machineOf(), ['daemon', 'rollback', '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(await localDaemonAnswers(machineOf()), true)
  }

  /** To the command itself, and to nobody whose words only speak of it. */
  async function signals(signal: string): Promise<void> {
    await machineOf().must(['pkill', `-${signal}`, '--full', '--oldest', '^node .*[c]li/main.js daemon apply'])
  }

  /** What is left of a run in places where nobody looks. */
  async function leavesNothing(): Promise<void> {
    const places = `/run/docker-mtls.* /tmp/*mtls* ${STATE}/*Z-* ${STATE}/recover.new /etc/systemd/system/docker-mtls-*`
    assert.equal(await sh(`ls -d ${places} 2>/dev/null || true`), '')
    // An apply writes nowhere in /usr, where most files are, nor in the checkout.
    const elsewhere = `\\( -name node_modules -o -path /usr -o -path '${CHECKOUT_THERE}' \\) -prune`
    assert.equal(await sh(`find / -xdev ${elsewhere} -o -name '*.docker-mtls' -print 2>/dev/null`), '')
  }

  /** An apply that waits for a dockerd that takes its time. */
  async function atWork(): Promise<ReturnType<typeof cliRunning>> {
    await machineOf().write(SLOW, '[Service]\nExecStartPre=/bin/sleep 6\n')
    await machineOf().must(['systemctl', 'daemon-reload'])
    const running = cliRunning(machineOf(), [...APPLY, '--json'])
    assert.ok(await running.line(/"step":"restart".*"running"/))
    // The next start shall be quick again.
    await machineOf().must(['rm', SLOW])
    return running
  }

  async function renameLast(id: string): Promise<void> {
    await sh(`cd ${STATE}; mv "$(cat last)" ${id}; echo ${id} >last`)
  }

  return { sh, applies, goesBack, signals, leavesNothing, atWork, renameLast }
}
