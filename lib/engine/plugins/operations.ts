import { BOOLEAN, filtersOf, PLAIN, SECONDS, type Operation, TRANSFER_IDLE_MS, WORK_IDLE_MS } from '../operation.ts'

export const LIST: Operation = {
  name: 'plugins.list',
  method: 'GET',
  path: '/plugins',
  lane: 'short',
  query: { filters: filtersOf('capability', 'enabled') },
}

export const PRIVILEGES: Operation = {
  name: 'plugins.privileges',
  method: 'GET',
  path: '/plugins/privileges',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { remote: PLAIN },
  own: ['auth'],
}

export const PULL: Operation = {
  name: 'plugins.pull',
  method: 'POST',
  path: '/plugins/pull',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  query: { remote: PLAIN, name: PLAIN },
  own: ['auth'],
  body: 'json',
}

export const INSPECT: Operation = {
  name: 'plugins.inspect',
  method: 'GET',
  path: '/plugins/{name}/json',
  lane: 'short',
}

export const REMOVE: Operation = {
  name: 'plugins.remove',
  method: 'DELETE',
  path: '/plugins/{name}',
  lane: 'short',
  query: { force: BOOLEAN },
}

export const ENABLE: Operation = {
  name: 'plugins.enable',
  method: 'POST',
  path: '/plugins/{name}/enable',
  lane: 'short',
  query: { clientTimeout: { ...SECONDS, as: 'timeout' } },
}

export const DISABLE: Operation = {
  name: 'plugins.disable',
  method: 'POST',
  path: '/plugins/{name}/disable',
  lane: 'short',
  query: { force: BOOLEAN },
}

export const UPGRADE: Operation = {
  name: 'plugins.upgrade',
  method: 'POST',
  path: '/plugins/{name}/upgrade',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  query: { remote: PLAIN },
  own: ['auth'],
  body: 'json',
}

export const CREATE: Operation = {
  name: 'plugins.create',
  method: 'POST',
  path: '/plugins/create',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  query: { name: PLAIN },
  body: 'bytes',
}

export const PUSH: Operation = {
  name: 'plugins.push',
  method: 'POST',
  path: '/plugins/{name}/push',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  own: ['auth'],
}

export const SET: Operation = {
  name: 'plugins.set',
  method: 'POST',
  path: '/plugins/{name}/set',
  lane: 'short',
  body: 'json',
}
