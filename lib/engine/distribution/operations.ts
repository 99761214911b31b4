import { work, type Operation } from '../operation.ts'

export const INSPECT: Operation = work('distribution.inspect', 'GET /distribution/{name}/json', { own: ['auth'] })
