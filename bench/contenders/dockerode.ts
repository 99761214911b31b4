import https from 'node:https'
import { checkBody, type Open } from './contender.ts'

/** No more of dockerode's types than is used here: `npm run check` does without the peers. */
interface Dockerode {
  readonly default: new () => { ping(): Promise<Buffer | string> }
}

export const open: Open = async (entry) => {
  const { default: Docker } = (await import(entry)) as Dockerode
  // From the variables it makes { host, port, ca, cert, key, protocol: 'https' }.
  const docker = new Docker()
  return {
    answered: false,
    ping: async () => checkBody(200, String(await docker.ping())),
    // It has no close of its own: its connections and sessions are those of Node's global agent, with keep-alive.
    close: async () => {
      https.globalAgent.destroy()
      https.globalAgent = new https.Agent(https.globalAgent.options)
    },
  }
}
