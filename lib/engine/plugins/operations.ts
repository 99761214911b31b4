import { BOOLEAN, FILTERS, INTEGER, PLAIN, type Operation } from '../operation.ts'

export const LIST: Operation = {
  name: 'plugins.list',
  method: 'GET',
  path: '/plugins',
  query: { filters: FILTERS },
}

export const PRIVILEGES: Operation = {
  name: 'plugins.privileges',
  method: 'GET',
  path: '/plugins/privileges',
  query: { remote: PLAIN },
  own: ['auth'],
}

export const PULL: Operation = {
  name: 'plugins.pull',
  method: 'POST',
  path: '/plugins/pull',
  query: { remote: PLAIN, name: PLAIN },
  own: ['auth'],
  body: 'json',
}

export const INSPECT: Operation = { name: 'plugins.inspect', method: 'GET', path: '/plugins/{name}/json' }

export const REMOVE: Operation = {
  name: 'plugins.remove',
  method: 'DELETE',
  path: '/plugins/{name}',
  query: { force: BOOLEAN },
}

export const ENABLE: Operation = {
  name: 'plugins.enable',
  method: 'POST',
  path: '/plugins/{name}/enable',
  query: { timeout: INTEGER },
}

export const DISABLE: Operation = {
  name: 'plugins.disable',
  method: 'POST',
  path: '/plugins/{name}/disable',
  query: { force: BOOLEAN },
}

export const UPGRADE: Operation = {
  name: 'plugins.upgrade',
  method: 'POST',
  path: '/plugins/{name}/upgrade',
  query: { remote: PLAIN },
  own: ['auth'],
  body: 'json',
}

export const CREATE: Operation = {
  name: 'plugins.create',
  method: 'POST',
  path: '/plugins/create',
  query: { name: PLAIN },
  body: 'bytes',
}

export const PUSH: Operation = {
  name: 'plugins.push',
  method: 'POST',
  path: '/plugins/{name}/push',
  own: ['auth'],
}

export const SET: Operation = { name: 'plugins.set', method: 'POST', path: '/plugins/{name}/set', body: 'json' }
