import { patient, type Operation } from '../operation.ts'

export const OPEN: Operation = patient('session.open', 'POST /session', { own: ['name', 'sharedKey', 'methods'] })
