import type { Operation } from '../operation.ts'

export const VERSION: Operation = { name: 'system.version', method: 'GET', path: '/version' }

export const INFO: Operation = { name: 'system.info', method: 'GET', path: '/info' }
