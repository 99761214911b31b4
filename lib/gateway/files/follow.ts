import { FileError } from '../../base/errors.ts'
import type { Gateway } from '../interface.ts'
import type { GatewayChange } from '../options.ts'
import { partsOf, readPart, stampOf, type GatewayFiles, type Part, type Reading } from './read.ts'

/** How often the files are looked at, in milliseconds. */
const LOOK_MS = 500
/** Several files can't be replaced at once: for this long, in milliseconds, what can't be used is only tried again. */
const GRACE_MS = 3_000
/** File systems store times in steps of up to 2 s: for this long after a change, the files are read again. */
const SETTLE_MS = 2_000

/** Called when a gateway uses changed files, and when it can't. */
export interface FollowReports {
  readonly onReload: (part: Part['name']) => void
  /** Once for each cause. */
  readonly onFailure: (part: Part['name'], error: unknown) => void
}

interface Followed {
  readonly part: Part
  reading: Reading
  /** The texts in force. Undefined: those that were are gone. */
  used: string | undefined
  failingSince: number | undefined
  said: string | undefined
}

/** The files of a gateway: what they say is in force within a second. */
export class FollowedFiles {
  readonly #parts: readonly Followed[]
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  private constructor(parts: readonly Followed[]) {
    this.#parts = parts
  }

  /**
   * Reads them for the first time.
   *
   * @throws {@link FileError} ERR_FILE_READ
   */
  static async read(files: GatewayFiles): Promise<FollowedFiles> {
    const parts = await Promise.all(
      partsOf(files).map(async (part) => {
        const reading = await readPart(part)
        return { part, reading, used: joined(reading), failingSince: undefined, said: undefined }
      }),
    )
    return new FollowedFiles(parts)
  }

  /**
   * What the files say.
   *
   * @throws {@link PolicyError} ERR_POLICY_INVALID
   */
  get contents(): GatewayChange {
    return Object.assign({}, ...this.#parts.map(({ part, reading }) => part.parse(reading.texts))) as GatewayChange
  }

  /** Keeps a gateway at what the files say, until `stop()`. */
  follow(gateway: Gateway, reports: FollowReports): void {
    const again = (): void => {
      if (this.#isStopped) return
      this.#timer = setTimeout(() => void this.#look(gateway, reports).then(again), LOOK_MS)
    }
    again()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Reads all of them before it uses any: no request comes between two parts that belong together. */
  async #look(gateway: Gateway, reports: FollowReports): Promise<void> {
    const looks = await Promise.all(this.#parts.map((followed) => lookAt(followed)))
    if (this.#isStopped) return
    for (const [index, followed] of this.#parts.entries()) {
      const look = looks[index]
      if (look !== undefined) use(gateway, followed, look, reports)
    }
  }
}

const joined = ({ texts }: Reading): string => texts.join('\0')

/** Undefined: nothing has changed. */
async function lookAt({ part, reading, failingSince }: Followed): Promise<Reading | FileError | undefined> {
  const { stamp, changedAt } = await stampOf(part.paths)
  const isSettled = Date.now() - changedAt > SETTLE_MS
  if (stamp === reading.stamp && isSettled && failingSince === undefined) return undefined
  try {
    return await readPart(part)
  } catch (error) {
    if (error instanceof FileError) return error
    throw error
  }
}

function use(gateway: Gateway, followed: Followed, look: Reading | FileError, reports: FollowReports): void {
  const { part } = followed
  try {
    if (look instanceof FileError) throw look
    const texts = joined(look)
    if (texts !== followed.used) {
      gateway.reload(part.parse(look.texts))
      followed.used = texts
      reports.onReload(part.name)
    }
    Object.assign(followed, { reading: look, failingSince: undefined, said: undefined })
  } catch (error) {
    fail(gateway, followed, error, reports)
  }
}

/** What is in force stays, but for lists that are gone: without one, nobody knows who has been revoked. */
function fail(gateway: Gateway, followed: Followed, error: unknown, { onFailure }: FollowReports): void {
  const now = Date.now()
  // The clock may have been set back.
  followed.failingSince = Math.min(followed.failingSince ?? now, now)
  const said = String(error)
  if (now - followed.failingSince < GRACE_MS || said === followed.said) return
  followed.said = said
  if (followed.part.name === 'revocation lists' && error instanceof FileError) {
    gateway.reload({ crl: null })
    followed.used = undefined
  }
  onFailure(followed.part.name, error)
}
