import { PLAIN, type Operation, WORK_IDLE_MS } from '../operation.ts'

// Not in the specification (moby, api/server/router/checkpoint). Only experimental daemons have them.

export const CREATE: Operation = {
  name: 'checkpoints.create',
  method: 'POST',
  path: '/containers/{id}/checkpoints',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  body: 'json',
}

export const LIST: Operation = {
  name: 'checkpoints.list',
  method: 'GET',
  path: '/containers/{id}/checkpoints',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { dir: PLAIN },
}

export const REMOVE: Operation = {
  name: 'checkpoints.remove',
  method: 'DELETE',
  path: '/containers/{id}/checkpoints/{checkpoint}',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { dir: PLAIN },
}
