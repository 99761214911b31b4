// Does what a user of dockerode does, and prints how each step ended: 'ok' or what it gave, or the status of the refusal.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'

const require = createRequire(new URL('../../../../bench/package.json', import.meta.url))
const Docker = require('dockerode')
const { pack } = require('tar-stream')

const { connection, image, mark, container: settings = {}, hostConfig = {} } = JSON.parse(process.argv[2] ?? '')
const docker = new Docker(connection)
const outcomes = {}

async function step(name, work) {
  try {
    outcomes[name] = (await work()) ?? 'ok'
  } catch (error) {
    if (error.statusCode === undefined) throw error
    outcomes[name] = `refused ${error.statusCode}`
  }
}

/** The first output of a stream, which is then left. */
async function firstOf(stream) {
  for await (const chunk of stream) return String(chunk)
  return ''
}

async function nothing(promise) {
  await promise
}

const own = { Image: image, ...settings }
await step('ping', async () => String(await docker.ping()))
await step('info', async () => (await docker.info()).OSType)
await step('createNetwork', () => nothing(docker.createNetwork({ Name: `${mark}-net` })))
await step('createVolume', () => nothing(docker.createVolume({ Name: `${mark}-vol` })))
await step('createContainer', () =>
  nothing(
    docker.createContainer({
      ...own,
      name: `${mark}-web`,
      Cmd: ['sh', '-c', 'echo begun; cat; sleep 300'],
      OpenStdin: true,
      HostConfig: { ...hostConfig, NetworkMode: `${mark}-net`, Binds: [`${mark}-vol:/data`] },
    }),
  ),
)
let container = docker.getContainer(`${mark}-web`)
await step('start', () => nothing(container.start()))
await step('list', async () => (await docker.listContainers({ filters: { name: [`${mark}-web`] } })).length)
await step('inspect', async () => (await container.inspect()).State.Running)
await step('follow', async () =>
  (await firstOf(await container.logs({ stdout: true, follow: true }))).includes('begun'),
)
await step('logs', async () => String(await container.logs({ stdout: true })).includes('begun'))
await step('exec', async () => {
  const exec = await container.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true, Tty: true })
  const stream = await exec.start({ hijack: true, stdin: true, Tty: true })
  stream.write('through\n')
  return (await firstOf(stream)).includes('through')
})
await step('attach', async () => {
  const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true })
  stream.write('attached\n')
  return (await firstOf(stream)).includes('attached')
})
await step('attach without hijack', async () => {
  const stream = await container.attach({ stream: true, stdin: true, stdout: true })
  stream.write('behind\n')
  const [output] = await once(stream, 'data')
  stream.destroy()
  return String(output).includes('behind')
})
await step('run', async () => {
  const output = new PassThrough()
  const read = text(output)
  const [{ StatusCode }, made] = await docker.run(image, ['sh', '-c', 'echo ran; sleep 0.5'], output, {
    ...settings,
    HostConfig: hostConfig,
    Tty: true,
  })
  await made.remove()
  output.end()
  return `${StatusCode} ${(await read).trim()}`
})
await step('stats', async () => 'memory_stats' in (await container.stats({ stream: false })))
await step('top', async () => (await container.top()).Processes.length > 0)
await step('putArchive', async () => {
  const tar = pack()
  tar.entry({ name: 'file' }, 'x'.repeat(100_000))
  tar.finalize()
  await container.putArchive(await buffer(tar), { path: '/data' })
})
await step('getArchive', async () => (await buffer(await container.getArchive({ path: '/data/file' }))).length)
await step('pause', () => nothing(container.pause()))
await step('unpause', () => nothing(container.unpause()))
await step('rename', () => nothing(container.rename({ name: `${mark}-other` })))
container = docker.getContainer(`${mark}-other`)
await step('commit', () => nothing(container.commit({ repo: mark, tag: 'a' })))
await step('tag', () => nothing(docker.getImage(`${mark}:a`).tag({ repo: mark, tag: 'b' })))
await step('listImages', async () => (await docker.listImages({ filters: { reference: [mark] } })).length)
await step('save', async () => (await buffer(await docker.getImage(`${mark}:a`).get())).length > 10_000)
for (const tag of ['a', 'b']) await step(`remove ${tag}`, () => nothing(docker.getImage(`${mark}:${tag}`).remove()))
await step('stop', () => nothing(container.stop({ t: 0 })))
await step('wait', async () => typeof (await container.wait()).StatusCode)
await step('remove', () => nothing(container.remove({ v: true, force: true })))
await step('removeNetwork', () => nothing(docker.getNetwork(`${mark}-net`).remove()))
await step('removeVolume', () => nothing(docker.getVolume(`${mark}-vol`).remove()))
await step('events', async () => (await text(await docker.getEvents({ since: 1, until: 2 }))).length)
await step('df', async () => 'LayersSize' in (await docker.df()))
// What leads to the host.
const leading = {
  privileged: { Privileged: true },
  'host path': { Binds: ['/:/host'] },
  'host network': { NetworkMode: 'host' },
}
for (const [name, HostConfig] of Object.entries(leading))
  await step(name, async () =>
    nothing((await docker.createContainer({ Image: image, Cmd: ['true'], HostConfig })).remove()),
  )
await step('swarm', async () => nothing(docker.swarmInspect()))
process.stdout.write(JSON.stringify(outcomes), () => process.exit())
