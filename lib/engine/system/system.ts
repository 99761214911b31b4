import { checkRegistryAuth, type RegistryAuth } from '../../registry/auth.ts'
import { checkOptions } from '../call.ts'
import { AUTH, DF, EVENTS, INFO, PING, PING_HEAD, VERSION } from './operations.ts'
import type { DiskUsageOptions, EventsOptions } from './options.ts'
import { parseJson, type RequestOptions, type Send } from '../send.ts'
import { jsonStream } from '../stream/calls.ts'
import type { JsonStream } from '../stream/json-stream.ts'
import type { Opening } from '../stream/opening.ts'
import type { AuthResponse } from './types/auth.ts'
import type { DiskUsage } from './types/disk-usage.ts'
import type { EventMessage } from './types/events.ts'
import type { SystemInfo, SystemVersion } from './types/system.ts'
import type { Ping } from '../version.ts'

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
   * Lets the daemon check credentials at a registry (`POST /auth`), as `docker login` does; nothing is kept.
   *
   * @param credentials - for Docker Hub unless `serveraddress` says another registry
   * @returns what the registry says, and a token in place of the password where it gives out such
   * @throws {@link UnauthorizedError} where the registry refuses them
   * @throws {@link ServerError} where the daemon can't reach the registry
   */
  async auth(credentials: RegistryAuth, options: RequestOptions = {}): Promise<AuthResponse> {
    const answer = await this.#send.whole(AUTH, { body: checkRegistryAuth(credentials), options })
    // 204: there is nothing to say.
    return answer.body.length === 0 ? { Status: '' } : parseJson(answer.body.toString('utf8'), AUTH, answer.status)
  }

  /** What the daemon holds and how it is set up (`GET /info`). */
  info(options: RequestOptions = {}): Promise<SystemInfo> {
    return this.#send.json(INFO, { options })
  }

  /** Versions of the daemon and its parts (`GET /version`). */
  version(options: RequestOptions = {}): Promise<SystemVersion> {
    return this.#send.json(VERSION, { options })
  }

  /**
   * Asks the daemon whether it is there (`GET /_ping`).
   *
   * @throws {@link ConnectionError} where no daemon answers
   */
  async ping(options: RequestOptions = {}): Promise<Ping> {
    return this.#send.ping(checkOptions(PING, options))
  }

  /**
   * The same without a body (`HEAD /_ping`).
   *
   * @throws {@link ConnectionError} where no daemon answers
   */
  async pingHead(options: RequestOptions = {}): Promise<Ping> {
    return this.#send.ping({ ...checkOptions(PING_HEAD, options), method: 'HEAD' })
  }

  /**
   * Tells what happens, for as long as it is listened to (`GET /events`). It may be silent for hours.
   *
   * The daemon answers a moment before it listens itself: whoever must not miss anything gives `since`, with the time at
   * the daemon's host.
   *
   * @throws {@link BadRequestError} for a filter that there isn't
   * @throws {@link ConnectionError} where the daemon ends, or the way to it
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
   * Measures what takes up the disk (`GET /system/df`): seconds to minutes, for the daemon counts every file.
   *
   * @returns lists up to API 1.51, sums since 1.53, and both with 1.52
   */
  df(options: DiskUsageOptions = {}): Promise<DiskUsage> {
    return this.#send.json(DF, { options })
  }
}
