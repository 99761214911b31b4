import { FILTERS, type Operation } from '../operation.ts'
import { LOGS_QUERY } from '../logs-query.ts'

export const LIST: Operation = {
  name: 'tasks.list',
  method: 'GET',
  path: '/tasks',
  query: { filters: FILTERS },
}

export const INSPECT: Operation = { name: 'tasks.inspect', method: 'GET', path: '/tasks/{id}' }

export const LOGS: Operation = { name: 'tasks.logs', method: 'GET', path: '/tasks/{id}/logs', query: LOGS_QUERY }
