import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { FileError } from '../../base/errors.ts'
import { codeOf } from '../../base/system-error.ts'
import type { Gateway } from '../interface.ts'
import type { GatewayChange } from '../options.ts'
import { partsOf, readTexts, type GatewayFiles, type Part } from './read.ts'
import { FileWatch } from './watch.ts'

/** How often the files are looked at, in milliseconds: while they are watched, while they can't be, and after a change. */
const WATCHED_MS = 10_000
const IDLE_MS = 500
/** What is the same twice is complete. */
const LOOK_MS = 250
/** Several files can't be replaced at once: for this long, in milliseconds, what can't be used is only tried again. */
const GRACE_MS = 3_000

/** Called when a gateway uses changed files, and when it can't. */
export interface FollowReports {
  readonly onReload: (part: Part['name']) => void
  /** Once for each cause. */
  readonly onFailure: (part: Part['name'], error: unknown) => void
}

/** The texts, or why they can't be read. */
type Look = string[] | FileError

interface Followed {
  readonly part: Part
  /** The texts of the last look. */
  seen: readonly string[] | undefined
  /** The texts in force. Undefined: there are none. */
  used: readonly string[] | undefined
  /** A reading that has not ended. */
  reading?: Promise<Look> | undefined
  failingSince?: number | undefined
  said?: string | undefined
}

/** The files of a gateway: what they say is in force within a second. */
export class FollowedFiles {
  /** What the files said first. */
  readonly contents: GatewayChange
  readonly #parts: readonly Followed[]
  /** Until the next look. Undefined: it has begun. */
  #timer: NodeJS.Timeout | undefined
  #watch: FileWatch | undefined
  /** Was the watch on before the last look? */
  #isWatched = false
  #isStopped = false

  private constructor(parts: readonly Followed[], contents: GatewayChange) {
    this.#parts = parts
    this.contents = contents
  }

  /**
   * Reads them for the first time.
   *
   * @throws {@link FileError} ERR_FILE_READ
   * @throws {@link PolicyError} ERR_POLICY_INVALID
   */
  static async read(files: GatewayFiles): Promise<FollowedFiles> {
    const parts: Followed[] = []
    const contents: GatewayChange = {}
    for (const part of partsOf(files)) {
      const texts = await settledTexts(part).catch((error: unknown) => missingYet(part, error))
      parts.push({ part, seen: texts, used: texts })
      if (texts) Object.assign(contents, part.parse(texts))
    }
    return new FollowedFiles(parts, contents)
  }

  /** Keeps a gateway at what the files say, until `stop()`. */
  follow(gateway: Gateway, reports: FollowReports): void {
    const look = (): void => {
      this.#timer = undefined
      this.#isWatched = this.#watch?.isOn === true
      void this.#look(gateway, reports).then(again, again)
    }
    const again = (): void => {
      if (!this.#isStopped) this.#timer = setTimeout(look, this.#pause(onChange))
    }
    const onChange = (): void => {
      this.#watch = undefined
      this.#isWatched = false
      if (this.#timer === undefined) return
      clearTimeout(this.#timer)
      this.#timer = setTimeout(look, LOOK_MS)
    }
    again()
  }

  /** Until the next look, in milliseconds. */
  #pause(onChange: () => void): number {
    if (!this.#parts.every(isAtRest)) {
      // Then, there may be other files to watch.
      this.#watch?.stop()
      this.#watch = undefined
      return LOOK_MS
    }
    if (this.#isWatched) return WATCHED_MS
    const paths = this.#parts.flatMap(({ part }) => part.files.map(({ path }) => path))
    this.#watch ??= new FileWatch(paths, onChange)
    return IDLE_MS
  }

  /** SHA-256 of the contents in force, in hexadecimal, by path. Empty: the file was in force, and can't be read any more. */
  sums(): Map<string, string> {
    const sums = this.#parts.flatMap(({ part, used, said }) => {
      const texts = used ?? (said === undefined ? [] : part.files.map(() => undefined))
      return texts.map((text, at): [string, string] => [
        part.files[at]?.path ?? '',
        text === undefined ? '' : sha256(text),
      ])
    })
    return new Map(sums)
  }

  stop(): void {
    this.#isStopped = true
    this.#watch?.stop()
    clearTimeout(this.#timer)
  }

  /**
   * Looks at all of them before it uses any: no request comes between two parts that belong together. But a part that takes long is left
   * to a later look, so that none keeps a revocation list from being used.
   */
  async #look(gateway: Gateway, reports: FollowReports): Promise<void> {
    const looks = await Promise.all(this.#parts.map((followed) => lookAt(followed)))
    if (this.#isStopped) return
    for (const [index, followed] of this.#parts.entries()) use(gateway, followed, looks[index], reports)
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Does a gateway use what the files say, as of the last look? */
function isAtRest({ seen, used, failingSince, reading }: Followed): boolean {
  return seen === used && failingSince === undefined && reading === undefined
}

function areSame(some: readonly string[], others: readonly string[] | undefined): boolean {
  return some.every((text, at) => text === others?.[at])
}

/** What is being written is read until it is the same twice. */
async function settledTexts(part: Part): Promise<string[]> {
  for (let before = await readTexts(part); ;) {
    await delay(LOOK_MS)
    const texts = await readTexts(part)
    if (areSame(texts, before)) return texts
    before = texts
  }
}

/** Lists that were never there are no fault. */
function missingYet(part: Part, error: unknown): undefined {
  const isMissing = error instanceof FileError && codeOf(error.cause) === 'ENOENT'
  if (!part.isOptional || !isMissing) throw error
}

/** Undefined: they are still being read. */
async function lookAt(followed: Followed): Promise<Look | undefined> {
  const { part, reading: earlier } = followed
  const reading = earlier ?? readTexts(part).catch((error: FileError) => error)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, earlier ? 0 : LOOK_MS, undefined)))
  const look = await Promise.race([reading, late])
  clearTimeout(timer)
  followed.reading = look ? undefined : reading
  return look
}

function use(gateway: Gateway, followed: Followed, look: Look | undefined, reports: FollowReports): void {
  const { part } = followed
  try {
    if (look === undefined) return
    if (look instanceof FileError) {
      if (followed.used === undefined && followed.failingSince === undefined) return missingYet(part, look)
      throw look
    }
    const isComplete = areSame(look, followed.seen)
    followed.seen = look
    if (!isComplete) return
    const isNew = !areSame(look, followed.used)
    if (isNew) gateway.reload(part.parse(look))
    followed.used = look
    if (isNew) reports.onReload(part.name)
    followed.failingSince = followed.said = undefined
  } catch (error) {
    fail(gateway, followed, error, reports)
  }
}

function fail(gateway: Gateway, followed: Followed, error: unknown, { onFailure }: FollowReports): void {
  const now = performance.now()
  followed.failingSince ??= now
  const said = String(error)
  if (now - followed.failingSince < GRACE_MS || said === followed.said) return
  followed.said = said
  const { ifUnreadable } = followed.part
  if (ifUnreadable && error instanceof FileError) {
    gateway.reload(ifUnreadable)
    followed.used = undefined
  }
  onFailure(followed.part.name, error)
}
