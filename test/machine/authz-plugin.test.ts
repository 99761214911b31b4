import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bootMachine, type Machine, type Ran } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { daemonPid } from './support/daemon.ts'
import { COMMAND_THERE } from './support/cli.ts'

const page = readFileSync(new URL('../../docs/authz-plugin.md', import.meta.url), 'utf8')

/** The blocks of a kind in a section of the page. */
function blocks(title: string, kind: string): string[] {
  const [section = ''] = (page.split(`\n## ${title}\n`)[1] ?? '').split('\n## ')
  return [...section.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].flatMap(([, own, text = '']) =>
    own === kind ? [text] : [],
  )
}

function only(title: string, kind: string): string {
  const [block, ...others] = blocks(title, kind)
  assert.ok(block !== undefined && others.length === 0, `${title}: ${kind}`)
  return block
}

const POLICY = '/etc/docker/policy.yaml'
const DAEMON_JSON = '/etc/docker/daemon.json'

describe('the authorization plugin as a service, as its page says', { skip: lacksMachine() }, () => {
  let machine: Machine
  let image: string
  let pid: string
  const unit = only('Putting it in', 'ini')
  const unitPath = /^# (\/\S+)\n/.exec(unit)?.[1] ?? ''
  const policy = only('Who asks', 'yaml')

  before(async () => {
    machine = await bootMachine({ docker: true })
    image = await machine.makeImage()
    const words = ['node', ...COMMAND_THERE].map((word) => `'${word}'`).join(' ')
    await machine.write('/usr/local/bin/docker-mtls', `#!/bin/sh\nexec ${words} "$@"\n`, 0o755)
    pid = await daemonPid(machine)
  })
  after(() => machine?.stop())

  /**
   * Creates one only: if the policy changes before the start, `docker run --rm` waits without end for the removal of a container
   * that was never started.
   */
  const createPrivileged = (): Promise<Ran> =>
    machine.run(['timeout', '60', 'docker', 'create', '--privileged', image, 'true'])

  /** Until the exit code of `docker create --privileged`, and what it prints, are so. */
  async function until(says: RegExp): Promise<void> {
    const outputs: string[] = []
    for (const start = Date.now(); Date.now() - start < 120_000; await delay(100)) {
      const { code, stderr } = await createPrivileged()
      const output = `${code} ${stderr}`
      if (says.test(output)) return
      outputs.push(output)
    }
    const { stdout } = await machine.run(['sh', '-c', 'journalctl -n 60 -u docker -u docker-mtls-plugin'])
    assert.fail(`${[...new Set(outputs)].join('\n')}\n${stdout}`)
  }

  test('a reload puts it in, and dockerd goes on', async () => {
    await machine.write(POLICY, policy)
    await machine.write(unitPath, unit)
    await machine.must(['sh', '-ec', only('Putting it in', 'sh')])
    await machine.write(DAEMON_JSON, only('Putting it in', 'json'))
    await machine.must(['systemctl', 'reload', 'docker'])
    await until(/authorization denied by plugin docker-mtls: .*\(IDENTITY_UNKNOWN\)/)
    assert.equal(await daemonPid(machine), pid)
  })

  test('with a name for the local socket, its rule decides', async () => {
    const command = only('Who asks', 'sh').trim()
    await machine.write(unitPath, unit.replace(/^ExecStart=.*$/m, `ExecStart=/usr/local/bin/${command}`))
    await machine.must(['systemctl', 'daemon-reload'])
    await machine.must(['systemctl', 'restart', 'docker-mtls-plugin'])
    await until(/^0 /)
    await machine.must(['docker', 'run', '--rm', '--privileged', image, 'true'])
    await machine.write(POLICY, policy.replace('privileged', 'baseline'))
    await until(/denied by plugin docker-mtls: .*\(PRIVILEGED\)/)
    assert.equal(await daemonPid(machine), pid)
  })

  test('both are back after a boot, and without its line in daemon.json dockerd asks nobody', async () => {
    await machine.reboot()
    await until(/denied by plugin docker-mtls: .*\(PRIVILEGED\)/)
    await machine.must(['rm', DAEMON_JSON])
    await machine.must(['systemctl', 'reload', 'docker'])
    await until(/^0 /)
  })
})
