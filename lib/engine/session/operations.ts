import type { Operation } from '../operation.ts'

export const OPEN: Operation = {
  name: 'session.open',
  method: 'POST',
  path: '/session',
  lane: 'patient',
  own: ['name', 'sharedKey', 'methods'],
}
