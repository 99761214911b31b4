/** What a call such as {@link Containers.ensureRunning} has done. */
export interface Ensured {
  /**
   * Whether this call changed something; `false` if everything was in the requested state already. Of
   * several calls at the same time, more than one may say `true`.
   */
  readonly changed: boolean
}

/** The object that such a call found or created. */
export interface EnsuredObject extends Ensured {
  /** Its id. */
  readonly id: string
}
