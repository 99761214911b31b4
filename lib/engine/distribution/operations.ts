import type { Operation } from '../operation.ts'

export const INSPECT: Operation = {
  name: 'distribution.inspect',
  method: 'GET',
  path: '/distribution/{name}/json',
  lane: 'patient',
  own: ['auth'],
}
