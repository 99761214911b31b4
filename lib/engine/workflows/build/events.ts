/** A step has been found, has begun, or is over. BuildKit only: the classic builder tells of its steps in its output. */
export interface BuildStepEvent {
  /** A step. */
  readonly type: 'step'
  /** What other events call it. */
  readonly id: string
  /** E.g. `[2/3] RUN make`. */
  readonly name: string
  /** The ids of the steps that it needs. */
  readonly inputs: readonly string[]
  /** It was done before, and is not done again. */
  readonly cached: boolean
  /** When the step started; undefined until then. */
  readonly started: Date | undefined
  /** When the step finished; undefined until then. */
  readonly completed: Date | undefined
  /** Why it failed. */
  readonly error: string | undefined
}

/** How far a part of a step has come: a layer that is pulled, the context that is sent. */
export interface BuildStatusEvent {
  /** Progress of a part of a step. */
  readonly type: 'status'
  /** The id of its step. */
  readonly step: string | undefined
  /** E.g. a layer's digest. */
  readonly id: string
  /** What is done, e.g. `extracting`. */
  readonly name: string
  /** Mostly in bytes. */
  readonly current: number | undefined
  /** 0 or undefined where nobody knows. */
  readonly total: number | undefined
  /** When it started; undefined until then. */
  readonly started: Date | undefined
  /** When it finished; undefined until then. */
  readonly completed: Date | undefined
}

/** What a step prints; with the classic builder also what the builder itself says. */
export interface BuildLogEvent {
  /** Output of a step. */
  readonly type: 'log'
  /** The id of its step. */
  readonly step: string | undefined
  /** Which of the step's outputs it is. */
  readonly stream: 'stdout' | 'stderr'
  /** As it comes: neither a line nor a write. */
  readonly text: string
}

/** Something in the Dockerfile that BuildKit would have otherwise. */
export interface BuildWarningEvent {
  /** A warning about the Dockerfile. */
  readonly type: 'warning'
  /** The id of its step. */
  readonly step: string | undefined
  /** The warning in a sentence. */
  readonly text: string
  /** More about it, line by line. */
  readonly detail: readonly string[]
  /** Where it is explained. */
  readonly url: string
}

/** What a build says while it runs; `type` says which it is. */
export type BuildEvent = BuildStepEvent | BuildStatusEvent | BuildLogEvent | BuildWarningEvent
