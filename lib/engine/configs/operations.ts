import { COUNT, filtersOf, short, type Operation } from '../operation.ts'

export const LIST: Operation = short('configs.list', 'GET /configs', {
  query: { filters: filtersOf('id', 'label', 'name', 'names') },
})

export const CREATE: Operation = short('configs.create', 'POST /configs/create', { body: 'json' })
export const INSPECT: Operation = short('configs.inspect', 'GET /configs/{id}')

export const UPDATE: Operation = short('configs.update', 'POST /configs/{id}/update', {
  query: { version: COUNT },
  body: 'json',
})

export const REMOVE: Operation = short('configs.remove', 'DELETE /configs/{id}')
