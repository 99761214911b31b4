import { COUNT, filtersOf, short, type Operation } from '../operation.ts'

export const LIST: Operation = short('secrets.list', 'GET /secrets', {
  query: { filters: filtersOf('id', 'label', 'name', 'names') },
})

export const CREATE: Operation = short('secrets.create', 'POST /secrets/create', { body: 'json' })
export const INSPECT: Operation = short('secrets.inspect', 'GET /secrets/{id}')

export const UPDATE: Operation = short('secrets.update', 'POST /secrets/{id}/update', {
  query: { version: COUNT },
  body: 'json',
})

export const REMOVE: Operation = short('secrets.remove', 'DELETE /secrets/{id}')
