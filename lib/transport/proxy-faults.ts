import { formatEndpoint, type TlsEndpoint } from '../endpoint/endpoint.ts'
import type { HttpProxy } from '../endpoint/proxy.ts'
import { ConnectionError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'
import { systemReason } from '../base/system-error.ts'
import type { Fault } from './connection-context.ts'
import { codeOf } from './faults.ts'

const ITS_LOG = "Read the proxy's log."

/** Texts for the codes of node:net. For other codes, the error's own message is used. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'DNS has no address for its name',
  EAI_AGAIN: 'no DNS server answered for its name',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no route to that host',
  ENETUNREACH: 'there is no route to that network',
}

/** Creates the errors of connections through one proxy. They name the proxy, and never contain its credentials. */
export class ProxyFaults {
  readonly #proxy: HttpProxy
  readonly #tried: string

  constructor(proxy: HttpProxy, endpoint: TlsEndpoint) {
    this.#proxy = proxy
    this.#tried = `connecting to ${formatEndpoint(endpoint)} through the proxy ${proxy.name}`
  }

  /** The proxy answered without opening a tunnel. */
  refused(status: number, reason: string): ConnectionError {
    // Some proxies repeat the credentials in the reason.
    const said = this.#proxy.isRepeatedIn(reason) ? '' : reason.slice(0, 100)
    const answer = `${status} ${said}`.trim()
    // tinyproxy answers wrong credentials with 401.
    if (status === 407 || status === 401) return this.#error(this.#authRequired(answer))
    // tinyproxy answers 500, and not 502 or 504, if nothing listens on the daemon's port.
    if (status >= 500) {
      return this.#error({
        code: 'ERR_PROXY_BAD_GATEWAY',
        got: `the proxy could not reach the daemon (${answer})`,
        todo: 'Check that the daemon is running, and that the proxy can resolve and reach its host and port.',
      })
    }
    return this.#error({
      code: 'ERR_PROXY_REFUSED',
      got: `the proxy refused to open a tunnel (${answer})`,
      todo: "Allow CONNECT to that host and port in the proxy's configuration (squid: SSL_ports, tinyproxy: ConnectPort).",
    })
  }

  /** The connection to the proxy failed, before or after it was established. */
  failed(cause: Error, connected: boolean): ConnectionError {
    if (connected) return this.#error(CLOSED, cause)
    const got = `the proxy can't be reached: ${UNREACHABLE[codeOf(cause)] ?? systemReason(cause)}`
    return this.#error(
      { code: 'ERR_PROXY_UNREACHABLE', got, todo: sentence`Correct ${option('proxy')}, or start the proxy.` },
      cause,
    )
  }

  closed(): ConnectionError {
    return this.#error(CLOSED)
  }

  timedOut(timeout: number, connected: boolean): ConnectionError {
    const got = connected
      ? 'the proxy accepted the connection, but did not reply to CONNECT'
      : 'the proxy did not answer'
    const todo = connected
      ? 'Check that it is an HTTP proxy, and that it can reach the daemon.'
      : 'Check its address and port, and the firewall in between.'
    return this.#error({ code: 'ERR_CONNECT_TIMEOUT', got: `${got} within ${timeout} ms`, todo })
  }

  notAProxy(): ConnectionError {
    return this.#error({
      code: 'ERR_PROXY_INVALID',
      got: 'the server at that address is not an HTTP proxy',
      todo: sentence`Correct ${option('proxy')}. SOCKS proxies, and proxies that are reached over TLS, are not supported.`,
    })
  }

  #authRequired(answer: string): Fault {
    const known = this.#proxy.authorization() !== undefined
    return {
      code: 'ERR_PROXY_AUTH_REQUIRED',
      got: `the proxy ${known ? 'rejects the user name or password' : 'requires a user name and password'} (${answer})`,
      todo: known
        ? 'Correct the user name and password. The proxy must accept the scheme Basic.'
        : sentence`Set ${option('proxy', "'http://USER:PASSWORD@PROXY:PORT'")}.`,
    }
  }

  #error({ code, got, todo }: Fault, cause?: Error): ConnectionError {
    return new ConnectionError(code, { tried: this.#tried, got, todo, ...(cause && { cause }) })
  }
}

const CLOSED: Fault = {
  code: 'ERR_PROXY_INVALID',
  got: 'the proxy closed the connection without an answer',
  todo: `Check that it is an HTTP proxy. ${ITS_LOG}`,
}
