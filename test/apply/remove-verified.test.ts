import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { carryOutGatewayRemove, type GatewayRemoveReport } from '../../lib/apply/gateway/remove/carry-out.ts'
import type { GatewayRemovePlan } from '../../lib/apply/gateway/remove/plan.ts'
import { carryOutRemove } from '../../lib/apply/remove/carry-out.ts'
import type { RemovePlan } from '../../lib/apply/remove/plan.ts'
import { PENDING_CODE } from '../../lib/apply/rollback/state.ts'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import type { ScriptResult } from '../../lib/host/shell.ts'
import { factsOf } from './support/facts.ts'
import { fakeShell, type FakeShell } from './support/fake-shell.ts'

/** The host after the changes. */
interface After {
  /** Why dockerd doesn't answer on its local socket. */
  readonly silent?: string
  /** The local address of its TCP socket, as in proc_pid_net(5). */
  readonly socket?: string
  readonly isPlaintext?: boolean
  /** The service of the gateway. */
  readonly gateway?: string
  /** The end of the script that removes the data for rollbacks. */
  readonly forgets?: Partial<ScriptResult>
  readonly isHere?: boolean
}

const AT_2376 = '0500000A:0948'
const LOOPBACK_2375 = '0100007F:0947'

const row = (local: string): string => `0: ${local} 00000000:0000 0A 0:0 0:0 0 0 0 11`

/** A host on which everything is well before the changes, and after a rollback. */
function hostWith({ silent, socket, isPlaintext, gateway = '', forgets = {}, isHere = false }: After): FakeShell {
  let isRolledBack = false
  return fakeShell((script) => {
    isRolledBack ||= script.includes('may have failed at any point')
    if (script.includes('Succeeds if dockerd answers on its own host'))
      return silent === undefined || isRolledBack ? {} : { code: 1, stderr: silent }
    if (script.includes('sockets "$(dockerd_pid)"'))
      return ['x86_64', 'own 11', ...(socket === undefined ? [] : [row(socket)])].join('\n')
    if (script.includes('docker -H tcp://')) return { code: isPlaintext ? 0 : 1 }
    if (script.includes('MainPID,NRestarts')) return gateway
    return script.includes('keep_aside') ? forgets : {}
  }, isHere)
}

const guarded = (service: string) => ({
  facts: factsOf({ facts: { service } }),
  conflicts: [],
  changes: [{ path: '/etc/docker/daemon.json', mode: 0o644, text: '', action: 'remove' }],
  tlsDir: '/etc/docker/tls',
  reloadsFirst: false,
  remaps: false,
})
const RUNS = 'LoadState=loaded\nActiveState=active\nMainPID=212'
const STOPPED = 'LoadState=loaded\nActiveState=inactive\nMainPID=0'

async function remove(after: After): Promise<void> {
  const more = { closes: ['tcp://10.0.0.5:2376'], stays: [], asides: [], tlsFolders: [], hasBackups: true }
  const plan = { ...guarded(RUNS), ...more } as unknown as RemovePlan
  await carryOutRemove(plan, { shell: hostWith(after) })
}

async function removeGateway(after: After, listen = 'tcp://10.0.0.5:2376'): Promise<GatewayRemoveReport> {
  const service = after.isHere ? STOPPED : RUNS
  const plan = { ...guarded(service), listen, open: [], state: { active: '' } } as unknown as GatewayRemovePlan
  return carryOutGatewayRemove(plan, { shell: hostWith(after) })
}

function failure(code: ErrorCode, got: RegExp | string, todo: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isDockerMtlsError(error, code), String(error))
    if (typeof got === 'string') assert.equal(error.got, got)
    else assert.match(error.got, got)
    assert.match(error.todo, todo)
    return true
  }
}

const ROLLED_BACK = /^Everything is as it was, and the old daemon answers\. Read /

