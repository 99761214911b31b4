/** Judged by tsc alone: our connection in other people's clients, and nothing else in its place. */
import type { Agent } from 'node:https'
import { get } from 'node:https'
import { Agent as UndiciAgent } from 'undici'
import { connect, loadIdentity, parseHost } from '../../lib/index.ts'
import { bridge, toDockerodeOptions, toHttpsAgent, toNodeSdkAgent } from '../../lib/interop.ts'

type IsAny<T> = 0 extends 1 & T ? true : false
type Never<T extends false> = T
/** Fails to compile where a type has decayed. */
export type NothingIsAny = [
  Never<IsAny<ReturnType<typeof toHttpsAgent>>>,
  Never<IsAny<ReturnType<typeof toDockerodeOptions>['agent']>>,
  Never<IsAny<ReturnType<typeof toNodeSdkAgent>>>,
  Never<IsAny<Awaited<ReturnType<typeof bridge>>>>,
]

const docker = await connect()
const endpoint = parseHost('tcp://build01:2376')
const identity = await loadIdentity('/certs')

export const agents: Agent[] = [
  toHttpsAgent(docker),
  toHttpsAgent(docker.dispatcher),
  toHttpsAgent({ endpoint, identity, options: { connectTimeout: 1 } }),
]
get('https://build01:2376/version', { agent: toHttpsAgent(docker) })
/** Whichever undici the other client's types are of. */
export const undici: UndiciAgent = toNodeSdkAgent(docker)
export const port: number | undefined = toDockerodeOptions(docker).port
export const path: string = (await bridge(docker, '/run/d.sock', { onFailure: () => undefined })).path

// @ts-expect-error connect() is still to be awaited
toHttpsAgent(connect())
// @ts-expect-error a dispatcher that verifies whatever it likes
toHttpsAgent(new UndiciAgent())
// @ts-expect-error verification is no option
toHttpsAgent({ endpoint, identity, rejectUnauthorized: false })
// @ts-expect-error nor one of the dispatcher's
toHttpsAgent({ endpoint, identity, options: { rejectUnauthorized: false } })
// @ts-expect-error a host is no endpoint
toDockerodeOptions({ endpoint: 'tcp://build01:2376', identity })
// @ts-expect-error no agent of undici's kind
export const wrong: Agent = toNodeSdkAgent(docker)
// @ts-expect-error the mode is no option
await bridge(docker, '/run/d.sock', { mode: 0o666 })
