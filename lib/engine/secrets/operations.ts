import { COUNT, filtersOf, type Operation } from '../operation.ts'

export const LIST: Operation = {
  name: 'secrets.list',
  method: 'GET',
  path: '/secrets',
  lane: 'short',
  query: { filters: filtersOf('id', 'label', 'name', 'names') },
}

export const CREATE: Operation = {
  name: 'secrets.create',
  method: 'POST',
  path: '/secrets/create',
  lane: 'short',
  body: 'json',
}

export const INSPECT: Operation = { name: 'secrets.inspect', method: 'GET', path: '/secrets/{id}', lane: 'short' }

export const UPDATE: Operation = {
  name: 'secrets.update',
  method: 'POST',
  path: '/secrets/{id}/update',
  lane: 'short',
  query: { version: COUNT },
  body: 'json',
}

export const REMOVE: Operation = { name: 'secrets.remove', method: 'DELETE', path: '/secrets/{id}', lane: 'short' }
