import { BOOLEAN, COUNT, filtersOf, short, withValues, type Operation } from '../operation.ts'

export const LIST: Operation = short('nodes.list', 'GET /nodes', {
  query: {
    filters: withValues(filtersOf('id', 'label', 'membership', 'name', 'node.label', 'role'), {
      membership: ['accepted', 'pending'],
      role: ['worker', 'manager'],
    }),
  },
})

export const INSPECT: Operation = short('nodes.inspect', 'GET /nodes/{id}')

export const UPDATE: Operation = short('nodes.update', 'POST /nodes/{id}/update', {
  query: { version: COUNT },
  body: 'json',
})

export const REMOVE: Operation = short('nodes.remove', 'DELETE /nodes/{id}', { query: { force: BOOLEAN } })
