import type { Command } from 'commander'
import { join } from 'node:path'
import { ConnectionError, PkiError } from '../../base/errors.ts'
import { ours, SELF, sentence } from '../../base/sentence.ts'
import { escapeText, printable } from '../../base/text.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { ResolvedEndpoint } from '../../endpoint/resolve.ts'
import type { RenewedClient } from '../../keystore/client/renew.ts'
import type { WireAnswer } from '../../transport/collector.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJsonLines } from '../command-line/options.ts'
import { errorReport, errorText } from '../errors.ts'
import { addConnectOptions, connectOptions, type ConnectFlags } from '../inputs/connect.ts'
import { certificateData } from '../reports/data.ts'
import { until } from '../reports/time-left.ts'
import { summaryText } from '../reports/summary.ts'
import { writeLine } from '../terminal/json-lines.ts'

interface RenewFlags extends ConnectFlags {
  readonly watch?: true
  readonly json?: true
}

/** How long the gateway may take to answer, in milliseconds. */
const ANSWER_MS = 30_000

async function runRenew(flags: RenewFlags, context: Context): Promise<void> {
  const options = await connectOptions(flags, context)
  const { resolveEndpoint } = await import('../../endpoint/resolve.ts')
  const endpoint = await resolveEndpoint(options, context.io.env)
  const { certPath: folder } = endpoint
  if (endpoint.kind !== 'tls' || folder === undefined) throw withoutCertificate(endpoint)
  const { renewClient } = await import('../../keystore/client/renew.ts')
  const { foreignClientCa } = flags
  const send = (request: string): Promise<string> => sendRequest(request, { endpoint, options }, context)
  const renew = (): Promise<RenewedClient> => renewClient({ folder, send, ...(foreignClientCa && { foreignClientCa }) })
  if (flags.watch) return watch({ renew, folder, endpoint }, flags, context)
  const renewed = await renew()
  context.answer({ data: dataOf(renewed), text: `${textOf(renewed, context)}\n` }, flags)
}

function withoutCertificate(endpoint: ResolvedEndpoint): PkiError {
  return new PkiError('ERR_RENEWAL_REFUSED', {
    tried: 'renewing the certificate of a client',
    got: `${formatEndpoint(endpoint)} is reached without a certificate in a folder`,
    todo: sentence`Name the gateway and the folder:  ${ours('client', 'renew', '--host', 'tcp://HOST:2376', '--cert-path', 'DIR')}`,
  })
}

interface Gateway {
  readonly endpoint: ResolvedEndpoint
  readonly options: EndpointOptions
}

/** Over a new connection each time, with the certificate that is in the folder then. */
async function sendRequest(request: string, { endpoint, options }: Gateway, { io }: Context): Promise<string> {
  const [{ identityFor }, { createDispatcher }, { collect }, { RENEWAL_PATH }] = await Promise.all([
    import('../../engine/connect.ts'),
    import('../../transport/dispatcher.ts'),
    import('../../transport/send.ts'),
    import('../../gateway/renewal/path.ts'),
  ])
  const { connectTimeout, proxy } = options
  const target = `renewing the certificate at ${formatEndpoint(endpoint)}`
  const dispatcher = createDispatcher(endpoint, await identityFor(endpoint, options), {
    ...(connectTimeout !== undefined && { connectTimeout }),
    ...(proxy !== undefined && { proxy }),
  })
  try {
    const answer = await collect(dispatcher, {
      method: 'POST',
      path: RENEWAL_PATH,
      lane: 'short',
      headers: { 'content-type': 'application/pkcs10' },
      body: request,
      signal: io.signal,
      limit: {
        timeout: ANSWER_MS,
        late: () => unavailable(target, `there was no answer within ${ANSWER_MS / 1000} s`),
      },
    })
    return certificateIn(answer, target)
  } finally {
    await dispatcher.destroy()
  }
}

function unavailable(tried: string, got: string): ConnectionError {
  return new ConnectionError('ERR_RENEWAL_UNAVAILABLE', {
    tried,
    got,
    todo: 'Try again, or look at the log of the gateway.',
  })
}

