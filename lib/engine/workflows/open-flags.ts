import { constants } from 'node:fs'

/** Reads a file, but doesn't follow a link, or wait for a writer of a named pipe. Windows has neither flag. */
export const READ_NO_FOLLOW: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Creates a file, but doesn't follow a link. */
export const CREATE_NO_FOLLOW: number =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
