import { filtersOf, type Operation, withValues } from '../operation.ts'
import { LOGS_QUERY } from '../logs-query.ts'

export const LIST: Operation = {
  name: 'tasks.list',
  method: 'GET',
  path: '/tasks',
  lane: 'short',
  query: {
    filters: withValues(
      filtersOf('_up-to-date', 'desired-state', 'id', 'label', 'name', 'node', 'runtime', 'service'),
      { 'desired-state': ['running', 'shutdown', 'accepted'] },
    ),
  },
}

export const INSPECT: Operation = { name: 'tasks.inspect', method: 'GET', path: '/tasks/{id}', lane: 'short' }

export const LOGS: Operation = {
  name: 'tasks.logs',
  method: 'GET',
  path: '/tasks/{id}/logs',
  lane: 'patient',
  query: LOGS_QUERY,
}
