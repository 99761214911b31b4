import { createHash, type X509Certificate } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { FairScheduler, type InTurn } from '../base/fair-scheduler.ts'
import { listenPrivately, type SocketFile } from '../interop/socket-file.ts'
import { parseHost } from '../endpoint/host.ts'
import type { Policy } from '../policy/file/types.ts'
import type { Json } from '../policy/request.ts'
import { certificatesIn, openCertificate } from '../identity/certificate.ts'
import { createDispatcher, type DockerDispatcher } from '../transport/dispatcher.ts'
import { readBytes } from '../gateway/arriving/body.ts'
import { decideInForce } from '../gateway/deciding/in-force.ts'
import { inspectBy, parseBody, type Parse } from '../gateway/deciding/inspect.ts'
import { KeptInfo } from '../gateway/deciding/kept-info.ts'
import { bypassOf } from './bypass.ts'
import { inspectUnambiguous } from './inspect.ts'
import { judge, type Grounds } from './judge.ts'
import { OwnQuestions } from './own-questions.ts'
import { parseQuestion, type Question } from './question.ts'
import { Shares } from './shares.ts'

/** Options of an {@link AuthzPlugin}. */
export interface AuthzPluginOptions {
  /** The absolute path of its socket, in a folder where dockerd looks for plugins. */
  readonly socket: string
  /** The absolute path of the daemon's socket. */
  readonly daemon: string
  /** The name of whoever has no certificate. Omitted: requests without one are refused. */
  readonly localName?: string | undefined
  /** The CAs of the clients as PEM, for rules that name an issuer. */
  readonly ca?: string | undefined
  /** Called once the version of the daemon is known, if plugins can't see all requests of this version. */
  readonly onBypass: (warning: string) => void
  /** Called if a request is refused because something failed. */
  readonly onFailure: (error: unknown) => void
}

/** A question has a body of 4 MiB in base64 at most, and a head of 1 MiB (Go, net/http: DefaultMaxHeaderBytes). */
const MOST_BYTES = 16 * 1024 * 1024

/** Questions with fewer characters are parsed at once. */
const SHORT = 65_536
/** How many characters of longer questions may be in memory, of one caller and of all. */
const MOST_LONG_OF_ONE = 4 * MOST_BYTES
const MOST_LONG = 4 * MOST_LONG_OF_ONE

/** How many bytes bodies may take while they are judged, of one caller and of all. */
const MOST_READ_OF_ONE = 256 * 1024 * 1024
const MOST_READ = 4 * MOST_READ_OF_ONE
const TOO_MANY = { Allow: false, Msg: 'too many requests are being judged (TOO_MANY_REQUESTS)' }

/** Identifies the client certificate in the text of a question, before it is parsed. In a string of JSON, a quote is escaped. */
function callerIn(text: string): string {
  const [, certificate = ''] = /"RequestPeerCertificates":\["([^"]*)"/.exec(text) ?? []
  // A part of the text would keep all of it in memory.
  return createHash('sha256').update(certificate).digest('base64')
}

/** dockerd's own authorization plugin: it answers whether dockerd may carry out a request. */
export class AuthzPlugin {
  /** Undefined: everything is refused. */
  policy: Policy | undefined
  readonly #options: AuthzPluginOptions
  readonly #server: Server
  readonly #dispatcher: DockerDispatcher
  readonly #own: OwnQuestions
  readonly #info: KeptInfo
  readonly #scheduler = new FairScheduler()
  /** How many characters the long questions have that are open. */
  readonly #long = new Shares(MOST_LONG_OF_ONE, MOST_LONG)
  readonly #read = new Shares(MOST_READ_OF_ONE, MOST_READ)
  readonly #grounds: Omit<Grounds, 'policy' | 'inspect'>
  #file: SocketFile | undefined
  /** Undefined: the version isn't known yet. */
  #asksVersion: Promise<void> | undefined

