import { hashOf, readLine, START, type HeadFault, type Link, type ReadLine } from './chain.ts'

/** A line of a log that isn't as it was written, or isn't there. */
export interface LogFault {
  /**
   * `changed`: the line has other bytes than it had, or the head. `missing`: lines before it, or at the end, were taken out.
   * `reordered`: it was moved. `inserted`: it was added. `torn`: it has no end. The process was killed, and the gateway will note that
   * when it starts. `empty`: there are neither lines nor a head, so that nothing could be verified.
   */
  readonly kind: 'changed' | 'missing' | 'reordered' | 'inserted' | 'torn' | 'empty'
  /** The file. */
  readonly file: string
  /** The number of the line in the file, from 1. For missing lines, that of the line behind them. */
  readonly line: number
  /** What was found: a sentence without a full stop. */
  readonly got: string
}

const HEAD_FAULTS = { unreadable: 'the head could not be read', other: 'the head named a line that was not there' }

/** Where a line is. */
interface Place {
  readonly file: string
  readonly line: number
}

/** Lines that are missing so far: they may come later. */
interface Gap {
  readonly from: number
  readonly to: number
  readonly index: number
}

/** Reads a log line by line. */
export class Walk {
  lines = 0
  /** How many lines the gateway has marked as torn. */
  torn = 0
  /** How many events the gateway could not write. */
  lost = 0
  first: ReadLine | undefined
  last: ReadLine | undefined
  /** The last line. */
  link: Link = START
  readonly faults: LogFault[] = []
  /** Starts of a gateway that found a head which didn't belong to the lines. */
  readonly headFaults: LogFault[] = []
  /** Starts of a gateway that found no head. */
  readonly headless: ReadLine[] = []
  /** Where it is. */
  #at: Place = { file: '', line: 0 }
  #unreadable: Place | undefined
  /** The line before which was found to be changed by this one, which may itself be the changed one. */
  #accused: number | undefined
  readonly #gaps: Gap[] = []

  /** @param isWhole - it ends with a line feed */
  add(bytes: Buffer, at: Place, isWhole: boolean): void {
    const line = readLine(bytes)
    if (this.#unreadable) this.#judgeUnreadable(this.#unreadable, line)
    this.#unreadable = undefined
    const link = this.#judge(line, at, isWhole)
    this.#count(line)
    if (line?.head !== undefined) this.#noteHead(line, line.head, at)
    if (link) this.link = { n: link.n, hash: hashOf(bytes) }
    this.#at = at
  }

  /** @returns the number that the line counts as; undefined if the next one doesn't follow it */
  #judge(line: ReadLine | undefined, at: Place, isWhole: boolean): { readonly n: number } | undefined {
    const accused = this.#accused
    this.#accused = undefined
    if (!isWhole) this.#fault('torn', at, 'the last line has no end')
    else if (line === undefined) this.#unreadable = at
    else if (this.lines > 0) return this.#follow(line, at, accused)
    else this.#begin(line, at)
    return { n: line?.n ?? this.link.n + 1 }
  }

  /** @param heads - lines that must be there */
  end(heads: readonly { readonly head: Link; readonly isSeen: boolean }[]): void {
    if (this.#unreadable) this.#fault('changed', this.#unreadable, 'it cannot be read')
    const behind = { file: this.#at.file, line: this.#at.line + 1 }
    for (const { head, isSeen } of heads) {
      if (isSeen) continue
      if (head.n > this.link.n)
        this.#fault(
          'missing',
          behind,
          `${count(head.n - this.link.n)} missing at the end: the head names line ${head.n}`,
        )
      else if (this.faults.length === 0 || head.n === this.link.n)
        this.#fault('changed', this.#at, `the head names another line ${head.n}`)
    }
  }

  #count(line: ReadLine | undefined): void {
    this.lines++
    if (line === undefined) return
    this.first ??= line
    this.last = line
    if (line.event === 'torn') this.torn++
    if (line.event === 'lost') this.lost += line.count
  }

  /** Whoever removes old files may remove the head with them, so that none is no fault. */
  #noteHead(line: ReadLine, fault: HeadFault, at: Place): void {
    if (fault === 'missing') this.headless.push(line)
    else this.headFaults.push({ kind: 'changed', ...at, got: `when the gateway started here, ${HEAD_FAULTS[fault]}` })
  }

  /** Only a first line, and the first of a file after another, can have nothing before them. */
  #begin({ n, previous, event }: ReadLine, at: Place): void {
    if (n === 1 && previous !== START.hash) this.#fault('changed', at, 'it names a line before the first')
    if (n !== 1 && event !== 'rotate') this.#fault('missing', at, `the log begins with line ${n}`)
  }

  #follow({ n, previous }: ReadLine, at: Place, accused: number | undefined): { readonly n: number } | undefined {
    const expected = this.link.n + 1
    if (previous === this.link.hash) {
      if (n !== expected) this.#fault('changed', at, `it has the number ${n} instead of ${expected}`)
      return { n: expected }
    }
    if (n < expected) return this.#early(n, at)
    if (n > expected) this.#gap({ from: expected, to: n - 1, index: this.faults.length }, at)
    else this.#accuse(accused)
    return { n }
  }

  /** The last line was changed, or this one's `previous`: then the next line contradicts this one, and this one alone is accused. */
  #accuse(accused: number | undefined): void {
    if (accused !== undefined) this.faults.splice(accused, 1)
    this.#accused = this.faults.length
    this.#fault('changed', this.#at, 'the next line has the hash of another line')
  }

  #gap(gap: Gap, at: Place): void {
    this.#gaps.push(gap)
    this.#fault('missing', at, `${count(gap.to - gap.from + 1)} missing before it`)
  }

  /** It should have come before. */
  #early(n: number, at: Place): undefined {
    const gap = this.#gaps.find(({ from, to }) => from <= n && n <= to)
    const got = `it has the number ${n}, and comes after line ${this.link.n}`
    const known = gap && this.faults[gap.index]
    if (known && known.kind !== 'reordered')
      this.faults[gap.index] = { ...known, kind: 'reordered', got: `line ${n} was moved` }
    else this.#fault(known ? 'reordered' : 'inserted', at, got)
  }

  /** A line that the next one marks as torn was cut by a crash. */
  #judgeUnreadable(place: Place, next: ReadLine | undefined): void {
    const isMarked = next?.event === 'torn' && next.previous === this.link.hash && next.n === this.link.n + 1
    if (!isMarked) this.#fault('changed', place, 'it cannot be read')
  }

  #fault(kind: LogFault['kind'], { file, line }: Place, got: string): void {
    const last = this.faults.at(-1)
    if (last?.file === file && last.line === line) return
    this.faults.push({ kind, file, line, got })
  }
}

function count(lines: number): string {
  return lines === 1 ? '1 line is' : `${lines} lines are`
}
