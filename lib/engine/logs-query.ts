import { BOOLEAN, COUNT, MOMENT, type QueryTake } from './operation.ts'

/** The query parameters for logs of containers, services and tasks. */
export const LOGS_QUERY: Readonly<Record<string, QueryTake>> = {
  details: BOOLEAN,
  follow: BOOLEAN,
  stdout: BOOLEAN,
  stderr: BOOLEAN,
  since: MOMENT,
  timestamps: BOOLEAN,
  tail: { ...COUNT, values: ['all'] },
}

/** Both streams. The API's default is no output at all. */
export const ALL_OUTPUT: { readonly stdout: true; readonly stderr: true } = { stdout: true, stderr: true }
