import { option, sentence } from '../base/sentence.ts'
import { PLAINTEXT_PORT, TLS_PORT } from '../base/ports.ts'
import { formatEndpoint, type TlsEndpoint } from './endpoint.ts'
import { refuse, type HostText } from './host-text.ts'

/**
 * Refuses Docker's plaintext port, unless the caller says that the daemon uses TLS there.
 *
 * @throws {@link EndpointError} ERR_PLAINTEXT_PORT
 */
export function refusePlaintextPort(host: HostText, endpoint: TlsEndpoint): TlsEndpoint {
  if (endpoint.port !== PLAINTEXT_PORT || host.tlsOnPort2375) return endpoint
  return refuse(
    host,
    "port 2375 is Docker's plaintext port",
    sentence`Use the TLS port, ${formatEndpoint({ ...endpoint, port: TLS_PORT })}. If the daemon uses TLS on port 2375, set ${option('tlsOnPort2375', 'true')}.`,
    'ERR_PLAINTEXT_PORT',
  )
}
