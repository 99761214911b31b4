/** The limits of the calls, in milliseconds. */
export const CONNECT_MS = 2_000
export const IDLE_MS = 2_000
/** From the beginning of a call, which is a little before the fault. */
export const CALL_MS = 3_000
/** A call that has not ended then hangs. */
export const HANGS_MS = 60_000
