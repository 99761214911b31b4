import { BOOLEAN, COUNT, filtersOf, type Operation, WORK_IDLE_MS } from '../operation.ts'

export const LIST: Operation = {
  name: 'volumes.list',
  method: 'GET',
  path: '/volumes',
  lane: 'short',
  query: { filters: filtersOf('dangling', 'driver', 'label', 'name') },
}

export const CREATE: Operation = {
  name: 'volumes.create',
  method: 'POST',
  path: '/volumes/create',
  lane: 'short',
  body: 'json',
  newer: { ClusterVolumeSpec: '1.42' },
}

export const INSPECT: Operation = { name: 'volumes.inspect', method: 'GET', path: '/volumes/{name}', lane: 'short' }

export const UPDATE: Operation = {
  name: 'volumes.update',
  method: 'PUT',
  path: '/volumes/{name}',
  lane: 'short',
  since: '1.42',
  query: { version: COUNT },
  body: 'json',
}

export const REMOVE: Operation = {
  name: 'volumes.remove',
  method: 'DELETE',
  path: '/volumes/{name}',
  lane: 'short',
  query: { force: BOOLEAN },
}

export const PRUNE: Operation = {
  name: 'volumes.prune',
  method: 'POST',
  path: '/volumes/prune',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { filters: { ...filtersOf('all', 'label', 'label!'), newer: { all: '1.42' } } },
}
