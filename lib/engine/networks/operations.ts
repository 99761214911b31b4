import { BOOLEAN, filtersOf, oneOf, short, withValues, work, type Operation } from '../operation.ts'

const SCOPES = ['local', 'global', 'swarm']

export const LIST: Operation = short('networks.list', 'GET /networks', {
  query: {
    filters: withValues(filtersOf('dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'), {
      scope: SCOPES,
      type: ['builtin', 'custom'],
    }),
  },
})

export const INSPECT: Operation = short('networks.inspect', 'GET /networks/{id}', {
  query: { verbose: BOOLEAN, scope: oneOf(...SCOPES) },
})

export const CREATE: Operation = short('networks.create', 'POST /networks/create', {
  body: 'json',
  newer: { EnableIPv4: '1.48' },
})

export const CONNECT: Operation = short('networks.connect', 'POST /networks/{id}/connect', {
  body: 'json', // In the specification since 1.44, but ignored until 1.54 (moby, api/docs/CHANGELOG.md).
  newer: { 'EndpointConfig.MacAddress': '1.54', 'EndpointConfig.GwPriority': '1.48' },
})

export const DISCONNECT: Operation = short('networks.disconnect', 'POST /networks/{id}/disconnect', { body: 'json' })
export const REMOVE: Operation = short('networks.remove', 'DELETE /networks/{id}')

export const PRUNE: Operation = work('networks.prune', 'POST /networks/prune', {
  query: { filters: filtersOf('label', 'label!', 'until') },
})
