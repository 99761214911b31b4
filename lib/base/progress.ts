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

/** What a step may say while it runs. */
export interface StepTalk {
  /** Says what is being waited for. */
  readonly wait: (note: string) => void
  /** What it ends with: a few words behind its mark. */
  readonly result: (note: string) => void
  /** What it ends with where it came to nothing, and what comes next is to be done all the same. */
  readonly failed: (note: string) => void
}

/**
 * Runs one step, and tells how it begins, what it waits for and how it ends.
 *
 * @returns what the work returns
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
