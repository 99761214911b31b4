import { checkRegistryAuth, type RegistryAuth } from '../../registry/auth.ts'
import { registryOf } from '../../registry/server.ts'
import { AUTH, DF, EVENTS, INFO, PING, PING_HEAD, VERSION } from './operations.ts'
import type { DiskUsageOptions, EventsOptions } from './options.ts'
import type { FieldOptions, RequestOptions, Send } from '../send.ts'
import { jsonStream } from '../stream/calls.ts'
import type { JsonStream } from '../stream/json-stream.ts'
import { Opening } from '../stream/opening.ts'
import type { AuthResponse } from './types/auth.ts'
import type { DiskUsage } from './types/disk-usage.ts'
import type { EventMessage } from './types/events.ts'
import type { SystemInfo, SystemVersion } from './types/system.ts'
import type { Ping } from '../version.ts'
import type { FollowedEvents } from '../workflows/follow-events/follow.ts'
import type { FollowEventsOptions } from '../workflows/follow-events/options.ts'

/**
 * The daemon as a whole: `docker.system`.
 *
 * @example
 * ```ts
 * const { Warnings } = await docker.system.info()
 * for await (const { Action, Actor } of docker.system.events({ filters: { type: 'container' }, signal })) {
 *   console.log(Action, Actor.Attributes['name'])
 * }
 * ```
 */
export class System {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /**
   * Lets the daemon check credentials with a registry, as `docker login` does (`POST /auth`). Nothing is stored.
   *
   * @param credentials - credentials for the registry `serveraddress`, by default Docker Hub
   * @returns the answer of the registry, and a token to use instead of the password if the registry issues one
   * @throws {@link UnauthorizedError} if the registry rejects them
   * @throws {@link ServerError} if the daemon can't reach the registry
   */
  async auth(credentials: RegistryAuth, options: FieldOptions = {}): Promise<AuthResponse> {
    const body = checkRegistryAuth(credentials)
    const answer = await this.#send.whole(AUTH, { body, options }).catch(async (error: unknown) => {
      const { explainUnreachable } = await import('../images/registry-refusal.ts')
      throw explainUnreachable(error, registryOf(body.serveraddress))
    })
    // 204 has no body.
    return answer.body.length === 0 ? { Status: '' } : this.#send.parse(AUTH, answer)
  }

  /** Returns the daemon's objects and configuration (`GET /info`). */
  info(options: RequestOptions = {}): Promise<SystemInfo> {
    return this.#send.json(INFO, { options })
  }

  /** Returns the versions of the daemon and its components (`GET /version`). */
  version(options: RequestOptions = {}): Promise<SystemVersion> {
    return this.#send.json(VERSION, { options })
  }

  /**
   * Checks that the daemon answers (`GET /_ping`).
   *
   * @throws {@link ConnectionError} if no daemon answers
   */
  ping(options: RequestOptions = {}): Promise<Ping> {
    return this.#send.ping(PING, options)
  }

  /**
   * Does the same with an answer without a body (`HEAD /_ping`).
   *
   * @throws {@link ConnectionError} if no daemon answers
   */
  pingHead(options: RequestOptions = {}): Promise<Ping> {
    return this.#send.ping(PING_HEAD, options)
  }

  /**
   * Streams events (`GET /events`).
   *
   * The daemon answers a moment before it subscribes to events. To miss none, set `since` to the time on the daemon's
   * host.
   *
   * @throws {@link BadRequestError} for an unknown filter
   * @throws {@link ConnectionError} if the daemon stops, or the connection is lost
   * @example
   * ```ts
   * const { SystemTime: since } = await docker.system.info()
   * await docker.containers.start(id)
   * for await (const { Action } of docker.system.events({ since, filters: { container: id } })) console.log(Action)
   * ```
   */
  events(options: EventsOptions = {}): Opening<EventMessage, JsonStream<EventMessage>> {
    return jsonStream(this.#send, EVENTS, { options })
  }

  /**
   * Streams events as {@link System.events} does, and goes on after a cut connection or a restart of the daemon: it connects
   * again, asks for the events since the last one, and omits those that you have got already. It begins with the events after
   * you open it, or since `since`.
   *
   * The daemon remembers its last 256 events, and forgets them when it restarts. `onReconnect` says after each reconnection
   * whether events may be missing. Then list the objects again.
   *
   * It tries again until you close it or abort it, after 0.1 to 5 seconds. A failure that doesn't pass with time, such as a
   * rejected certificate or an unknown filter, ends the stream with an error. With `idleTimeout`, it also connects again if
   * the daemon has been silent for that long.
   *
   * @throws {@link BadRequestError} for an unknown filter
   * @throws {@link ConnectionError} if the connection fails for a reason that doesn't pass with time
   * @example
   * ```ts
   * import type { Reconnection } from 'docker-mtls'
   *
   * const onReconnect = async ({ complete }: Reconnection): Promise<void> => {
   *   if (!complete) console.log(await docker.containers.list())
   * }
   * for await (const { Action, Actor } of docker.system.followEvents({ filters: { type: 'container' }, onReconnect })) {
   *   console.log(Action, Actor.ID)
   * }
   * ```
   */
  followEvents(options: FollowEventsOptions = {}): Opening<EventMessage, FollowedEvents> {
    return new Opening(async (closed) => {
      const { followEvents } = await import('../workflows/follow-events/follow.ts')
      return followEvents(this.#send, options, closed)
    })
  }

  /**
   * Measures the disk usage (`GET /system/df`). This takes seconds to minutes, since the daemon counts every file.
   *
   * @returns lists up to API 1.51, sums since 1.53, and both with 1.52
   */
  df(options: DiskUsageOptions = {}): Promise<DiskUsage> {
    return this.#send.json(DF, { options })
  }
}
