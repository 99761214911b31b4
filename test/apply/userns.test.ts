import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { judgeIdMap, parseIdMap } from '../../lib/apply/userns/uid-map.ts'
import { verifyUserns } from '../../lib/apply/userns/verify.ts'
import { isKnownMachine, WAIT_SECONDS, waitProgram, type Machine } from '../../lib/apply/userns/wait-program.ts'
import { refuses } from '../daemon-config/support/refuses.ts'
import { startFakeScene } from '../engine/support/fake-engine.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'

const REMAPPED = '         0     100000      65536\n'

const MACHINES: readonly Machine[] = ['x86_64', 'aarch64']
const HERE = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] as Machine | undefined

async function programFile(t: TestContext, machine: Machine, seconds?: number): Promise<string> {
  const path = join(await temporaryFolder(t), 'wait')
  await writeFile(path, waitProgram(machine, seconds), { mode: 0o755 })
  return path
}

/** Just what our program has: the Arm Architecture Reference Manual's encodings of MOVZ, ADR and SVC. */
function decodeArm64(word: number, at: number): string {
  const register = word & 0x1f
  if ((word & 0xffe00000) >>> 0 === 0xd2800000) return `mov x${register}, ${(word >>> 5) & 0xffff}`
  if ((word & 0x9f000000) >>> 0 === 0x10000000) {
    const low = (word >>> 29) & 3
    const high = (word << 8) >> 13
    return `adr x${register}, 0x${(at + high * 4 + low).toString(16)}`
  }
  if ((word & 0xffe0001f) >>> 0 === 0xd4000001) return `svc ${(word >>> 5) & 0xffff}`
  return `unknown ${word.toString(16)}`
}

describe('the program that waits', () => {
  for (const machine of MACHINES) {
    test(`${machine}: the fields of its headers`, () => {
      const elf = waitProgram(machine)
      const [type, number] = [elf.readUInt16LE(16), elf.readUInt16LE(18)]
      assert.deepEqual([type, number], [2, machine === 'x86_64' ? 62 : 183])
      assert.equal(elf.subarray(0, 7).toString('latin1'), '\x7fELF\x02\x01\x01')
      assert.equal(elf.readBigUInt64LE(24), 0x4000c0n)
      assert.equal(elf.readBigUInt64LE(0xb0), BigInt(WAIT_SECONDS))
      // PT_LOAD of the whole file, not writable; PT_GNU_STACK, not executable.
      assert.deepEqual([elf.readUInt32LE(64), elf.readUInt32LE(68)], [1, 5])
      assert.equal(elf.readBigUInt64LE(64 + 32), BigInt(elf.length))
      assert.deepEqual([elf.readUInt32LE(120), elf.readUInt32LE(124)], [0x6474e551, 6])
    })

    test(`${machine}: readelf finds nothing wrong`, { skip: lacks('readelf') }, async (t) => {
      const path = await programFile(t, machine)
      const { stdout, stderr } = spawnSync('readelf', ['-hlW', path], { encoding: 'utf8', env: { LC_ALL: 'C' } })
      assert.equal(stderr, '')
      assert.match(stdout, machine === 'x86_64' ? /Machine: .*X86-64/ : /Machine: .*AArch64/)
      assert.match(stdout, /LOAD +0x000000 0x0000000000400000 .* R E 0x10000/)
      assert.match(stdout, /GNU_STACK .* RW /)
    })
  }

  test('aarch64: its instructions', () => {
    const code = waitProgram('aarch64').subarray(0xc0)
    const words = Array.from({ length: code.length / 4 }, (_, index) => code.readUInt32LE(index * 4))
    assert.deepEqual(
      words.map((word, index) => decodeArm64(word, 0x4000c0 + index * 4)),
      ['adr x0, 0x4000b0', 'mov x1, 0', 'mov x8, 101', 'svc 0', 'mov x0, 0', 'mov x8, 93', 'svc 0'],
    )
  })

  const skip = process.platform !== 'linux' || HERE === undefined ? 'there is no such program for this machine' : false
  test('it waits, asleep, and a signal ends it', { skip }, async (t) => {
    const child = spawn(await programFile(t, HERE ?? 'x86_64'), [], { stdio: 'ignore' })
    t.after(() => void child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    await delay(300)
    assert.match(await readFile(`/proc/${child.pid}/status`, 'utf8'), /^State:\tS/m)
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [null, 'SIGTERM'])
  })

  test('left alone it ends by itself, with 0', { skip }, async (t) => {
    const path = await programFile(t, HERE ?? 'x86_64', 1)
    const start = performance.now()
    const { status, signal } = spawnSync(path, { timeout: 30_000 })
    assert.deepEqual([status, signal], [0, null])
    assert.ok(performance.now() - start > 900, 'it did not wait')
  })

  test('machines are known by the words of uname', () => {
    for (const machine of MACHINES) assert.ok(isKnownMachine(machine))
    for (const machine of ['amd64', 'arm64', 'armv7l', 's390x', 'windows', '', 'constructor', '__proto__']) {
      assert.equal(isKnownMachine(machine), false, machine)
    }
  })
})

