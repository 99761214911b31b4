import { BOOLEAN, FILTERS, PLAIN, type Operation } from '../operation.ts'

export const LIST: Operation = {
  name: 'networks.list',
  method: 'GET',
  path: '/networks',
  query: { filters: FILTERS },
}

export const INSPECT: Operation = {
  name: 'networks.inspect',
  method: 'GET',
  path: '/networks/{id}',
  query: { verbose: BOOLEAN, scope: PLAIN },
}

export const CREATE: Operation = {
  name: 'networks.create',
  method: 'POST',
  path: '/networks/create',
  body: 'json',
  newer: { EnableIPv4: '1.48' },
}

export const CONNECT: Operation = {
  name: 'networks.connect',
  method: 'POST',
  path: '/networks/{id}/connect',
  body: 'json',
  // Specified since 1.44, and passed over until 1.54 (moby, api/docs/CHANGELOG.md).
  newer: { 'EndpointConfig.MacAddress': '1.54', 'EndpointConfig.GwPriority': '1.48' },
}

export const DISCONNECT: Operation = {
  name: 'networks.disconnect',
  method: 'POST',
  path: '/networks/{id}/disconnect',
  body: 'json',
}

export const REMOVE: Operation = { name: 'networks.remove', method: 'DELETE', path: '/networks/{id}' }

export const PRUNE: Operation = {
  name: 'networks.prune',
  method: 'POST',
  path: '/networks/prune',
  query: { filters: FILTERS },
}
