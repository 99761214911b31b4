import type { Environment } from '../../endpoint/environment.ts'
import type { StepEvent, StepState } from '../../base/progress.ts'
import { cut, textWidth, type Paint, type Style } from './layout.ts'
import { wrap } from '../../base/wrap.ts'
import { printable } from '../../base/text.ts'

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
export function marksOf({ LC_ALL, LC_CTYPE, LANG, TERM }: Environment, platform: string = process.platform): Marks {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  // Windows has no such variables; its terminals show these characters.
  const isUtf8 = locale === undefined ? platform === 'win32' : /\.utf-?8\b/i.test(locale)
  return isUtf8 && TERM !== 'dumb' ? UTF8 : ASCII
}

type Ended = Exclude<StepState, 'running' | 'waiting'>

const STYLES: Readonly<Record<Ended, Style>> = { done: 'green', skipped: 'dim', failed: 'red' }

/** Has this step come to its end? */
export function hasEnded(state: StepState): state is Ended {
  return state !== 'running' && state !== 'waiting'
}

/** Identifies a step among those of all hosts. */
export function stepKey({ subject = '', step }: StepEvent): string {
  return `${subject}\n${step}`
}

/** The mark of a step that has ended, in its colour. */
export function endMark(state: Ended, marks: Marks, paint: Paint): string {
  return paint(STYLES[state], marks[state])
}

/** `restart docker: waiting for port 2376`, after the name of the host, if there are several. */
export function stepText({ title, state, note, subject }: Omit<StepEvent, 'step' | 'milliseconds'>): string {
  const about = subject === undefined ? '' : `${printable(subject)}: `
  if (note === undefined) return `${about}${printable(title)}`
  return `${about}${printable(title)}: ${state === 'waiting' ? 'waiting for ' : ''}${printable(note)}`
}

/** `35 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 100) return `${Math.round(milliseconds)} ms`
  const tenths = Math.round(milliseconds / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
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
