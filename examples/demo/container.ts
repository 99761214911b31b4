import { path, type DockerClient } from 'docker-mtls'
import { busyboxTar } from '../../test/daemon/harness/image.ts'
import type { DockerCli } from './docker-cli.ts'
import type { Progress } from './progress.ts'

const IMAGE = 'busybox:made-here'

/** Makes an image on the spot, and runs a container of it: user namespaces make its root a nobody on the host. */
export async function showContainer(progress: Progress, docker: DockerClient, cli: DockerCli): Promise<void> {
  const makeImage = async (): Promise<string> => cli(['import', '-', IMAGE], await busyboxTar())
  await progress.step('Creating an image', makeImage, () => `Created an image with docker import: ${IMAGE}`)
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

/** A container's whole life by plain requests of the Engine API. */
async function run(docker: DockerClient, command: readonly string[]): Promise<string> {
  // With a terminal its output is one plain stream; nothing on a network, since it needs none.
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
