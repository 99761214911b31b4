import { compareVersions, NEWEST_API_VERSION } from '../../base/api-version.ts'
import { versionHeader } from '../../engine/version.ts'
import { decodePercent } from '../../policy/reading/target.ts'
import type { WireAnswer } from '../../transport/collector.ts'
import { refusal, type Refusal } from '../refusal.ts'

/** The header field with the newest version of the API that whoever answers serves. */
const VERSION_FIELD = 'Api-Version'
/** The header field with that of the daemon, if docker-mtls doesn't know it. */
const DAEMONS_FIELD = 'X-Docker-Mtls-Daemon-Api'

/** The version of the API that a gateway serves: the older one of the daemon's newest, which each answer says, and our newest. */
export class ServedVersion {
  readonly #ping: () => Promise<Pick<WireAnswer, 'headers'>>
  #ofDaemon: string | undefined
  #fields: Readonly<Record<string, string>> = {}
  #asked: Promise<string | undefined> | undefined

  /** @param ping - asks the daemon, which happens only until an answer has said the version */
  constructor(ping: () => Promise<Pick<WireAnswer, 'headers'>>) {
    this.#ping = ping
  }

  /** Reads the header field of an answer. After an upgrade of the daemon, the first answer has the new version. */
  learn(version: string | string[] | undefined): void {
    // With each answer.
    if (version === this.#ofDaemon) return
    const ofDaemon = versionHeader({ 'api-version': version })
    if (ofDaemon === undefined) return
    const known = knownOf(ofDaemon)
    this.#ofDaemon = ofDaemon
    this.#fields = { [VERSION_FIELD]: known, ...(known !== ofDaemon && { [DAEMONS_FIELD]: ofDaemon }) }
  }

  /** Header fields for each answer to a client. None: the daemon has said nothing yet. */
  get fields(): Readonly<Record<string, string>> {
    return this.#fields
  }

  /** Never rejects. Undefined: the daemon doesn't say its version, so it isn't dockerd. */
  async newest(): Promise<string | undefined> {
    const asked = this.#ofDaemon === undefined ? await (this.#asked ??= this.#ask()) : undefined
    return this.#ofDaemon === undefined ? asked : knownOf(this.#ofDaemon)
  }

  /**
   * The target with the version by which it is judged: one without would be read in the newest version of the daemon. The ping
   * asks for the version, and paths of the gateway have none.
   */
  async judged(target: string): Promise<string> {
    if (target.startsWith('/_') || versionIn(target) !== undefined) return target
    const version = await this.newest()
    return version === undefined ? target : `/v${version}${target}`
  }

  /**
   * Asks the daemon something, in a version by which the answer can be judged: without one, a newer daemon would answer in its
   * own newest.
   */
  async ask<Answer extends Pick<WireAnswer, 'headers'>>(
    path: string,
    get: (path: string) => Promise<Answer>,
  ): Promise<Answer> {
    const prefix = this.#prefix
    const answer = await get(prefix + path)
    this.learn(answer.headers['api-version'])
    return this.#prefix === prefix ? answer : get(this.#prefix + path)
  }

  get #prefix(): string {
    const ofDaemon = this.#ofDaemon
    return ofDaemon === undefined || knownOf(ofDaemon) === ofDaemon ? '' : `/v${NEWEST_API_VERSION}`
  }

  /** What dockerd answers to a version that is newer than its newest. SDKs know this message (moby, daemon/server/middleware). */
  async refuseNewer(target: string): Promise<Refusal | undefined> {
    const version = versionIn(target)
    // What an older daemon says about a version that we know, it says itself: it may have been upgraded since its last answer.
    if (version === undefined || compareVersions(version, NEWEST_API_VERSION) <= 0) return undefined
    return tooNew(version, (await this.newest()) ?? NEWEST_API_VERSION)
  }

  async #ask(): Promise<string | undefined> {
    try {
      this.learn((await this.#ping()).headers['api-version'])
      return undefined
    } catch {
      // The request that comes next fails in the same way, and says why.
      return NEWEST_API_VERSION
    } finally {
      // Whatever has not said its version may be replaced by dockerd.
      this.#asked = undefined
    }
  }
}

const knownOf = (version: string): string =>
  compareVersions(version, NEWEST_API_VERSION) < 0 ? version : NEWEST_API_VERSION

/** As dockerd routes it. */
const pathOf = (target: string): string => decodePercent(target.split('?')[0] ?? '') ?? ''

/** The version in the path. */
const versionIn = (target: string): string | undefined => /^\/v([0-9.]+)\//.exec(pathOf(target))?.[1]

function tooNew(version: string, newest: string): Refusal {
  const message = `client version ${version.slice(0, 20)} is too new. Maximum supported API version is ${newest}`
  return { ...refusal(400, 'VERSION_UNKNOWN', ''), message }
}

/** Is it the request whose answer has versions of the API? */
export function asksForVersion(method: string, target: string): boolean {
  return method === 'GET' && /^\/(?:v[0-9.]+\/)?version$/.test(pathOf(target))
}

type Filter = (answer: unknown) => unknown

/** Filters the answer to `GET /version`, in which the daemon says its newest version twice. */
export const knownVersions =
  (filter: Filter = (answer) => answer): Filter =>
  (answer) =>
    filter(limited(answer))

function limited(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(limited)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]: [string, unknown]) => [
      name,
      name === 'ApiVersion' && typeof inside === 'string' ? knownOf(inside) : limited(inside),
    ]),
  )
}
