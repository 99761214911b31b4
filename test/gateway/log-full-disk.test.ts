import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { isDockerMtlsError, openAuditLog, verifyAuditLog } from '../../lib/gateway.ts'
import { chain, renderHead, START } from '../../lib/gateway/log/chain.ts'
import { CLI } from '../cli/support/run-cli.ts'
import { cleanEnvironment, runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { dial, fakeDaemon, front, readUntil, tickingDaemon } from './support/fixture.ts'
import { answerOn, linesOf } from './support/log-files.ts'
import { until } from './support/until.ts'

/** How many bytes a disk gives to a file at once. */
const PAGE = 4096

async function mustRun(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(command, args)
  assert.equal(code, 0, stderr)
}

async function tinyDisk(t: TestContext): Promise<string> {
  let folder = ''
  // Before the folder is removed.
  t.after(() => mustRun('umount', ['-l', folder]))
  folder = await temporaryFolder(t)
  await mustRun('mount', ['-n', '-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', folder])
  return folder
}

async function fill(folder: string): Promise<void> {
  await writeFile(join(folder, 'filler'), Buffer.alloc(128 * 1024)).catch(() => undefined)
}

const lineWith = (identity: string): ReturnType<typeof chain> =>
  chain(JSON.stringify({ time: new Date(0).toISOString(), event: 'cut', identity }), START)

/** Writes a log that fills its last page, since a disk gives whole pages to its files. */
async function writePage(path: string): Promise<void> {
  const { line, link } = lineWith('x'.repeat(PAGE - lineWith('').line.length - 1))
  await writeFile(path, `${line}\n`, { mode: 0o600 })
  await writeFile(`${path}.head`, renderHead(link), { mode: 0o600 })
}

describe('a full disk', { skip: lacks('namespaces') }, () => {
  test('refuses requests with LOG_FAILED until there is space, and loses no line', async (t) => {
    const folder = await tinyDisk(t)
    const path = join(folder, 'audit.log')
    const daemon = await fakeDaemon(t)
    const auditLog = await openAuditLog({ path })
    const { gateway, port, events } = await front(t, { socketPath: daemon.socketPath }, { auditLog })
    const ask = (line: string): Promise<string> => answerOn(t, port, line)
    assert.equal(await ask('POST /containers/a/start'), '200')
    await fill(folder)
    const answers: string[] = []
    for (let round = 0; round < 40 && !answers.includes('503LOG_FAILED'); round++)
      answers.push(await ask('POST /containers/a/start'))
    assert.equal(answers.at(-1), '503LOG_FAILED', answers.join(' '))
    const served = daemon.requests.length
    assert.equal(await ask('GET /_ping'), '503LOG_FAILED')
    assert.equal(daemon.requests.length, served)
    assert.ok(isDockerMtlsError(auditLog.failure, 'ERR_FILE_WRITE'))
    assert.match(auditLog.failure.message, /no space left on device/)
    assert.equal(events.filter(({ event }) => event === 'failure').length, 1)
    await rm(join(folder, 'filler'))
    await until(() => auditLog.failure === undefined, 'it can be written again')
    assert.equal(await ask('GET /_ping'), '200')
    await gateway.close()
    await auditLog.close()
    const { faults, lost } = await verifyAuditLog([path])
    assert.deepEqual([faults, lost], [[], 0])
    const lines = await linesOf(path)
    const count = (event: string): number => events.filter((one) => one.event === event).length
    for (const event of ['begin', 'request', 'failure'])
      assert.equal(lines.filter((line) => line.event === event).length, count(event), event)
    // Nothing reached the daemon that isn't in the log as begun.
    const begun = lines.filter((line) => line.event === 'begin').length
    assert.ok(daemon.requests.filter((line) => line.startsWith('POST')).length <= begun)
  })

  test('is said by a gateway that a signal ends', async (t) => {
    const folder = await tinyDisk(t)
    const daemon = await tickingDaemon(t)
    const beside = await temporaryFolder(t)
    const [policy, socket] = [join(beside, 'policy.yaml'), join(beside, 'g.sock')]
    await writeFile(policy, 'version: 1\nrules: [{ name: all, who: { any: true }, level: read-only }]\n')
    const words = ['gateway', 'run', '--policy', policy, '--socket', socket, '--as', 'x']
    const [file, ...args] = [...CLI, ...words, '--log', join(folder, 'audit.log')]
    const child = spawn(file, [...args, '--host', `unix://${daemon.socketPath}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: cleanEnvironment({}),
    })
    let said = ''
    child.stderr.on('data', (text: Buffer) => (said += text.toString()))
    t.after(() => void child.kill('SIGKILL'))
    await until(() => said.includes('It listens on'), 'it listens')
    for (let index = 0; index < 20; index++) {
      const client = connect(socket)
      t.after(() => void client.destroy())
      client.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
      await once(client, 'data')
    }
    await fill(folder)
    child.kill('SIGTERM')
    await once(child, 'close')
    assert.match(said, /The end of the audit log is lost: .*no space left on device/)
  })

  test('goes on if it may, and counts what is lost', async (t) => {
    const folder = await tinyDisk(t)
    const path = join(folder, 'audit.log')
    const daemon = await fakeDaemon(t)
    const auditLog = await openAuditLog({ path, onFailure: 'go on' })
    const { gateway, port } = await front(t, { socketPath: daemon.socketPath }, { auditLog })
    await fill(folder)
    for (let index = 0; index < 12_000; index++) auditLog.write({ event: 'cut', identity: 'CN=a', reason: 'X' })
    const socket = await dial(t, port)
    socket.write('POST /containers/a/start HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(await readUntil(socket, 'OK'), /^HTTP\/1\.1 200/)
    await mustRun('mount', ['-n', '-o', 'remount,size=8m', folder])
    await until(() => auditLog.failure === undefined, 'it can be written again')
    assert.equal(auditLog.failure, undefined)
    await gateway.close()
    await auditLog.close()
    const { faults, lost } = await verifyAuditLog([path])
    assert.deepEqual(faults, [])
    assert.ok(lost >= 2_000, String(lost))
  })

  for (const before of ['a log', 'no log'])
    for (const [onFailure, atFirst] of [
      ['refuse', '503LOG_FAILED'],
      ['go on', '200'],
    ] as const)
      test(`does not keep a gateway with ${onFailure} and ${before} from starting`, async (t) => {
        const folder = await tinyDisk(t)
        const path = join(folder, 'audit.log')
        if (before === 'a log') await writePage(path)
        await fill(folder)
        const daemon = await fakeDaemon(t)
        const auditLog = await openAuditLog({ path, onFailure })
        assert.equal(readlinkSync(`${path}.lock`), String(process.pid))
        const { gateway, port, events } = await front(t, { socketPath: daemon.socketPath }, { auditLog })
        const ask = (line: string): Promise<string> => answerOn(t, port, line)
        assert.equal(await ask('POST /containers/a/start'), atFirst)
        assert.equal(daemon.requests.length, atFirst === '200' ? 1 : 0)
        const failures = events.flatMap((event) => (event.event === 'failure' ? [String(event.error)] : []))
        assert.deepEqual([failures.length, /no space left on device/.test(failures[0] ?? '')], [1, true])
        await rm(join(folder, 'filler'))
        await until(() => auditLog.failure === undefined, 'it can be written again')
        assert.equal(await ask('GET /_ping'), '200')
        await gateway.close()
        await auditLog.close()
        assert.deepEqual((await readdir(folder)).toSorted(), ['audit.log', 'audit.log.head'])
        const { faults, headless, hasHead, lost } = await verifyAuditLog([path])
        assert.deepEqual([faults, headless, hasHead, lost], [[], [], true, 0])
        const written = (await linesOf(path)).filter(({ event }) => event !== 'cut').map(({ event }) => event)
        const began = onFailure === 'go on' ? ['begin'] : []
        assert.deepEqual(written, ['open', 'failure', ...began, 'request', 'request', 'close'])
      })

  test('lets one process alone write to a log, and takes over the lock of a process that has ended', async (t) => {
    const folder = await tinyDisk(t)
    const path = join(folder, 'audit.log')
    await fill(folder)
    const first = await openAuditLog({ path })
    await assert.rejects(openAuditLog({ path }), (error) => {
      assert.ok(isDockerMtlsError(error, 'ERR_FILE_WRITE'))
      assert.match(error.message, new RegExp(`process ${process.pid} is changing this audit log`))
      return true
    })
    await rm(join(folder, 'filler'))
    await assert.rejects(openAuditLog({ path }), /is changing this audit log/)
    await first.close()
    await symlink('4194304', `${path}.lock`)
    const second = await openAuditLog({ path })
    await second.close()
    assert.deepEqual((await readdir(folder)).toSorted(), ['audit.log', 'audit.log.head'])
  })
})
