import { type Operation, WORK_IDLE_MS } from '../operation.ts'

export const INSPECT: Operation = {
  name: 'distribution.inspect',
  method: 'GET',
  path: '/distribution/{name}/json',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  own: ['auth'],
}
