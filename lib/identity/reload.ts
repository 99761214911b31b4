import { IdentityError, sentencesOf } from '../base/errors.ts'
import { sentence } from '../base/sentence.ts'
import { readFiles, readValues, statFiles, withClientFolders, type FilesState, type Part } from './credentials.ts'
import type { Rules } from './read-set.ts'
import { readSetOnce } from './recent-sets.ts'
import { digestOf, type IdentitySet } from './set.ts'

/** Three files can't be replaced at once: for this long, in milliseconds, an inconsistent set is tolerated. */
const GRACE_MS = 5_000

/**
 * A file that was changed less than this before it was read may change again without a new time stamp: file systems store
 * times in steps of 4 ms (ext4) to 2 s (FAT). Until then, contents are compared instead of times.
 */
const SETTLE_MS = 2_000

/** The time of day in milliseconds. */
export type Clock = () => number

/** The source of an identity: the set in use, and the one to connect with now. */
export interface Reader {
  readonly set: IdentitySet
  current(): Promise<IdentitySet>
}

interface Reading {
  readonly set: IdentitySet
  readonly stamp: string
  readonly settled: boolean
}

/** The identity in a folder: the last good reading of its three files, as long as that may be used. */
export class FolderReader implements Reader {
  readonly #folder: string
  readonly #rules: Rules
  readonly #clock: Clock
  #good: Reading
  #failingSince: number | undefined
  #underway: Promise<IdentitySet> | undefined

  private constructor(folder: string, rules: Rules, clock: Clock, first: Reading) {
    this.#folder = folder
    this.#rules = rules
    this.#clock = clock
    this.#good = first
  }

  static async open(folder: string, rules: Rules, clock: Clock): Promise<FolderReader> {
    const state = await statFiles(folder)
    const first = await read(folder, rules, { clock, state }).catch(async (cause: unknown) => {
      throw await withClientFolders(folder, cause)
    })
    return new FolderReader(folder, rules, clock, first)
  }

  /** The set in use. Reads no file. */
  get set(): IdentitySet {
    return this.#good.set
  }

  /** The set that is in the files now. Concurrent calls share one reading. */
  current(): Promise<IdentitySet> {
    this.#underway ??= this.#refresh().finally(() => {
      this.#underway = undefined
    })
    return this.#underway
  }

  async #refresh(): Promise<IdentitySet> {
    try {
      this.#good = await this.#readChanged()
      this.#failingSince = undefined
    } catch (cause) {
      if (!(cause instanceof IdentityError)) throw cause
      this.#tolerate(cause)
    }
    this.#good.set.checkDates(this.#clock())
    return this.#good.set
  }

  async #readChanged(): Promise<Reading> {
    const state = await statFiles(this.#folder)
    if (this.#good.settled && this.#good.stamp === state.stamp) return this.#good
    return read(this.#folder, this.#rules, { clock: this.#clock, state, known: this.#good.set })
  }

  /** Returns as long as the last good set may be used instead of a bad one. */
  #tolerate(cause: IdentityError): void {
    const now = this.#clock()
    // The clock may have been set back.
    this.#failingSince = Math.min(this.#failingSince ?? now, now)
    if (now - this.#failingSince < GRACE_MS) return
    const { tried, got, todo } = sentencesOf(cause)
    throw new IdentityError('ERR_IDENTITY_CHANGED_INVALID', {
      tried: `reading the changed files in ${this.#folder}`,
      got: sentence`they have been unusable for more than ${GRACE_MS / 1000} s. ${tried}: ${got}`,
      todo,
      cause,
    })
  }
}

/** The identity in values: always the same set, until it expires. */
export function valuesReader(values: Partial<Record<Part, string | Uint8Array>>, rules: Rules, clock: Clock): Reader {
  const set = readSetOnce(readValues(values), rules, { now: clock() })
  const current = async (): Promise<IdentitySet> => {
    set.checkDates(clock())
    return set
  }
  return { set, current }
}

interface ReadingOptions {
  readonly clock: Clock
  /** The state of the files before they are read, so that the next reading notices changes in between. */
  readonly state: FilesState
  readonly known?: IdentitySet
}

async function read(folder: string, rules: Rules, { clock, state, known }: ReadingOptions): Promise<Reading> {
  const now = clock()
  const credentials = await readFiles(folder)
  const same = known?.isOf(digestOf(credentials)) ? known : undefined
  return {
    set: same ?? readSetOnce(credentials, rules, { now, keyMode: state.keyMode }),
    stamp: state.stamp,
    settled: now - state.changedAt > SETTLE_MS,
  }
}
