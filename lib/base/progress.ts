/** The state of a step. */
export type StepState = 'running' | 'waiting' | 'done' | 'skipped' | 'failed'

/** A change in the state of a step, reported while work runs. */
export interface StepEvent {
  /** A stable name for programs, e.g. `restart`. */
  readonly step: string
  /** A title for people, e.g. `restart docker`. */
  readonly title: string
  /** The step's new state. */
  readonly state: StepState
  /** The host or client, if there are several. */
  readonly subject?: string
  /** What the step waits for, or its result, in a few words. */
  readonly note?: string
  /** The duration in milliseconds, once the step has ended. */
  readonly milliseconds?: number
}

/** Receives each change of a step. */
export type OnStep = (event: StepEvent) => void

/** A step as it begins. */
export type StepName = Pick<StepEvent, 'step' | 'title' | 'subject'>

/** What a running step can report. */
export interface StepTalk {
  /** Reports what the step waits for. */
  readonly wait: (note: string) => void
  /** Sets the result, in a few words. */
  readonly result: (note: string) => void
  /** Marks the step as failed, with a reason, although the work continues. */
  readonly failed: (note: string) => void
}

/**
 * Runs a step, and reports its start, what it waits for, and its end.
 *
 * @returns the result of the work
 */
export async function runStep<Result>(
  onStep: OnStep | undefined,
  name: StepName,
  work: (talk: StepTalk) => Promise<Result>,
): Promise<Result> {
  const start = performance.now()
  const tell = (state: StepState, note?: string): void => {
    const isOver = state !== 'running' && state !== 'waiting'
    onStep?.({
      ...name,
      state,
      ...(note !== undefined && { note }),
      ...(isOver && { milliseconds: Math.round(performance.now() - start) }),
    })
  }
  let ended: { readonly state: StepState; readonly note?: string } = { state: 'done' }
  const end = (state: StepState, note: string): void => {
    ended = { state, note }
  }
  tell('running')
  try {
    const value = await work({
      wait: (note) => tell('waiting', note),
      result: (note) => end('done', note),
      failed: (note) => end('failed', note),
    })
    tell(ended.state, ended.note)
    return value
  } catch (error) {
    tell('failed')
    throw error
  }
}
