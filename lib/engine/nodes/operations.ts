import { BOOLEAN, filtersOf, INTEGER, type Operation } from '../operation.ts'

export const LIST: Operation = {
  name: 'nodes.list',
  method: 'GET',
  path: '/nodes',
  lane: 'short',
  query: { filters: filtersOf('id', 'label', 'membership', 'name', 'node.label', 'role') },
}

export const INSPECT: Operation = { name: 'nodes.inspect', method: 'GET', path: '/nodes/{id}', lane: 'short' }

export const UPDATE: Operation = {
  name: 'nodes.update',
  method: 'POST',
  path: '/nodes/{id}/update',
  lane: 'short',
  query: { version: INTEGER },
  body: 'json',
}

export const REMOVE: Operation = {
  name: 'nodes.remove',
  method: 'DELETE',
  path: '/nodes/{id}',
  lane: 'short',
  query: { force: BOOLEAN },
}
