import { HttpGateway } from './gateway.ts'
import type { Gateway } from './interface.ts'
import { checkGatewayOptions, type GatewayOptions } from './options.ts'

/**
 * Creates a gateway: a server with mutual TLS, or a local socket, in front of a Docker daemon. It asks a function about each
 * request, or a policy, and writes a new request for the daemon, so that what was judged is what is sent.
 *
 * Every Docker client can use it: streams stay open for hours, hijacked connections (attach, exec, BuildKit) carry bytes in both
 * directions, and archives of any size need constant memory. A request that the gateway itself refuses gets an answer
 * in the daemon's form, `{"message":"..."}`, with its reason in the header field `X-Docker-Mtls-Reason`: a {@link
 * GatewayReason}, or the code of the verdict.
 *
 * Each request is checked against the dates of its certificate, the CAs, the revocation lists and {@link Gateway.revoke}, also on a
 * connection that is open already.
 *
 * @param options - where to listen, the daemon, and the function to ask
 * @returns the gateway, which is listening
 * @throws {@link ConnectionError} ERR_GATEWAY_LISTEN
 * @throws {@link FileError} ERR_FILE_EXISTS if the path of the socket is taken, ERR_FILE_WRITE
 * @throws {@link IdentityError} ERR_GATEWAY_TLS_INVALID, ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
 * @throws {@link PkiError} ERR_CRL_INVALID, ERR_ISSUER_INVALID
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * await using gateway = await createGateway({
 *   listen: { port: 2376 },
 *   tls: { ca, cert, key },
 *   daemon: { socketPath: '/run/docker.sock' },
 *   policy: parsePolicy(await readFile('policy.yaml', 'utf8'), 'policy.yaml'),
 * })
 * ```
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = checkGatewayOptions(options)
  // It loads node-forge, which nothing else of a gateway needs.
  const renewals = options.issuer && new (await import('./renewal/renewals.ts')).Renewals()
  const gateway = new HttpGateway(options, limits, renewals)
  try {
    await gateway.listen()
    return gateway
  } catch (error) {
    await gateway.close()
    throw error
  }
}
