import type { ResolvedEndpoint } from '../endpoint/resolve.ts'
import { watched, watchInput } from '../transport/given-streams.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { Checkpoints } from './checkpoints/checkpoints.ts'
import { Configs } from './configs/configs.ts'
import { Containers } from './containers/containers.ts'
import { checkDescription } from './description.ts'
import { Distribution } from './distribution/distribution.ts'
import { Exec } from './exec/exec.ts'
import { Images } from './images/images.ts'
import type { AskableCalls } from './may/calls.ts'
import type { Permission } from './may/permission.ts'
import { Networks } from './networks/networks.ts'
import { Nodes } from './nodes/nodes.ts'
import type { RunOptions, RunResult } from './workflows/options.ts'
import { checkPath } from './path.ts'
import { Plugins } from './plugins/plugins.ts'
import { Secrets } from './secrets/secrets.ts'
import type { OpenAnswer, RequestDescription, RequestOptions, Send } from './send.ts'
import { Services } from './services/services.ts'
import { Session } from './session/session.ts'
import { Swarm } from './swarm/swarm.ts'
import { System } from './system/system.ts'
import { Tasks } from './tasks/tasks.ts'
import type { SystemInfo, SystemVersion } from './system/types/system.ts'
import type { Ping } from './version.ts'
import { Volumes } from './volumes/volumes.ts'

/** The method by which util.inspect formats an object (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/**
 * A connection to one Docker daemon, created by {@link connect}.
 *
 * @example
 * ```ts
 * const docker = await connect()
 * try {
 *   console.log((await docker.version()).Version)
 * } finally {
 *   await docker.close()
 * }
 * ```
 */
export class DockerClient {
  /** The endpoint, and the variable or option that selected it. */
  readonly endpoint: ResolvedEndpoint
  /** For undici's `request` and global `fetch`, on the same connections. */
  readonly dispatcher: DockerDispatcher
  /** Warnings about the environment and the certificates, for people. */
  readonly warnings: readonly string[]
  /** Checkpoints of running containers (CRIU; experimental daemons only). */
  readonly checkpoints: Checkpoints
  /** Configs of a swarm: files for services that aren't secret. */
  readonly configs: Configs
  /** Containers: create, start, inspect, logs, attach, copy, wait, remove. */
  readonly containers: Containers
  /** Image information from registries, without pulling the image. */
  readonly distribution: Distribution
  /** Commands in running containers. */
  readonly exec: Exec
  /** Images: pull, build, push, tag, inspect, save, load, remove. */
  readonly images: Images
  /** Networks and the containers in them. */
  readonly networks: Networks
  /** Nodes of a swarm; managers only. */
  readonly nodes: Nodes
  /** Plugins that the daemon manages. */
  readonly plugins: Plugins
  /** Secrets of a swarm. */
  readonly secrets: Secrets
  /** Services of a swarm. */
  readonly services: Services
  /** Sessions through which the daemon calls services of the client. BuildKit uses them. */
  readonly session: Session
  /** The swarm itself: init, join, leave, update, unlock. */
  readonly swarm: Swarm
  /** Version, info, events, disk usage and registry login checks. */
  readonly system: System
  /** Tasks of a swarm: one container of a service each. */
  readonly tasks: Tasks
  /** Volumes. */
  readonly volumes: Volumes
  readonly #send: Send

  /** @internal */
  constructor(endpoint: ResolvedEndpoint, dispatcher: DockerDispatcher, send: Send, warnings: readonly string[]) {
    this.endpoint = endpoint
    this.dispatcher = dispatcher
    this.warnings = warnings
    this.#send = send
    this.checkpoints = new Checkpoints(send)
    this.configs = new Configs(send)
    this.containers = new Containers(send)
    this.distribution = new Distribution(send)
    this.exec = new Exec(send)
    this.images = new Images(send)
    this.networks = new Networks(send)
    this.nodes = new Nodes(send)
    this.plugins = new Plugins(send)
    this.secrets = new Secrets(send)
    this.services = new Services(send)
    this.session = new Session(send)
    this.swarm = new Swarm(send)
    this.system = new System(send)
    this.tasks = new Tasks(send)
    this.volumes = new Volumes(send)
  }

  /** The Engine API version in use: negotiated, or pinned by `apiVersion` or DOCKER_API_VERSION. */
  get apiVersion(): string {
    return this.#send.version
  }

  /**
   * Checks that the daemon answers (`GET /_ping`).
   *
   * @throws {@link ConnectionError} if no daemon answers
   */
  ping(options: RequestOptions = {}): Promise<Ping> {
    return this.system.ping(options)
  }

