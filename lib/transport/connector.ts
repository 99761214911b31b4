import { formatEndpoint, type Endpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import type { Identity } from '../identity/identity.ts'
import type { Connect, ConnectOptions } from './connect.ts'
import { socketConnector } from './socket.ts'
import { sshArguments } from './ssh-arguments.ts'
import { tlsConnector } from './tls.ts'

function identityRequired(target: string): ConnectionError {
  return new ConnectionError('ERR_CLIENT_CERT_REQUIRED', {
    tried: `connecting to ${target}`,
    got: 'a TCP endpoint needs an identity, and none was passed',
    todo: "Pass the result of  await loadIdentity('/path/to/folder')  as the second argument.",
  })
}

/** Returns the function that opens connections to an endpoint. */
export function connectorFor(endpoint: Endpoint, identity: Identity | undefined, options: ConnectOptions): Connect {
  switch (endpoint.kind) {
    case 'tls':
      if (!identity) throw identityRequired(formatEndpoint(endpoint))
      return tlsConnector(endpoint, identity, options)
    case 'unix':
    case 'npipe':
      return socketConnector(endpoint, options)
    case 'ssh': {
      // Checked now and not on the first connection: callers may build an endpoint by hand.
      const args = sshArguments(endpoint, options.timeout)
      return lazyConnector(async () => (await import('./ssh.ts')).sshConnector(endpoint, args, options))
    }
  }
}

/** Imports the ssh code on the first connection: few clients use it, and loading it takes time. */
function lazyConnector(load: () => Promise<Connect>): Connect {
  let loaded: Promise<Connect> | undefined
  return async (...call) => (await (loaded ??= load()))(...call)
}
