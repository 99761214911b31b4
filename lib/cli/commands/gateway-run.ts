import type { Command } from 'commander'
import { once as onceEmitted } from 'node:events'
import { join } from 'node:path'
import { isDockerMtlsError } from '../../base/errors.ts'
import { readIfThere } from '../../base/files.ts'
import { option, SELF, sentence } from '../../base/sentence.ts'
import { TLS_PORT } from '../../base/ports.ts'
import { hostAndPort, readListener } from '../../daemon-config/listener-target.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import { nameSource } from '../../endpoint/resolution-log.ts'
import type { DockerClient } from '../../engine/client.ts'
import type { FollowedFiles } from '../../gateway/files/follow.ts'
import type { GatewayFiles } from '../../gateway/files/read.ts'
import type { Gateway } from '../../gateway/interface.ts'
import type { AuditLog } from '../../gateway/log/interface.ts'
import type { Metrics } from '../../gateway/metrics/interface.ts'
import type { GatewayListen } from '../../gateway/options.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFrom, addJson, choice, many, once } from '../command-line/options.ts'
import { metricsListener } from '../inputs/metrics-listener.ts'
import { usageError } from '../errors.ts'
import { issuerFilesIn } from '../../apply/gateway/issuer-files.ts'
import { addConnectOptions, connectBy, type ConnectFlags } from '../inputs/connect.ts'
import { inForceWriter } from '../inputs/in-force.ts'
import { serverFolder } from '../inputs/server-folder.ts'
import { warnOfSshKeys } from '../inputs/ssh-keys.ts'
import { gatewayLog, reloadReports } from '../reports/gateway.ts'

interface RunFlags extends ConnectFlags {
  readonly policy: string
  readonly listen?: string
  readonly from?: string
  readonly crl?: readonly string[]
  readonly issuer?: string
  readonly socket?: string
  readonly as?: string
  readonly groupMayOpen?: true
  readonly log?: string
  readonly onLogFailure?: 'refuse' | 'go-on'
  readonly metrics?: string
  readonly json?: true
}

const WHERE = sentence`${SELF} gateway run`

async function runGateway(flags: RunFlags, context: Context): Promise<void> {
  const listen = await listenOf(flags)
  const files = await filesOf(flags, context)
  const { FollowedFiles } = await import('../../gateway/files/follow.ts')
  const followed = await FollowedFiles.read(files)
  const { docker } = await connectBy(flags, context)
  try {
    const { policy } = followed.contents
    if (policy !== undefined) await warnOfSshKeys(docker, policy, context)
    await serve({ listen, files, followed, docker }, flags, context)
  } finally {
    await docker.close()
  }
}

interface Serving {
  readonly listen: GatewayListen
  readonly files: GatewayFiles
  readonly followed: FollowedFiles
  readonly docker: DockerClient
}

async function serve(serving: Serving, flags: RunFlags, context: Context): Promise<void> {
  const { listen, followed, docker } = serving
  const { createGateway } = await import('../../gateway/create.ts')
  const { tls, crl, policy, issuer } = followed.contents
  const auditLog = await auditLogOf(flags)
  try {
    const metrics = await metricsOf(flags)
    try {
      const log = gatewayLog(context)
      const gateway = await createGateway({ listen, tls, crl, policy, issuer, daemon: docker, log, auditLog, metrics })
      const sayInForce = await inForceWriter(followed, context)
      followed.follow(gateway, reloadReports(context, sayInForce))
      try {
        announce(gateway, serving, { metrics, flags }, context)
        const { signal } = context.io
        if (!signal.aborted) await onceEmitted(signal, 'abort')
      } finally {
        followed.stop()
        await gateway.close()
      }
    } finally {
      await metrics?.close()
    }
  } finally {
    await closeLog(auditLog, context)
  }
}

/** After a signal, the command no longer reports errors, so this warns. */
async function closeLog(auditLog: AuditLog | undefined, context: Context): Promise<void> {
  try {
    await auditLog?.close()
  } catch (error) {
    if (!context.io.signal.aborted || !isDockerMtlsError(error)) throw error
    context.warn(`The end of the audit log is lost: ${error.tried}: ${error.got}`)
  }
}

async function auditLogOf({ log, onLogFailure }: RunFlags): Promise<AuditLog | undefined> {
  if (log === undefined) {
    if (onLogFailure === undefined) return undefined
    throw usageError(WHERE, '--on-log-failure is given without --log', 'Add  --log FILE .')
  }
  const { openAuditLog } = await import('../../gateway/log/open.ts')
  return openAuditLog({ path: log, onFailure: onLogFailure === 'go-on' ? 'go on' : 'refuse' })
}

async function metricsOf({ metrics }: RunFlags): Promise<Metrics | undefined> {
  if (metrics === undefined) return undefined
  const listen = metricsListener(metrics)
  const { createMetrics } = await import('../../gateway/metrics/create.ts')
  return createMetrics({ listen })
}

