import { BOOLEAN, COUNT, filtersOf, type Operation, withValues } from '../operation.ts'

export const LIST: Operation = {
  name: 'nodes.list',
  method: 'GET',
  path: '/nodes',
  lane: 'short',
  query: {
    filters: withValues(filtersOf('id', 'label', 'membership', 'name', 'node.label', 'role'), {
      membership: ['accepted', 'pending'],
      role: ['worker', 'manager'],
    }),
  },
}

export const INSPECT: Operation = { name: 'nodes.inspect', method: 'GET', path: '/nodes/{id}', lane: 'short' }

export const UPDATE: Operation = {
  name: 'nodes.update',
  method: 'POST',
  path: '/nodes/{id}/update',
  lane: 'short',
  query: { version: COUNT },
  body: 'json',
}

export const REMOVE: Operation = {
  name: 'nodes.remove',
  method: 'DELETE',
  path: '/nodes/{id}',
  lane: 'short',
  query: { force: BOOLEAN },
}
