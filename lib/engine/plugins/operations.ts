import { BOOLEAN, PLAIN, SECONDS, filtersOf, short, transfer, work, type Operation } from '../operation.ts'

export const LIST: Operation = short('plugins.list', 'GET /plugins', {
  query: { filters: filtersOf('capability', 'enabled') },
})

export const PRIVILEGES: Operation = work('plugins.privileges', 'GET /plugins/privileges', {
  query: { remote: PLAIN },
  own: ['auth'],
})

export const PULL: Operation = transfer('plugins.pull', 'POST /plugins/pull', {
  query: { remote: PLAIN, name: PLAIN },
  own: ['auth'],
  body: 'json',
})

export const INSPECT: Operation = short('plugins.inspect', 'GET /plugins/{name}/json')
export const REMOVE: Operation = short('plugins.remove', 'DELETE /plugins/{name}', { query: { force: BOOLEAN } })

export const ENABLE: Operation = short('plugins.enable', 'POST /plugins/{name}/enable', {
  query: { clientTimeout: { ...SECONDS, as: 'timeout' } },
})

export const DISABLE: Operation = short('plugins.disable', 'POST /plugins/{name}/disable', {
  query: { force: BOOLEAN },
})

export const UPGRADE: Operation = transfer('plugins.upgrade', 'POST /plugins/{name}/upgrade', {
  query: { remote: PLAIN },
  own: ['auth'],
  body: 'json',
})

export const CREATE: Operation = transfer('plugins.create', 'POST /plugins/create', {
  query: { name: PLAIN },
  body: 'bytes',
})

export const PUSH: Operation = transfer('plugins.push', 'POST /plugins/{name}/push', { own: ['auth'] })
export const SET: Operation = short('plugins.set', 'POST /plugins/{name}/set', { body: 'json' })
