/** What lib/cli/read-files.ts exports. */
export const READING: readonly string[]
