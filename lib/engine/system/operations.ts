import { BOOLEAN, filtersOf, MOMENT, oneOf, type Operation, withValues, WORK_IDLE_MS } from '../operation.ts'

export const AUTH: Operation = {
  name: 'system.auth',
  method: 'POST',
  path: '/auth',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  body: 'json',
  lowerCase: true,
}

export const INFO: Operation = { name: 'system.info', method: 'GET', path: '/info', lane: 'short' }

export const VERSION: Operation = { name: 'system.version', method: 'GET', path: '/version', lane: 'short' }

/** Sent without a version, since it serves to negotiate the version. */
export const PING: Operation = { name: 'system.ping', method: 'GET', path: '/_ping', lane: 'short' }

/** Also sent without a version. */
export const PING_HEAD: Operation = { name: 'system.pingHead', method: 'HEAD', path: '/_ping', lane: 'short' }

const EVENT_TYPES = 'builder config container daemon image network node plugin secret service volume'.split(' ')

export const EVENTS: Operation = {
  name: 'system.events',
  method: 'GET',
  path: '/events',
  lane: 'patient',
  query: {
    since: MOMENT,
    until: MOMENT,
    filters: withValues(
      filtersOf(
        'config',
        'container',
        'daemon',
        'event',
        'image',
        'label',
        'network',
        'node',
        'plugin',
        'scope',
        'secret',
        'service',
        'type',
        'volume',
      ),
      { scope: ['local', 'swarm'], type: EVENT_TYPES },
    ),
  },
}

export const DF: Operation = {
  name: 'system.df',
  method: 'GET',
  path: '/system/df',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: {
    type: { ...oneOf('container', 'image', 'volume', 'build-cache'), since: '1.42' },
    verbose: { ...BOOLEAN, since: '1.52' },
  },
}