function certificateIn({ status, headers, body }: WireAnswer, tried: string): string {
  const { certificate, message } = parse(body)
  if (status === 200 && typeof certificate === 'string') return certificate
  const reason = headers['x-docker-mtls-reason']
  const got = typeof message === 'string' ? printable(message) : `the answer has the status ${status}`
  if (reason === undefined)
    throw new PkiError('ERR_RENEWAL_REFUSED', {
      tried,
      got: `this is no gateway of docker-mtls that renews certificates: ${got}`,
      todo: sentence`Renew it on the machine with the CA:  ${ours('cert', 'renew', 'NAME')}`,
    })
  if (status >= 500 || status === 429) throw unavailable(tried, got)
  throw new PkiError('ERR_RENEWAL_REFUSED', {
    tried,
    got: `${got} (${String(reason)})`,
    todo: 'Ask whoever keeps the policy of the gateway and the CA.',
  })
}

function parse(body: Buffer): { readonly certificate?: unknown; readonly message?: unknown } {
  try {
    return Object(JSON.parse(body.toString('utf8'))) as object
  } catch {
    return {}
  }
}

interface Watched {
  readonly renew: () => Promise<RenewedClient>
  readonly folder: string
  readonly endpoint: ResolvedEndpoint
}

async function watch({ renew, folder, endpoint }: Watched, flags: RenewFlags, context: Context): Promise<void> {
  const [{ watchRenewals }, { readIfThere }, { readCertificate }] = await Promise.all([
    import('../../keystore/client/watch.ts'),
    import('../../base/files.ts'),
    import('../../identity/certificate.ts'),
  ])
  const { stdout, env, signal } = context.io
  let end = readCertificate((await readIfThere(join(folder, 'cert.pem'))) ?? '', join(folder, 'cert.pem')).validTo
  context.say(`Renewing ${folder} at ${formatEndpoint(endpoint)}, until Ctrl-C.`)
  await watchRenewals({
    renew,
    end: () => end,
    signal,
    onRenewed: (renewed, next) => {
      end = renewed.client.validTo
      if (flags.json) writeLine(stdout, 'renewed', { ...dataOf(renewed), next })
      else stdout.write(`${time(new Date())} renewed until ${time(end)}; next at ${time(next)}\n`)
    },
    onFailure: (error, next) => {
      if (flags.json) writeLine(stdout, 'failed', { ...errorReport(error, env), next })
      const { code, text } = errorText(error, env)
      context.say(escapeText(`${time(new Date())} ${code}: ${text.split('\n')[0]} Next attempt at ${time(next)}.`))
    },
  })
}

/** In UTC, with seconds. */
function time(date: Date): string {
  return date.toISOString().replace(/\.\d+/, '')
}

function dataOf({ folder, client, lineEnds }: RenewedClient): object {
  return { folder, certificate: certificateData(client), lineEnds }
}

function textOf({ folder, client, lineEnds }: RenewedClient, context: Context): string {
  const about = [
    `${client.commonName ?? client.subject}, until ${time(client.validTo)}, with a new key`,
    `it can be renewed until ${until(lineEnds).replace(/^until /, '')}, when the first certificate of its line ends`,
  ]
  return summaryText({ action: 'replaced', path: join(folder, 'cert.pem'), about }, context)
}

function define(command: Command, context: Context): void {
  addConnectOptions(command)
  command.option('--watch', 'renew it again and again, each time before two thirds of its life')
  addJsonLines(command).action((flags: RenewFlags) => runRenew(flags, context))
}

export const clientRenew: CommandSpec = {
  description:
    "On the client's own machine: renews its certificate through the gateway that it connects to, with a new key. It needs no CA key, " +
    'but a gateway with an issuer, and a rule of its policy with  renew . Key and certificate are replaced in their folder, and the old ' +
    'ones are not kept. With --watch it renews at once, then each time before two thirds of the life are over, until Ctrl-C or SIGTERM; ' +
    'it tries again if the gateway is away, and fails if the gateway refuses, or the certificate has expired.',
  examples: [
    [sentence`${SELF} client renew`, 'the certificate in DOCKER_CERT_PATH, at DOCKER_HOST'],
    [sentence`${SELF} client renew --watch`, 'keep it valid, as a service'],
    [sentence`${SELF} client renew --context build01`, 'that of a docker context'],
  ],
  json: '{ folder, certificate, lineEnds }. With --watch each renewal is a line of the type "renewed" with these and next, and each failure one of the type "failed" with next.',
  jsonLines: true,
  stray: (extra) =>
    sentence`It renews the certificate that is in use here. To renew that of another client on the machine with the CA:  ${SELF} cert renew ${extra}`,
  define,
}
