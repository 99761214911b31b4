// Does what a user of Docker's SDK for Node.js does, and prints how each step ended: 'ok' or what it gave, or 'refused'.
import { createRequire } from 'node:module'
import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const require = createRequire(new URL('../../../../bench/package.json', import.meta.url))
const { DockerClient, Filter } = await import(pathToFileURL(require.resolve('@docker/node-sdk')).href)

const { host, certificates, image, mark, container: settings = {}, hostConfig = {} } = JSON.parse(process.argv[2] ?? '')
const docker = await DockerClient.fromDockerHost(host, certificates)
// It takes every status of these for a success.
for (const verb of ['post', 'delete']) {
  const own = docker.api[verb].bind(docker.api)
  docker.api[verb] = async (...words) => {
    const answer = await own(...words)
    if (!answer.ok) throw new Error(await answer.text())
    return answer
  }
}
const outcomes = {}

async function step(name, work) {
  try {
    outcomes[name] = (await work()) ?? 'ok'
  } catch (error) {
    const text = String(error.message ?? error.name)
    outcomes[name] = text.includes('docker-mtls gateway') ? 'refused' : `failed: ${text}`
  }
}

async function nothing(promise) {
  await promise
}

/** Collects what is written to it. */
function sink() {
  const chunks = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  return { stream, bytes: () => Buffer.concat(chunks) }
}

const name = `${mark}-web`
await step('ping', async () => typeof (await docker.systemPing()))
await step('info', async () => (await docker.systemInfo()).OSType)
await step('version', async () => typeof (await docker.systemVersion()).ApiVersion)
await step('networkCreate', () => nothing(docker.networkCreate({ Name: `${mark}-net` })))
await step('volumeCreate', () => nothing(docker.volumeCreate({ Name: `${mark}-vol` })))
await step('containerCreate', () =>
  nothing(
    docker.containerCreate(
      {
        Image: image,
        ...settings,
        Cmd: ['sh', '-c', 'echo begun; sleep 300'],
        HostConfig: { ...hostConfig, NetworkMode: `${mark}-net`, Binds: [`${mark}-vol:/data`] },
      },
      { name },
    ),
  ),
)
await step('containerStart', () => nothing(docker.containerStart(name)))
await step('containerList', async () => {
  const filters = new Filter().add('name', name)
  return (await docker.containerList({ all: true, filters })).length
})
await step('containerInspect', async () => (await docker.containerInspect(name)).State.Running)
await step('containerLogs', async () => {
  const { stream, bytes } = sink()
  for (let tries = 0; tries < 50 && !bytes().includes('begun'); tries++) {
    await docker.containerLogs(name, stream, stream, { stdout: true, stderr: true })
    await delay(20)
  }
  return bytes().includes('begun')
})
await step('exec', async () => {
  const { Id } = await docker.containerExec(name, {
    Cmd: ['sh', '-c', 'echo inside; sleep 0.5'],
    AttachStdout: true,
    AttachStderr: true,
  })
  const { stream, bytes } = sink()
  await docker.execStart(Id, stream, stream, { Detach: false, Tty: false })
  return `${(await docker.execInspect(Id)).ExitCode} ${String(bytes())}`
})
await step('containerStats', async () => 'memory_stats' in (await docker.containerStats(name)))
await step('containerTop', async () => (await docker.containerTop(name)).Processes.length > 0)
await step('containerChanges', async () => Array.isArray(await docker.containerChanges(name)))
await step('containerArchive', async () => {
  const { stream, bytes } = sink()
  await docker.containerArchive(name, '/etc', Writable.toWeb(stream))
  return bytes().length > 1000
})
await step('containerPause', () => nothing(docker.containerPause(name)))
await step('containerUnpause', () => nothing(docker.containerUnpause(name)))
await step('imageInspect', async () => (await docker.imageInspect(image)).Os)
await step('imageTag', () => nothing(docker.imageTag(image, mark, 'a')))
await step('imageDelete', async () => (await docker.imageDelete(`${mark}:a`)).length > 0)
await step('containerRename', () => nothing(docker.containerRename(name, `${mark}-other`)))
await step('containerStop', () => nothing(docker.containerStop(`${mark}-other`, { timeout: 0 })))
await step('containerDelete', () => nothing(docker.containerDelete(`${mark}-other`, { force: true })))
await step('networkInspect', async () => (await docker.networkInspect(`${mark}-net`)).Driver)
await step('networkDelete', () => nothing(docker.networkDelete(`${mark}-net`)))
await step('volumeInspect', async () => (await docker.volumeInspect(`${mark}-vol`)).Driver)
await step('volumeDelete', () => nothing(docker.volumeDelete(`${mark}-vol`)))
await step('systemDataUsage', async () => (await docker.systemDataUsage()).message ?? 'ok')
// What leads to the host.
const leading = {
  privileged: { Privileged: true },
  'host path': { Binds: ['/:/host'] },
  'host network': { NetworkMode: 'host' },
}
for (const [what, HostConfig] of Object.entries(leading))
  await step(what, async () => {
    const { Id } = await docker.containerCreate({ Image: image, Cmd: ['true'], HostConfig })
    await docker.containerDelete(Id)
  })
process.stdout.write(JSON.stringify(outcomes), () => process.exit())
