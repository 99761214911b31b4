import { COUNT, filtersOf, type Operation } from '../operation.ts'

export const LIST: Operation = {
  name: 'configs.list',
  method: 'GET',
  path: '/configs',
  lane: 'short',
  query: { filters: filtersOf('id', 'label', 'name', 'names') },
}

export const CREATE: Operation = {
  name: 'configs.create',
  method: 'POST',
  path: '/configs/create',
  lane: 'short',
  body: 'json',
}

export const INSPECT: Operation = { name: 'configs.inspect', method: 'GET', path: '/configs/{id}', lane: 'short' }

export const UPDATE: Operation = {
  name: 'configs.update',
  method: 'POST',
  path: '/configs/{id}/update',
  lane: 'short',
  query: { version: COUNT },
  body: 'json',
}

export const REMOVE: Operation = { name: 'configs.remove', method: 'DELETE', path: '/configs/{id}', lane: 'short' }