describe('the removal of docker-mtls', () => {
  const rows: [name: string, after: After, got: string][] = [
    ['dockerd is silent', { silent: 'failed' }, 'dockerd does not answer on its local socket (failed)'],
    ['a port stays open', { socket: AT_2376 }, 'dockerd still listens on tcp://10.0.0.5:2376'],
    [
      'a port is open to all',
      { socket: LOOPBACK_2375, isPlaintext: true },
      'dockerd lets everybody in without a certificate on tcp://127.0.0.1:2375',
    ],
  ]
  for (const [name, after, got] of rows) {
    test(`is rolled back if ${name}`, async () => {
      await assert.rejects(remove(after), failure('ERR_APPLY_ROLLED_BACK', got, ROLLED_BACK))
    })
  }

  test('succeeds if dockerd answers, and has no port that was to be closed', () => remove({ socket: LOOPBACK_2375 }))

  test('begins only once the copies that are still needed are marked', async () => {
    const asides = [{ copy: '/var/lib/docker-mtls/1/1', path: '/etc/docker/daemon.json.before-docker-mtls' }]
    const plan = { ...guarded(RUNS), asides } as unknown as RemovePlan
    const shell = fakeShell((script) => (script.includes('touch --') ? { code: 1, stderr: 'touch: no room' } : {}))
    const todo = /^Nothing was removed\. Run this again\.$/
    await assert.rejects(carryOutRemove(plan, { shell }), failure('ERR_HOST_COMMAND_FAILED', 'touch: no room', todo))
    assert.equal(shell.ran.length, 1)
  })

  for (const [name, forgets, got] of [
    ['another apply has begun', { code: PENDING_CODE }, 'another apply has begun'],
    ['the disk is read-only', { code: 1, stderr: 'rm: read-only\n' }, 'rm: read-only'],
  ] as const) {
    test(`says that the data for rollbacks stays if ${name}`, async () => {
      const todo = /^Everything else was removed\. Run this again\.$/
      await assert.rejects(remove({ forgets }), failure('ERR_HOST_COMMAND_FAILED', got, todo))
    })
  }
})

describe('the removal of a gateway', () => {
  const rows: [name: string, after: After, got: string][] = [
    ['dockerd is silent', { silent: 'failed' }, "the local socket: dockerd doesn't answer locally: failed"],
    [
      'a port of dockerd is open to all',
      { socket: LOOPBACK_2375, isPlaintext: true },
      'tcp://127.0.0.1:2375: dockerd lets everybody in there without a certificate',
    ],
    [
      'the gateway still runs',
      { gateway: 'ActiveState=active\nMainPID=900' },
      'tcp://10.0.0.5:2376: docker-mtls-gateway.service is active',
    ],
    [
      'the gateway has not ended yet',
      { gateway: 'ActiveState=deactivating\nMainPID=900' },
      'tcp://10.0.0.5:2376: docker-mtls-gateway.service is deactivating',
    ],
    [
      'the gateway starts again',
      { gateway: 'ActiveState=activating\nMainPID=0' },
      'tcp://10.0.0.5:2376: docker-mtls-gateway.service is activating',
    ],
    [
      'two things are wrong',
      { silent: 'failed', gateway: 'ActiveState=active\nMainPID=900' },
      "the local socket: dockerd doesn't answer locally: failed; tcp://10.0.0.5:2376: docker-mtls-gateway.service is active",
    ],
  ]
  for (const [name, after, got] of rows) {
    test(`is rolled back if ${name}`, async () => {
      await assert.rejects(removeGateway(after), failure('ERR_APPLY_ROLLED_BACK', got, ROLLED_BACK))
    })
  }

  test('is rolled back if something else answers at its port', async (t) => {
    const server = createServer((_, response) => response.end('OK')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const listen = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
    await assert.rejects(
      removeGateway({ isHere: true, silent: 'failed' }, listen),
      failure('ERR_APPLY_ROLLED_BACK', new RegExp(`; ${listen}: something still answers there$`), /gateway\.service$/),
    )
  })

  test('tells what it has checked', async () => {
    const { proof, removed } = await removeGateway({ socket: LOOPBACK_2375, gateway: 'ActiveState=inactive' })
    assert.deepEqual(removed, ['/etc/docker/daemon.json'])
    assert.deepEqual(
      proof.map(({ name, at, ok, got }) => [name, at, ok, got]),
      [
        ['daemon', 'the local socket', true, 'dockerd answers on its local socket'],
        ['gateway', 'tcp://10.0.0.5:2376', true, 'the gateway is gone'],
      ],
    )
  })
})
