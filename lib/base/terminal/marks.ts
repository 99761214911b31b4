import type { StepState } from '../progress.ts'
import { wrap } from '../wrap.ts'
import type { Paint, Style } from './colours.ts'
import type { Variables } from './output.ts'
import { cut, textWidth } from './text-width.ts'

/** The characters before a step. */
export interface Marks {
  readonly done: string
  readonly skipped: string
  readonly failed: string
  /** One after the other while it runs. */
  readonly running: readonly string[]
  /** At the end of a line that was cut. */
  readonly more: string
}

const UTF8: Marks = { done: '✓', skipped: '-', failed: '✗', running: Array.from('⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'), more: '…' }
const ASCII: Marks = { done: '+', skipped: '-', failed: 'x', running: ['|', '/', '-', '\\'], more: '...' }

/** The marks that the terminal can show. The first of these variables that is set decides (locale(7)). */
export function marksOf({ LC_ALL, LC_CTYPE, LANG, TERM }: Variables, platform: string = process.platform): Marks {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  // Windows has no such variables; its terminals show these characters.
  const isUtf8 = locale === undefined ? platform === 'win32' : /\.utf-?8\b/i.test(locale)
  return isUtf8 && TERM !== 'dumb' ? UTF8 : ASCII
}

/** The state of a step that has ended. */
export type Ended = Exclude<StepState, 'running' | 'waiting'>

const STYLES: Readonly<Record<Ended, Style>> = { done: 'green', skipped: 'dim', failed: 'red' }

/** The mark of a step that has ended, in its colour. */
export function endMark(state: Ended, marks: Marks, paint: Paint): string {
  return paint(STYLES[state], marks[state])
}

/** `35 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 100) return `${Math.round(milliseconds)} ms`
  const tenths = Math.round(milliseconds / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Shorter times aren't shown while something runs. */
const WORTH_SAYING_MS = 1000

/** The time of something that runs, in whole seconds: tenths would flicker. */
export function elapsed(since: number, until: number = performance.now()): string {
  const milliseconds = until - since
  return milliseconds < WORTH_SAYING_MS ? '' : duration(milliseconds).replace(/\.\d s$/, ' s')
}

/** A line that stays, wrapped to the width of the terminal. */
export function foldLine(mark: string, words: string, time: string, width: number): string {
  const text = wrap(time === '' ? words : `${words}  ${time}`, width - 2, '  ')
  return `${mark}${text.slice(1)}\n`
}

/** A line that is rewritten in place, and must not reach the edge: if it is too long, its end is left out. */
export function cutLine(mark: string, words: string, time: string, width: number, more: string): string {
  const end = time === '' ? '' : `  ${time}`
  return `${mark} ${cut(words, width - 2 - textWidth(end), more)}${end}`
}
