import { PLAIN, work, type Operation } from '../operation.ts'

// Not in the specification (moby, api/server/router/checkpoint). Only experimental daemons have them.

export const CREATE: Operation = work('checkpoints.create', 'POST /containers/{id}/checkpoints', { body: 'json' })
export const LIST: Operation = work('checkpoints.list', 'GET /containers/{id}/checkpoints', { query: { dir: PLAIN } })

export const REMOVE: Operation = work('checkpoints.remove', 'DELETE /containers/{id}/checkpoints/{checkpoint}', {
  query: { dir: PLAIN },
})
