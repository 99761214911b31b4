import { path, type DockerClient } from 'docker-mtls'
import { busyboxTar } from '../../test/daemon/harness/image.ts'
import type { DockerCli } from './docker-cli.ts'
import type { Progress } from './progress.ts'

const IMAGE = 'busybox:made-here'

/** Creates an image and runs a container from it. User namespaces map its root to an unprivileged user of the host. */
export async function showContainer(progress: Progress, docker: DockerClient, cli: DockerCli): Promise<void> {
  const createImage = async (): Promise<string> => cli(['import', '-', IMAGE], await busyboxTar())
  await progress.step('Creating an image', createImage, () => `Created an image with docker import: ${IMAGE}`)
  const command = ['/bin/busybox', 'sh', '-c', 'id -un; cat /proc/self/uid_map']
  const output = await progress.step(
    'Running a container',
    () => run(docker, command),
    (text) => {
      const [user = '', map = ''] = text.split('\n')
      const [, outside] = map.trim().split(/\s+/)
      if (user !== 'root' || outside === undefined || outside === '0') throw new Error(`no user namespace: ${text}`)
      return `Ran a container with this package: its ${user} is user ${outside} on the host`
    },
  )
  progress.note(`/proc/self/uid_map: ${output.split('\n')[1]?.trim().replaceAll(/\s+/g, ' ')}`)
}

/** Creates, starts, awaits and removes a container with plain requests of the Engine API. */
async function run(docker: DockerClient, command: readonly string[]): Promise<string> {
  // With a terminal, the output is one plain stream. The container needs no network.
  const config = { Image: IMAGE, Cmd: command, Tty: true, HostConfig: { NetworkMode: 'none' } }
  const created = await docker.request({ method: 'POST', path: '/containers/create', body: config })
  const { Id } = await created.json<{ Id: string }>()
  await (await docker.request({ method: 'POST', path: path`/containers/${Id}/start` })).text()
  await (await docker.request({ method: 'POST', path: path`/containers/${Id}/wait` })).text()
  const logs = await docker.request({ method: 'GET', path: path`/containers/${Id}/logs`, query: { stdout: true } })
  const output = await logs.text()
  await (await docker.request({ method: 'DELETE', path: path`/containers/${Id}` })).text()
  return output.replaceAll('\r', '').trim()
}
