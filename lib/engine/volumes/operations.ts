import { BOOLEAN, COUNT, filtersOf, short, work, type Operation } from '../operation.ts'

export const LIST: Operation = short('volumes.list', 'GET /volumes', {
  query: { filters: filtersOf('dangling', 'driver', 'label', 'name') },
})

export const CREATE: Operation = short('volumes.create', 'POST /volumes/create', {
  body: 'json',
  newer: { ClusterVolumeSpec: '1.42' },
})

export const INSPECT: Operation = short('volumes.inspect', 'GET /volumes/{name}')

export const UPDATE: Operation = short('volumes.update', 'PUT /volumes/{name}', {
  since: '1.42',
  query: { version: COUNT },
  body: 'json',
})

export const REMOVE: Operation = short('volumes.remove', 'DELETE /volumes/{name}', { query: { force: BOOLEAN } })

export const PRUNE: Operation = work('volumes.prune', 'POST /volumes/prune', {
  query: { filters: { ...filtersOf('all', 'label', 'label!'), newer: { all: '1.42' } } },
})
