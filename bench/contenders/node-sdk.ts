import { checkVersion, type Open } from './contender.ts'

/** No more of @docker/node-sdk's types than is used here: `npm run check` does without the peers. */
interface NodeSdk {
  readonly DockerClient: {
    fromDockerConfig(): Promise<{ systemPing(): Promise<string | null>; close(): Promise<void> }>
  }
}

export const open: Open = async (entry) => {
  const { DockerClient } = (await import(entry)) as NodeSdk
  const docker = await DockerClient.fromDockerConfig()
  return {
    answered: false,
    ping: async () => checkVersion(await docker.systemPing()),
    close: () => docker.close(),
  }
}
