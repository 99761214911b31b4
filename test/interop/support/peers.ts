/**
 * Pings daemons by other clients on our connection, in a process whose environment may be anything. Reads
 * `{ pings: [CLIENT, HOST][], ca, cert, key }` from its argument, and prints an answer or the code of an error for each.
 */
import Docker from 'dockerode'
import { DockerClient } from '@docker/node-sdk'
import { parseHost } from '../../../lib/endpoint/host.ts'
import { loadIdentity, type Identity } from '../../../lib/identity/identity.ts'
import { toDockerodeOptions, toHttpsAgent, toNodeSdkAgent } from '../../../lib/interop.ts'
import { createDispatcher, type DockerDispatcher } from '../../../lib/transport/dispatcher.ts'
import { ask } from './asking.ts'

/** What a process of this program is told to do. */
export interface Errand {
  readonly pings: readonly (readonly [client: string, host: string])[]
  readonly ca: string
  readonly cert: string
  readonly key: string
}

type Ping = (ours: DockerDispatcher) => Promise<unknown>

const CLIENTS: Readonly<Record<string, Ping>> = {
  dockerode: (ours) => new Docker(toDockerodeOptions(ours)).ping(),
  '@docker/node-sdk': (ours) => new DockerClient(toNodeSdkAgent(ours)).systemPing(),
  'node:https': (ours) =>
    ask(toHttpsAgent(ours), `${ours.origin}/_ping`, { rejectUnauthorized: false, servername: 'localhost' }),
  /** What the same environment does to it by itself. */
  'dockerode alone': () => new Docker().ping(),
}

function codeOf(error: unknown): string {
  const { code, cause, message } = error as NodeJS.ErrnoException
  return code ?? (cause === undefined ? message : codeOf(cause))
}

async function outcomeOf(client: string, host: string, identity: Identity): Promise<string> {
  const ours = createDispatcher(parseHost(host), identity)
  try {
    return String(await CLIENTS[client]?.(ours))
  } catch (error) {
    return codeOf(error)
  } finally {
    await ours.destroy()
  }
}

const { pings, ...pem } = JSON.parse(process.argv[2] ?? '') as Errand
const identity = await loadIdentity(pem)
const outcomes = []
for (const [client, host] of pings) outcomes.push(await outcomeOf(client, host, identity))
process.stdout.write(JSON.stringify(outcomes))
