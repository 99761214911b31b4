import { FILTERS, INTEGER, type Operation } from '../operation.ts'

export const LIST: Operation = {
  name: 'secrets.list',
  method: 'GET',
  path: '/secrets',
  query: { filters: FILTERS },
}

export const CREATE: Operation = { name: 'secrets.create', method: 'POST', path: '/secrets/create', body: 'json' }

export const INSPECT: Operation = { name: 'secrets.inspect', method: 'GET', path: '/secrets/{id}' }

export const UPDATE: Operation = {
  name: 'secrets.update',
  method: 'POST',
  path: '/secrets/{id}/update',
  query: { version: INTEGER },
  body: 'json',
}

export const REMOVE: Operation = { name: 'secrets.remove', method: 'DELETE', path: '/secrets/{id}' }
