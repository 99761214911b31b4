import type { Operation } from '../operation.ts'

export const OPEN: Operation = {
  name: 'session.open',
  method: 'POST',
  path: '/session',
  own: ['name', 'sharedKey', 'methods'],
}
