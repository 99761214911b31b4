import type { Command } from 'commander'
import type { Sentence } from '../../base/sentence.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { DockerClient } from '../../engine/client.ts'
import type { Context } from '../command.ts'
import { addEndpointOptions, endpointOptions, once, readTime, type EndpointFlags } from '../command-line/options.ts'
import { readSecretFile } from '../terminal/passphrase.ts'
import { addProxyOptions, proxyOption, type ProxyFlags } from './proxy.ts'

/** Flags that select the daemon, the client's files, and how to connect. */
export interface ConnectFlags extends EndpointFlags, ProxyFlags {
  readonly keyPassphraseFile?: string
  readonly foreignClientCa?: true
  readonly timeout?: string
}

export function addConnectOptions(command: Command): Command {
  return addConnectionOptions(addEndpointOptions(command))
}

/** The options of {@link addConnectOptions} that say how to connect. */
export function addConnectionOptions(command: Command): Command {
  command
    .option('--key-passphrase-file <file>', 'a file with the passphrase of key.pem', once('--key-passphrase-file'))
    .option('--foreign-client-ca', 'accept a cert.pem that no CA in ca.pem has issued')
    .option('--timeout <time>', 'give up connecting after this time (default: 10s)', once('--timeout'))
  return addProxyOptions(command)
}

/** A client that is connected, and how long that took, in milliseconds. */
export interface Connected {
  readonly docker: DockerClient
  readonly milliseconds: number
}

/**
 * Connects as the flags say, and prints the warnings, even if connecting fails.
 *
 * @param wait - how long to wait for the daemon, in milliseconds; undefined: a single attempt
 */
export async function connectBy(flags: ConnectFlags, context: Context, wait?: number): Promise<Connected> {
  const options = await connectOptions(flags, context)
  const connected = attempts(options, context, wait).catch(async (error: unknown) => {
    await warnBefore(options, context)
    throw error
  })
  const { docker } = await connected
  for (const warning of warningsOf(docker)) context.warn(warning)
  return connected
}

async function attempts(options: EndpointOptions, context: Context, wait?: number): Promise<Connected> {
  if (wait === undefined) return connectOnce(options, context)
  const { untilConnected } = await import('./wait.ts')
  const { connectTimeout } = options
  return untilConnected({ wait, connectTimeout }, context, (inTime) =>
    connectOnce({ ...options, connectTimeout: inTime }, context),
  )
}

async function connectOnce(options: EndpointOptions, { io: { signal, env } }: Context): Promise<Connected> {
  const { connect } = await import('../../engine/connect.ts')
  const start = performance.now()
  const docker = await connect({ ...options, signal }, env)
  return { docker, milliseconds: performance.now() - start }
}

/** The warnings of the client as sentences. */
function warningsOf({ endpoint, dispatcher }: DockerClient): Sentence[] {
  return [...endpoint.warnings, ...dispatcher.observations.map(({ text }) => text)]
}

/** The flags as options of the library. */
export async function connectOptions(flags: ConnectFlags, { warn }: Context): Promise<EndpointOptions> {
  const { timeout, keyPassphraseFile, foreignClientCa } = flags
  return {
    ...endpointOptions(flags),
    ...(foreignClientCa !== undefined && { foreignClientCa }),
    ...(timeout !== undefined && { connectTimeout: readTime('--timeout', timeout) }),
    ...(await proxyOption(flags, warn)),
    ...(keyPassphraseFile !== undefined && { passphrase: await readSecretFile(keyPassphraseFile, warn) }),
  }
}

/** Warns about the endpoint of a failed attempt: that may be the reason. */
async function warnBefore(options: EndpointOptions, { io, warn }: Context): Promise<void> {
  const { explainEndpoint } = await import('../../endpoint/explain.ts')
  const { endpoint, steps } = await explainEndpoint(options, io.env)
  const ignored = steps.filter(({ source, verdict }) => source === 'option envFile' && verdict === 'ignored')
  const warnings =
    endpoint?.warnings ?? ignored.map(({ value, because }) => `The env file ${value} is ignored: ${because}.`)
  for (const warning of warnings) warn(warning)
}

/** Often the variables were set in another shell. */
export function localWarning({ endpoint }: DockerClient): string[] {
  if (endpoint.source !== 'local socket') return []
  return ['Neither an option nor a variable names a daemon, so this is the local one.']
}
