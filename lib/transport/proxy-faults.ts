import { formatEndpoint, type TlsEndpoint } from '../endpoint/endpoint.ts'
import type { HttpProxy } from '../endpoint/proxy.ts'
import { ConnectionError } from '../base/errors.ts'
import type { Wording } from './connection-context.ts'
import { codeOf } from './faults.ts'

const ITS_LOG = "Look at the proxy's own log."

/** Why there is no connection to the proxy, by the codes of node:net; otherwise its message has to do. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no address is known for its name',
  EAI_AGAIN: 'no name server answered for its name',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
}

/** What can go wrong between us and one proxy, each in words that name it and never its credentials. */
export class ProxyFaults {
  readonly #proxy: HttpProxy
  readonly #tried: string

  constructor(proxy: HttpProxy, endpoint: TlsEndpoint) {
    this.#proxy = proxy
    this.#tried = `connecting to ${formatEndpoint(endpoint)} through the proxy ${proxy.name}`
  }

  /** It answered, and not with a tunnel. */
  refused(status: number, reason: string): ConnectionError {
    // Some proxies tell whom they refuse.
    const said = this.#proxy.isRepeatedIn(reason) ? '' : reason.slice(0, 100)
    const answer = `${status} ${said}`.trim()
    // tinyproxy says 401 of credentials that are wrong.
    if (status === 407 || status === 401) return this.#error(this.#unknown(answer))
    // Not 502 and 504 alone: tinyproxy says 500 of a port where nothing listens.
    if (status >= 500) {
      return this.#error({
        code: 'ERR_PROXY_BAD_GATEWAY',
        got: `the proxy could not reach the daemon (${answer})`,
        todo: `Correct host and port, as they are known where the proxy runs, or start the daemon there. ${ITS_LOG}`,
      })
    }
    return this.#error({
      code: 'ERR_PROXY_REFUSED',
      got: `the proxy opens no tunnel (${answer})`,
      todo: 'Let it: CONNECT to that host and port has to be allowed in its configuration (squid: SSL_ports; tinyproxy: ConnectPort).',
    })
  }

  /** The connection failed, before or after the proxy had accepted it. */
  broken(cause: Error, connected: boolean): ConnectionError {
    if (connected) return this.#error(CLOSED, cause)
    const got = `the proxy can not be reached: ${UNREACHABLE[codeOf(cause)] ?? cause.message}`
    return this.#error(
      { code: 'ERR_PROXY_UNREACHABLE', got, todo: 'Correct the option proxy, or start the proxy.' },
      cause,
    )
  }

  closed(): ConnectionError {
    return this.#error(CLOSED)
  }

  late(timeout: number, connected: boolean): ConnectionError {
    const got = connected ? 'the proxy accepted the connection, then stayed silent' : 'the proxy did not answer'
    const todo = connected
      ? `Look whether that is an HTTP proxy, and whether the daemon's host answers it. ${ITS_LOG}`
      : 'Check its address, port and firewall (a blocked port is silent).'
    return this.#error({ code: 'ERR_CONNECT_TIMEOUT', got: `${got} within ${timeout} ms`, todo })
  }

  garbled(): ConnectionError {
    return this.#error({
      code: 'ERR_PROXY_INVALID',
      got: 'what answers there is no HTTP proxy',
      todo: 'Correct the port; a SOCKS proxy, or one that is spoken to by TLS, is of no use here.',
    })
  }

  #unknown(answer: string): Wording {
    const known = this.#proxy.authorization() !== undefined
    return {
      code: 'ERR_PROXY_AUTH_REQUIRED',
      got: `the proxy ${known ? 'does not take the credentials that were given' : 'wants credentials, and none were given'} (${answer})`,
      todo: known
        ? 'Correct user and password; it has to take them by the scheme Basic.'
        : 'Give them:  http://USER:PASSWORD@PROXY:PORT, what is special in them as %XX.',
    }
  }

  #error({ code, got, todo }: Wording, cause?: Error): ConnectionError {
    return new ConnectionError(code, { tried: this.#tried, got, todo, ...(cause && { cause }) })
  }
}

const CLOSED: Wording = {
  code: 'ERR_PROXY_INVALID',
  got: 'the proxy closed the connection before it had answered',
  todo: `Look whether that is an HTTP proxy. ${ITS_LOG}`,
}