test('the container that shows it has nothing else, and goes with its image', async (t) => {
  const answers: Readonly<Record<string, unknown>> = {
    'GET /info': { SecurityOptions: ['name=userns'], Architecture: 'x86_64', OSType: 'linux' },
    'POST /images/create': { status: `sha256:${'0'.repeat(64)}` },
    'POST /containers/create': { Id: 'x' },
    GET: { State: { Pid: 7 } },
  }
  const { docker, fake } = await startFakeScene(t, {
    version: '1.45',
    answer: ({ method, path }, response) =>
      response.end(JSON.stringify(answers[`${method} ${path.replace(/\?.*/s, '')}`] ?? answers[method] ?? [])),
  })
  const seen: number[] = []
  const readUidMap = (pid: number): Promise<string> => Promise.resolve(seen.push(pid) ? REMAPPED : '')
  const verified = await verifyUserns(docker, { readUidMap })
  assert.deepEqual([verified.verified, seen], [true, [7]])
  const created = fake.asked.find(({ path }) => path.startsWith('/containers/create'))
  const { HostConfig, Mounts, Volumes } = JSON.parse(String(created?.body)) as Record<string, Record<string, unknown>>
  assert.deepEqual([Mounts, Volumes, HostConfig?.['Mounts'], HostConfig?.['Binds']], Array(4).fill(undefined))
  const { NetworkMode, ReadonlyRootfs, CapDrop, CapAdd, Privileged, AutoRemove, SecurityOpt } = HostConfig ?? {}
  assert.deepEqual(
    [NetworkMode, ReadonlyRootfs, CapDrop, CapAdd, Privileged, AutoRemove, SecurityOpt],
    ['none', true, ['ALL'], undefined, undefined, true, ['no-new-privileges']],
  )
  assert.deepEqual(
    fake.asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/')[1]),
    ['containers', 'images'],
  )
})

describe("a container's uid_map", () => {
  test('is read', () => {
    assert.deepEqual(parseIdMap(`${REMAPPED}65536 200000 5\n`), [
      { inside: 0, outside: 100000, count: 65536 },
      { inside: 65536, outside: 200000, count: 5 },
    ])
    for (const text of ['', '\n', 'cat: no such file', '0 100000', `${REMAPPED}x`, '0 -1 5', '0 1 2 3']) {
      assert.equal(parseIdMap(text), undefined, text)
    }
  })

  test('that has another root is taken', () => {
    const judged = { uidMap: [{ inside: 0, outside: 100000, count: 65536 }], remappedRoot: 100000 }
    assert.deepEqual(judgeIdMap(REMAPPED), judged)
    assert.deepEqual(judgeIdMap(REMAPPED, 100000), judged)
    assert.equal(judgeIdMap('5 1 10\n0 7 1\n').remappedRoot, 7)
  })

  const refused: readonly (readonly [what: string, text: string, words: RegExp])[] = [
    ['is that of the host', '         0          0 4294967295\n', /root is the host's: its uid_map is 0 0 4294967295/],
    ["has the host's root as somebody else", '0 100000 10\n10 0 1\n', /root is the host's/],
    ['has another root than wanted', '0 231072 65536\n', /root is 231072 on the host, but 100000 in/],
    ['has no root', '1 100000 10\n', /has no root/],
    ['is none', 'Permission denied\n', /no line of three numbers/],
    ['is empty', '', /no line of three numbers/],
  ]
  for (const [what, text, words] of refused) {
    test(`that ${what} is refused`, () => refuses(() => judgeIdMap(text, 100000), 'ERR_USERNS_NOT_IN_FORCE', words))
  }
})
