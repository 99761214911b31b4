import type { StepEvent, StepState } from '../../base/progress.ts'
import type { Ended } from '../../base/terminal/marks.ts'
import { printable } from '../../base/text.ts'

/** Has this step come to its end? */
export function hasEnded(state: StepState): state is Ended {
  return state !== 'running' && state !== 'waiting'
}

/** Identifies a step among those of all hosts. */
export function stepKey({ subject = '', step }: StepEvent): string {
  return `${subject}\n${step}`
}

/** `restart docker: waiting for port 2376`, after the name of the host, if there are several. */
export function stepText({ title, state, note, subject }: Omit<StepEvent, 'step' | 'milliseconds'>): string {
  const about = subject === undefined ? '' : `${printable(subject)}: `
  if (note === undefined) return `${about}${printable(title)}`
  return `${about}${printable(title)}: ${state === 'waiting' ? 'waiting for ' : ''}${printable(note)}`
}
