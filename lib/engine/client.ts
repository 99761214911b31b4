import type { ResolvedEndpoint } from '../endpoint/resolve.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { Checkpoints } from './checkpoints/checkpoints.ts'
import { Configs } from './configs/configs.ts'
import { Containers } from './containers/containers.ts'
import { checkDescription } from './description.ts'
import { Distribution } from './distribution/distribution.ts'
import { Exec } from './exec/exec.ts'
import { Images } from './images/images.ts'
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

/** How util.inspect asks an object for its own words (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/**
 * A connection to one Docker daemon, made by {@link connect}.
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
  /** Where it goes to, and which variable or option said so. */
  readonly endpoint: ResolvedEndpoint
  /** For undici's `request` and global `fetch`, on the same connections. */
  readonly dispatcher: DockerDispatcher
  /** What was odd about the environment or the certificates, in words for a person. */
  readonly warnings: readonly string[]
  /** Checkpoints of running containers (CRIU; experimental daemons only). */
  readonly checkpoints: Checkpoints
  /** Configs of a swarm: files for services that aren't secret. */
  readonly configs: Configs
  /** Containers: create, start, inspect, logs, attach, copy, wait, remove. */
  readonly containers: Containers
  /** What a registry has under an image name, without pulling it. */
  readonly distribution: Distribution
  /** Commands in running containers. */
  readonly exec: Exec
  /** Images: pull, build, push, tag, inspect, save, load, remove. */
  readonly images: Images
  /** Networks, and which containers are in them. */
  readonly networks: Networks
  /** Nodes of a swarm; managers only. */
  readonly nodes: Nodes
  /** Plugins that the daemon manages. */
  readonly plugins: Plugins
  /** Secrets of a swarm. */
  readonly secrets: Secrets
  /** Services of a swarm. */
  readonly services: Services
  /** Sessions in which the daemon calls services of the client, as BuildKit does. */
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
   * Asks the daemon whether it is there (`GET /_ping`).
   *
   * @throws {@link ConnectionError} where no daemon answers
   */
  async ping(options: RequestOptions = {}): Promise<Ping> {
    return this.system.ping(options)
  }

  /** Versions of the daemon and its parts (`GET /version`). */
  async version(options: RequestOptions = {}): Promise<SystemVersion> {
    return this.system.version(options)
  }

  /** What the daemon holds and how it is set up (`GET /info`). */
  async info(options: RequestOptions = {}): Promise<SystemInfo> {
    return this.system.info(options)
  }

  /**
   * Runs a command in a new container to its end: its input goes in, its output and its exit code come back, and the
   * container is removed, also after a failure or an abort.
   *
   * @param image - name or id; it has to be there, or `{ pull: 'missing' }` be said
   * @param command - program and arguments; `[]` for the image's own
   * @param options - input, output, and settings of the container by the API's own names
   * @returns also for an exit code other than 0
   * @throws {@link NotFoundError} where the image isn't there
   * @throws {@link BadRequestError} where the command can't be run
   * @example
   * ```ts
   * const { exitCode, stdout } = await docker.run('alpine', ['sort'], {
   *   stdin: 'b\na\n',
   *   HostConfig: { NetworkMode: 'none', Memory: 64 * 1024 ** 2 },
   * })
   * ```
   */
  async run(image: string, command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    // Helpers are loaded where they are used: every module is a part of the start.
    const { runContainer } = await import('./workflows/run.ts')
    return runContainer(this, image, command, options)
  }

  /**
   * Sends any request of the Engine API. The API version is put before the path.
   *
   * @param request - method, path (see {@link path}), and what goes with it
   * @returns status, headers and the body, still to be read
   * @throws {@link DockerApiError} for a status of 400 or more
   * @throws {@link ArgumentError} for a key or a method that can't be meant, before anything is sent
   * @example
   * ```ts
   * const answer = await docker.request({ method: 'GET', path: path`/containers/${id}/json` })
   * const { State } = await answer.json<{ State: { Status: string } }>()
   * ```
   */
  async request(request: RequestDescription): Promise<OpenAnswer> {
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

  /** Endpoint, API version and warnings only, so that no secret gets into JSON. */
  toJSON(): object {
    const { endpoint, apiVersion, warnings } = this
    return { endpoint, apiVersion, warnings }
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `DockerClient ${inspect(this.toJSON(), options)}`
  }
}