  /**
   * Waits until the daemon answers, for example while it restarts. It then negotiates the API version again, unless you
   * pinned it, since the daemon may have been updated. {@link connect} with `waitFor` waits for a daemon that isn't up yet.
   *
   * @param options - without `timeout`, it waits as long as it takes
   * @throws the last failure when the time is up, and at once a failure that doesn't pass with time, such as a rejected
   *   certificate
   * @example
   * ```ts
   * await docker.ready({ timeout: 60_000 })
   * ```
   */
  async ready(options: Pick<RequestOptions, 'signal' | 'timeout'> = {}): Promise<void> {
    const { ready } = await import('./ready.ts')
    return ready(this.#send, options)
  }

  /** Versions of the daemon and its parts (`GET /version`). */
  version(options: RequestOptions = {}): Promise<SystemVersion> {
    return this.system.version(options)
  }

  /** The daemon's objects and configuration (`GET /info`). */
  info(options: RequestOptions = {}): Promise<SystemInfo> {
    return this.system.info(options)
  }

  /**
   * Runs a command in a new container and waits until it exits. Returns its output and exit code, and removes the
   * container, even after a failure or an abort.
   *
   * @param image - name or id. Set `{ pull: 'missing' }` to pull an image that the daemon doesn't have
   * @param command - program and arguments; `[]` for the command of the image
   * @param options - input, output, and settings of the container by their names in the API
   * @returns the result, whatever the exit code
   * @throws {@link NotFoundError} if the daemon doesn't have the image
   * @throws {@link BadRequestError} if the command can't be started
   * @example
   * ```ts
   * const { exitCode, stdout } = await docker.run('alpine', ['sort'], {
   *   stdin: 'b\na\n',
   *   HostConfig: { NetworkMode: 'none', Memory: 64 * 1024 ** 2 },
   * })
   * ```
   */
  async run(image: string, command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    // Helpers are loaded when they are used: each module adds to the start-up time.
    return watched(options, async () =>
      (await import('./workflows/run.ts')).runContainer(this, image, command, options),
    )
  }

  /**
   * Asks the gateway of docker-mtls that this client is connected to whether it would let a call through, without sending
   * it: neither the call nor its archive is sent to the daemon, whatever the answer. Policies can change at any time, so the
   * call itself can still be refused.
   *
   * @param name - the name of a method that sends one request: `containers.create`
   * @param args - what you would pass to this method. Streams aren't read; `timeout` and `signal` are for the question
   * @throws {@link ConnectionError} ERR_GATEWAY_REQUIRED if the server is a daemon itself, which carries nothing out, or
   *   something else
   * @throws {@link ArgumentError} for an unknown name, for a method that sends several requests, and for arguments that the
   *   method itself refuses
   * @throws {@link ForbiddenError} if this client may not even ask, for example with a revoked certificate
   * @example
   * ```ts
   * const { allowed, reasons } = await docker.may('containers.create', { Image: 'alpine', HostConfig: { Privileged: true } })
   * if (!allowed) console.log(reasons.map(({ code, message }) => `${code}: ${message}`))
   * ```
   */
  async may<Name extends keyof AskableCalls>(name: Name, ...args: Parameters<AskableCalls[Name]>): Promise<Permission> {
    const { may } = await import('./may/ask.ts')
    const { endpoint } = this
    return may(this.#send, (send) => new DockerClient(endpoint, send.dispatcher, send, []), name, args)
  }

  /**
   * Sends any request to the Engine API. The API version is added to the path.
   *
   * @param request - method, path (see {@link path}), query, headers and body
   * @returns status, headers and the body, which is still to be read
   * @throws {@link DockerApiError} for a status of 400 or more
   * @throws {@link ArgumentError} for an unknown key or an invalid method, before anything is sent
   * @example
   * ```ts
   * const answer = await docker.request({ method: 'GET', path: path`/containers/${id}/json` })
   * const { State } = await answer.json<{ State: { Status: string } }>()
   * ```
   */
  async request(request: RequestDescription): Promise<OpenAnswer> {
    watchInput(request?.body)
    checkDescription(request)
    return this.#send.open({ ...request, path: checkPath(request.path) })
  }

  /** Ends every request and connection. Calling it again does nothing. */
  close(): Promise<void> {
    return this.dispatcher.destroy()
  }

  /** The same as {@link DockerClient.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Only the endpoint, the API version and the warnings, so that no secret gets into JSON. */
  toJSON(): object {
    const { endpoint, apiVersion, warnings } = this
    return { endpoint, apiVersion, warnings }
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `DockerClient ${inspect(this.toJSON(), options)}`
  }
}