async function listenOf({ listen, socket, as, from, crl, issuer, groupMayOpen }: RunFlags): Promise<GatewayListen> {
  if (socket === undefined) {
    if (as !== undefined || groupMayOpen !== undefined)
      throw usageError(
        WHERE,
        '--as and --group-may-open are for a local socket',
        'Add  --socket PATH , or leave them out.',
      )
    const { parseListen } = await import('../../daemon-config/listen.ts')
    const { host, port } = readListener(parseListen(listen ?? `0.0.0.0:${TLS_PORT}`))
    // In dockerd, this means every address of IPv6, too.
    return host === '0.0.0.0' ? { port } : { host, port }
  }
  if ([listen, from, crl, issuer].some((given) => given !== undefined))
    throw usageError(
      WHERE,
      'a local socket has no certificates',
      'Leave out  --listen ,  --from ,  --crl  and  --issuer .',
    )
  if (as === undefined)
    throw usageError(
      WHERE,
      '--as is missing',
      'Name who uses the socket, as  who: { socket: NAME }  of the policy does.',
    )
  return { socket, as, mode: groupMayOpen ? 0o660 : 0o600 }
}

async function filesOf(flags: RunFlags, context: Context): Promise<GatewayFiles> {
  const { policy, socket, crl } = flags
  if (socket !== undefined) return { policy, crl: [] }
  const { SERVER_FILES } = await import('../../apply/server-folder.ts')
  const folder = await serverFolder(flags.from, context)
  if (folder === undefined)
    throw usageError(
      WHERE,
      `there is no ${SERVER_FILES.join(', ')} here`,
      sentence`Name the server/ folder that init created:  ${option('from', 'docker-mtls/server')}`,
    )
  const [ca, cert, key] = SERVER_FILES.map((name) => join(folder, name)) as [string, string, string]
  const issuer = flags.issuer === undefined ? undefined : issuerFilesIn(flags.issuer)
  const files = { tls: { ca, cert, key }, issuer, policy }
  if (crl !== undefined) return { ...files, crl }
  const own = join(folder, 'crl.pem')
  if ((await readIfThere(own)) === undefined)
    context.warn(
      sentence`No revocation list is in use: a revoked certificate works until it expires. Pass one for each CA with  --crl FILE , or put it at ${own}.`,
    )
  return { ...files, crl: [own], mayLackCrl: true }
}

interface Announced {
  readonly metrics: Metrics | undefined
  readonly flags: RunFlags
}

function announce(gateway: Gateway, { files, docker }: Serving, { metrics, flags }: Announced, context: Context): void {
  const { address } = gateway
  const { kind, source } = docker.endpoint
  const url = formatEndpoint(docker.endpoint)
  const at = 'socket' in address ? address.socket : `${address.host} port ${address.port}`
  context.say(`Gateway to ${url} (${context.typed(nameSource(source))}), until Ctrl-C. It listens on ${at}.`)
  if (metrics) context.say(`Metrics: http://${hostAndPort(metrics.address)}/metrics`)
  const data = {
    listen: address,
    daemon: { url, kind, source },
    policy: files.policy,
    crl: files.crl,
    issuer: flags.issuer ?? null,
    log: flags.log ?? null,
    metrics: metrics?.address ?? null,
  }
  const text = 'socket' in address ? `export DOCKER_HOST=unix://${address.socket}\n` : ''
  context.answer({ data, text }, flags)
}

function define(command: Command, context: Context): void {
  command
    .requiredOption('--policy <file>', 'who may do what', once('--policy'))
    .option('--listen <addr:port>', `where clients connect (default: 0.0.0.0:${TLS_PORT})`, once('--listen'))
  addFrom(command)
    .option('--crl <file>', 'a revocation list; repeatable (default: crl.pem in that folder)', many('--crl'))
    .option('--issuer <dir>', 'renew certificates with the issuer in this folder, of  cert issuer', once('--issuer'))
    .option('--socket <path>', 'a local socket instead, without TLS', once('--socket'))
    .option('--as <name>', 'the name of everybody who uses the socket', once('--as'))
    .option('--group-may-open', 'the group of the socket can open it, too')
    .option('--log <file>', 'an audit log, chained by hashes', once('--log'))
    .addOption(choice('--on-log-failure <what>', "when it can't be written (default: refuse)", ['refuse', 'go-on']))
    .option('--metrics <port>', 'serve metrics and health on a port of 127.0.0.1', once('--metrics'))
  addConnectOptions(command)
  addJson(command).action((flags: RunFlags) => runGateway(flags, context))
}

export const gatewayRun: CommandSpec = {
  description:
    'Runs a gateway: a server in front of a daemon that lets each client do what a policy allows. Clients connect with mutual ' +
    'TLS, or by a local socket. The gateway reads the policy, its certificates and the revocation lists again when the files ' +
    "change, without a restart. If a changed file can't be used, what is in force stays; if a revocation list is gone, the gateway " +
    'refuses every request. It prints what it refuses, and runs until Ctrl-C or SIGTERM. The daemon should listen on its local ' +
    'socket alone.',
  examples: [
    [sentence`${SELF} gateway run --policy policy.yaml`, 'in front of the daemon of this machine, on port 2376'],
    [
      sentence`${SELF} gateway run --policy policy.yaml --crl docker-mtls/ca/crl.pem`,
      'refuse revoked certificates within a second',
    ],
    [sentence`${SELF} gateway run --policy policy.yaml --socket ./agent.sock --as agent`, 'a socket for a tool'],
  ],
  json: '{ listen: { host, port } or { socket }, daemon: { url, kind, source }, policy, crl, issuer, log, metrics: { host, port } }, printed as soon as it listens; issuer, log and metrics are null without their option',
  stray: (extra) => sentence`Name the policy with an option:  ${SELF} gateway run --policy ${extra}`,
  define,
}