  constructor(options: AuthzPluginOptions) {
    this.#options = options
    this.#dispatcher = createDispatcher(parseHost(`unix://${options.daemon}`))
    this.#own = new OwnQuestions(this.#dispatcher)
    this.#info = new KeptInfo(() => inspectBy((path) => this.#own.get(path), 'daemon', 'info'))
    this.#grounds = {
      localName: options.localName,
      authorities: options.ca === undefined ? [] : authoritiesIn(options.ca),
    }
    // dockerd keeps its connections open, and there are no other clients.
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      void this.#answer(request, response)
    })
  }

  async listen(): Promise<void> {
    this.#file = await listenPrivately(this.#server, this.#options.socket)
    await this.#askVersion()
  }

  async close(): Promise<void> {
    await this.#file?.remove()
    this.#server.close()
    this.#server.closeAllConnections()
    await this.#dispatcher.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answerTo(request).catch((error: unknown) => {
      this.#options.onFailure(error)
      return { Allow: false, Msg: 'docker-mtls authz-plugin failed; its own output says why (AUTHORIZATION_FAILED)' }
    })
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
  }

  async #answerTo(request: IncomingMessage): Promise<object> {
    const { url = '' } = request
    switch (url) {
      case '/Plugin.Activate':
        request.resume()
        return { Implements: ['authz'] }
      case '/AuthZPlugin.AuthZReq':
        return this.#allow(await readAll(request))
      case '/AuthZPlugin.AuthZRes':
        // The request has been judged, and carried out.
        request.resume()
        return { Allow: true }
      default:
        throw new TypeError(`dockerd asks for ${url}`)
    }
  }

  async #allow(text: string): Promise<object> {
    const caller = callerIn(text)
    // A question of the plugin itself is short, and must not wait.
    if (text.length < SHORT) return this.#answerOf(caller, parseQuestion(text))
    const answered = this.#long.hold(caller, text.length, async () =>
      this.#answerOf(caller, await this.#scheduler.run(caller, async () => parseQuestion(text))),
    )
    return (await answered) ?? TOO_MANY
  }

  async #answerOf(caller: string, question: Question): Promise<object> {
    if (this.#own.owns(question)) return { Allow: true }
    void this.#askVersion()
    const { body } = question
    if (body === undefined) return this.#judged(caller, question)
    const bytes = body.length + readBytes(body)
    return (await this.#read.hold(caller, bytes, () => this.#judged(caller, question))) ?? TOO_MANY
  }

  async #judged(caller: string, question: Question): Promise<object> {
    const inTurn: InTurn = (decide) => this.#scheduler.run(caller, decide)
    const parse: Parse = (body) => inTurn(() => parseBody(body))
    const found = await inTurn((outside) => {
      const ask: Grounds['inspect'] = async (need) =>
        need.kind === 'daemon' ? ((await this.#info.get()) as Json) : inspectUnambiguous(this.#own, need, parse)
      const inspect: Grounds['inspect'] = (need) => outside(() => ask(need))
      return decideInForce(
        () => this.policy,
        () => judge(question, { ...this.#grounds, inspect, policy: this.policy }),
      )
    })
    return found.refusal === undefined ? { Allow: true } : { Allow: false, Msg: found.refusal }
  }

  /** Asks until there is an answer: the plugin starts before the daemon. */
  #askVersion(): Promise<void> {
    return (this.#asksVersion ??= this.#tellBypass().catch(() => {
      this.#asksVersion = undefined
    }))
  }

  async #tellBypass(): Promise<void> {
    const { body } = await this.#own.get('/version')
    const { Version } = JSON.parse(body.toString()) as { Version: unknown }
    const warning = bypassOf(String(Version))
    if (warning !== undefined) this.#options.onBypass(warning)
  }
}

/** A file without a certificate is a mistake: no rule with an issuer would apply. */
function authoritiesIn(pem: string): X509Certificate[] {
  openCertificate(pem, CAS)
  return certificatesIn(pem, CAS)
}

const CAS = 'the CAs'

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if ((size += chunk.length) > MOST_BYTES) throw new RangeError(`dockerd asks with more than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
