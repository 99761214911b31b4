import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isListenerOf, targetOf } from '../../lib/daemon-config/listener-target.ts'
import { parseSockets, socketsScript } from '../../lib/host/sockets.ts'
import { temporaryFolder } from '../support/temporary.ts'

const FDS = ['own 11', 'own 12', 'own 13', 'own 14'].join('\n')
/** Three that are ours, and one of somebody else; then one that is ours, and of which nothing is known. */
const line = (local: string, inode: number): string =>
  `   0: ${local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0`

describe('what a process listens on', () => {
  test('its own sockets, with their addresses in the order of the bytes of its machine', () => {
    const ipv6 = line('00000000000000000000000001000000:0948', 12)
    const little = ['x86_64', FDS, line('0100007F:0947', 11), ipv6, line('00000000:0016', 99)].join('\n')
    assert.deepEqual(parseSockets(little), [
      { address: '127.0.0.1', port: 2375 },
      { address: '::1', port: 2376 },
    ])
    const big = ['s390x', FDS, line('7F000001:0947', 11), line('00000000000000000000000000000001:0948', 12)].join('\n')
    assert.deepEqual(parseSockets(big), parseSockets(little))
    assert.deepEqual(
      parseSockets(`${little}\nsystemd 12\nsystemd 99`)?.map(({ isPassed }) => isPassed),
      [undefined, true],
    )
    assert.deepEqual(parseSockets(`x86_64\n${FDS}`), [])
    assert.equal(parseSockets('x86_64\n'), undefined)
    assert.equal(parseSockets(''), undefined)
  })

  for (const address of ['127.0.0.1', '::1', '0.0.0.0', '::']) {
    test(`a real one, of ${address}`, { skip: process.platform !== 'linux' }, async (t) => {
      const server = createServer().listen(0, address)
      t.after(() => server.close())
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const printed = execFileSync('sh', ['-c', socketsScript(process.pid)], { encoding: 'utf8' })
      assert.ok(parseSockets(printed)?.some((one) => one.address === address && one.port === port))
    })
  }

  test('a file with such a name is none of its sockets', { skip: process.platform !== 'linux' }, async (t) => {
    const folder = await temporaryFolder(t)
    const names = ['socket:[4242]', 'a\nsocket:[4242]', 'a -> socket:[4242]', '\nl 3 -> socket:[4242]']
    for (const name of names) {
      const file = await open(join(folder, name), 'w')
      t.after(() => file.close())
    }
    const printed = execFileSync('sh', ['-c', socketsScript(process.pid)], { encoding: 'utf8' })
    assert.doesNotMatch(printed, /4242/)
  })
})

describe('where a listener is knocked at', () => {
  const rows: [string, string | undefined, readonly string[], string, number][] = [
    ['tcp://0.0.0.0:2376', undefined, [], '127.0.0.1', 2376],
    ['tcp://[::]:2376', undefined, [], '::1', 2376],
    ['tcp://10.0.0.4:2376', undefined, [], '10.0.0.4', 2376],
    ['tcp://0.0.0.0:2376', 'build01', [], 'build01', 2376],
    ['tcp://10.0.0.4:2376', 'build01', ['tcp://10.0.0.4:2376', 'tcp://10.0.0.4:2377'], 'build01', 2376],
    ['tcp://10.0.0.4:2376', 'build01', ['tcp://10.0.0.4:2376', 'tcp://10.9.9.9:2376'], '10.0.0.4', 2376],
    ['tcp://127.0.0.1:2376', 'build01', [], '127.0.0.1', 2376],
  ]
  for (const [listener, address, others, host, port] of rows) {
    test(`${listener} of ${address ?? 'this machine'}, one of ${others.length}: ${host}`, () => {
      assert.deepEqual(targetOf(listener, address, others), { host, port })
    })
  }

  test('a socket belongs to the listener of its address; for all addresses there is one', () => {
    assert.equal(isListenerOf({ address: '::', port: 2376 }, 'tcp://0.0.0.0:2376'), true)
    assert.equal(isListenerOf({ address: '::1', port: 2376 }, 'tcp://[0:0:0:0:0:0:0:1]:2376'), true)
    // A unit or daemon.json may have listeners that docker-mtls can't render, and dockerd may not start with them.
    assert.equal(isListenerOf({ address: 'fe80::1', port: 2376 }, 'tcp://[fe80::1%eth0]:2376'), true)
    assert.equal(isListenerOf({ address: '::1', port: 2376 }, 'tcp://::zz:2376'), false)
    assert.equal(isListenerOf({ address: '::', port: 2375 }, 'tcp://0.0.0.0:2376'), false)
    assert.equal(isListenerOf({ address: '10.0.0.4', port: 2376 }, 'tcp://10.0.0.5:2376'), false)
    assert.equal(isListenerOf({ address: '127.0.0.1', port: 2376 }, 'tcp://0.0.0.0:2376'), false)
  })
})
