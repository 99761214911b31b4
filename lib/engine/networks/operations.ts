import { BOOLEAN, filtersOf, oneOf, type Operation, withValues, WORK_IDLE_MS } from '../operation.ts'

const SCOPES = ['local', 'global', 'swarm']

export const LIST: Operation = {
  name: 'networks.list',
  method: 'GET',
  path: '/networks',
  lane: 'short',
  query: {
    filters: withValues(filtersOf('dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'), {
      scope: SCOPES,
      type: ['builtin', 'custom'],
    }),
  },
}

export const INSPECT: Operation = {
  name: 'networks.inspect',
  method: 'GET',
  path: '/networks/{id}',
  lane: 'short',
  query: { verbose: BOOLEAN, scope: oneOf(...SCOPES) },
}

export const CREATE: Operation = {
  name: 'networks.create',
  method: 'POST',
  path: '/networks/create',
  lane: 'short',
  body: 'json',
  newer: { EnableIPv4: '1.48' },
}

export const CONNECT: Operation = {
  name: 'networks.connect',
  method: 'POST',
  path: '/networks/{id}/connect',
  lane: 'short',
  body: 'json',
  // In the specification since 1.44, but ignored until 1.54 (moby, api/docs/CHANGELOG.md).
  newer: { 'EndpointConfig.MacAddress': '1.54', 'EndpointConfig.GwPriority': '1.48' },
}

export const DISCONNECT: Operation = {
  name: 'networks.disconnect',
  method: 'POST',
  path: '/networks/{id}/disconnect',
  lane: 'short',
  body: 'json',
}

export const REMOVE: Operation = { name: 'networks.remove', method: 'DELETE', path: '/networks/{id}', lane: 'short' }

export const PRUNE: Operation = {
  name: 'networks.prune',
  method: 'POST',
  path: '/networks/prune',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { filters: filtersOf('label', 'label!', 'until') },
}
