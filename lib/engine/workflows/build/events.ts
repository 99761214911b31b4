/**
 * A step was found, started or finished. BuildKit only: the classic builder reports steps in its output. BuildKit may report
 * that a step has finished, and then that it starts and finishes again, since it first looks into its cache.
 */
export interface BuildStepEvent {
  /** A step. */
  readonly type: 'step'
  /** The id by which other events refer to it. */
  readonly id: string
  /** E.g. `[2/3] RUN make`. */
  readonly name: string
  /** The ids of the steps that it depends on. */
  readonly inputs: readonly string[]
  /** The result comes from the cache. */
  readonly cached: boolean
  /** When the step started; undefined until then. */
  readonly started: Date | undefined
  /** When the step finished; undefined until then. */
  readonly completed: Date | undefined
  /** Why it failed. */
  readonly error: string | undefined
}

/** The progress of a part of a step, such as a layer being pulled or the context being sent. */
export interface BuildStatusEvent {
  /** Progress of a part of a step. */
  readonly type: 'status'
  /** The id of its step. */
  readonly step: string | undefined
  /** E.g. a layer's digest. */
  readonly id: string
  /** The current action, e.g. `extracting`. */
  readonly name: string
  /** The amount done, usually in bytes. */
  readonly current: number | undefined
  /** The total amount; 0 or undefined if unknown. */
  readonly total: number | undefined
  /** When it started; undefined until then. */
  readonly started: Date | undefined
  /** When it finished; undefined until then. */
  readonly completed: Date | undefined
}

/** The output of a step. With the classic builder also the output of the builder itself. */
export interface BuildLogEvent {
  /** Output of a step. */
  readonly type: 'log'
  /** The id of its step. */
  readonly step: string | undefined
  /** The output stream. */
  readonly stream: 'stdout' | 'stderr'
  /** The text as it arrives: neither a line nor one write of the program. */
  readonly text: string
}

/** A warning of BuildKit about the Dockerfile. */
export interface BuildWarningEvent {
  /** A warning about the Dockerfile. */
  readonly type: 'warning'
  /** The id of its step. */
  readonly step: string | undefined
  /** The warning in a sentence. */
  readonly text: string
  /** Details, line by line. */
  readonly detail: readonly string[]
  /** The URL of an explanation. */
  readonly url: string
}

/** An event of a running build; `type` is its kind. */
export type BuildEvent = BuildStepEvent | BuildStatusEvent | BuildLogEvent | BuildWarningEvent
