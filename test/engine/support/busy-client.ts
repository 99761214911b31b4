import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { request as httpsRequest } from 'node:https'
import {
  connect,
  createDispatcher,
  loadIdentity,
  parseHost,
  type DockerClient,
  type DockerDispatcher,
} from '../../../lib/index.ts'
import { bridge, toHttpsAgent } from '../../../lib/interop.ts'

/**
 * A program with calls in every state, which closes its client while they run. It handles the promises that it gets, as
 * every program must, and nothing else: no stream that it holds has an 'error' listener. It prints what nobody caught.
 *
 * Arguments: the host of a daemon, the host of a peer that never speaks, a folder with the files of a client, one with a
 * build context, how to close, and after how many milliseconds.
 */
const [host = '', silent = '', certPath = '', context = '', how = '', wait = ''] = process.argv.slice(2)

const uncaught: string[] = []

const outcomes = new Map<string, string>()

/** Starts a call. Its outcome is handled, so that it can't be what nobody caught. */
function start(name: string, call: () => PromiseLike<unknown> | void): void {
  outcomes.set(name, 'pending')
  Promise.resolve()
    .then(call)
    .then(
      () => outcomes.set(name, 'done'),
      (error: unknown) => outcomes.set(name, (error as { code?: string }).code ?? String(error)),
    )
}

const held: unknown[] = []
/** Keeps a stream, and never reads from it. */
async function hold(stream: PromiseLike<unknown>): Promise<void> {
  held.push(await stream)
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items) held.length = Math.min(held.length, 1000)
}

async function* endless(): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    yield Buffer.alloc(65_536)
    await delay(1)
  }
}

function startCalls(docker: DockerClient): void {
  // More than the pool of short calls has connections: the others wait.
  for (let index = 0; index < 24; index++) start(`info ${index}`, () => docker.info())
  start('events held', () => hold(docker.system.events()))
  start('events read', () => drain(docker.system.events()))
  start('logs held', () => hold(docker.containers.logs('x', { follow: true })))
  start('logs read', () => drain(docker.containers.logs('x', { follow: true })))
  start('logs copied', async () => (await docker.containers.logs('x', { follow: true })).copyTo(process.stderr))
  start('lines', async () => drain((await docker.containers.logs('x', { follow: true })).lines()))
  start('export held', () => hold(docker.containers.export('x')))
  start('export read', async () => drain(await docker.containers.export('x')))
  start('copyFrom', () => docker.containers.copyFrom('x', '/etc', context))
  start('request held', () => hold(docker.request({ method: 'GET', path: '/events' })))
  start('request read', async () => (await docker.request({ method: 'GET', path: '/events' })).text())
  start('exec held', () => hold(docker.exec.start('x', {})))
  start('exec read', async () => drain(await docker.exec.start('x', {})))
  start('exec written', async () => {
    const { stdin } = await docker.exec.start('x', {})
    for await (const chunk of endless()) if (!stdin.write(chunk)) return
  })
  start('attach held', () => hold(docker.containers.attach('x', { stdin: true })))
  start('web socket held', () => hold(docker.containers.attachWebSocket('x', { stdin: true })))
  start('web socket read', async () => drain(await docker.containers.attachWebSocket('x', {})))
  start('session held', () => hold(docker.session.open('one')))
  start('pull', () => docker.images.pull('x'))
  start('pull read', () => drain(docker.images.pull('x')))
  start('load', () => docker.images.load(Readable.from(endless())))
  start('copyTo', () => docker.containers.copyTo('x', `${context}/large`, '/'))
  start('copyTo entries', () =>
    docker.containers.copyTo('x', [{ path: 'f', content: Readable.from(endless()), size: 2 ** 40 }] as never, '/'),
  )
  start('archive up', () => docker.containers.archive.put('x', '/', Readable.from(endless())))
  start('buildkit', () => docker.images.build(context, { builder: 'buildkit' }))
  start('buildkit read', () => drain(docker.images.build(context, { builder: 'buildkit' })))
  start('classic', () => docker.images.build(context, { builder: 'classic' }))
  start('classic tar', () => docker.images.build(Readable.from(endless()), { builder: 'classic' }))
  start('run', () => docker.run('x', ['y'], { stdin: Readable.from(endless()) }))
  start('exec.run', () => docker.exec.run('x', ['y'], { stdin: Readable.from(endless()) }))
  start('waitHealthy', () => docker.containers.waitHealthy('x'))
}

function startLowLevelCalls(dispatcher: DockerDispatcher, name: string): void {
  start(`${name} open`, async () => hold(dispatcher.open()))
  start(`${name} request held`, async () => hold(dispatcher.request({ path: '/events', method: 'GET' })))
  start(`${name} upgrade held`, async () =>
    hold(dispatcher.upgrade({ path: '/v1.45/exec/x/start', method: 'POST', protocol: 'tcp' })),
  )
  const init = { dispatcher } as unknown as RequestInit
  start(`${name} fetch held`, async () => hold(fetch(`${dispatcher.origin}/events`, init)))
  start(`${name} fetch read`, async () => (await fetch(`${dispatcher.origin}/events`, init)).text())
  start(
    `${name} agent`,
    () =>
      new Promise((resolve, reject) => {
        httpsRequest(`${dispatcher.origin}/events`, { agent: toHttpsAgent(dispatcher) }, resolve)
          .on('error', reject)
          .end()
      }),
  )
}

const isLocal = host.startsWith('unix:')
const docker = await connect({ host, ...(!isLocal && { certPath }) })
const other = createDispatcher(parseHost(silent), isLocal ? undefined : await loadIdentity(certPath))
const made = await bridge(docker, `${certPath}/bridge.sock`)
process.on('uncaughtException', (error) => uncaught.push(`uncaughtException ${error.stack}`))
process.on('unhandledRejection', (error) => uncaught.push(`unhandledRejection ${(error as Error).stack}`))
startCalls(docker)
startLowLevelCalls(docker.dispatcher, 'daemon')
startLowLevelCalls(other, 'silent')
if (wait !== 'now') await delay(Number(wait))
const pending = [...outcomes].filter(([, outcome]) => outcome === 'pending').map(([name]) => name)
if (how === 'drain') {
  // close() of a dispatcher waits for what runs; destroy() then ends it.
  for (const dispatcher of [docker.dispatcher, other]) void dispatcher.close()
  await delay(20)
}
void docker.close()
void other.destroy()
await Promise.all([docker.close(), other.destroy(), made.close()])
// Code that is imported late may still be on its way.
for (let waited = 0; waited < 5_000 && [...outcomes.values()].includes('pending'); waited += 20) await delay(20)
await delay(200)
const report = JSON.stringify({ uncaught, pending, outcomes: Object.fromEntries(outcomes) })
process.stdout.write(report, () => process.exit(0))
