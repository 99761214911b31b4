import { filtersOf, patient, short, withValues, type Operation } from '../operation.ts'
import { LOGS_QUERY } from '../logs-query.ts'

export const LIST: Operation = short('tasks.list', 'GET /tasks', {
  query: {
    filters: withValues(
      filtersOf('_up-to-date', 'desired-state', 'id', 'label', 'name', 'node', 'runtime', 'service'),
      { 'desired-state': ['running', 'shutdown', 'accepted'] },
    ),
  },
})

export const INSPECT: Operation = short('tasks.inspect', 'GET /tasks/{id}')
export const LOGS: Operation = patient('tasks.logs', 'GET /tasks/{id}/logs', { query: LOGS_QUERY })
