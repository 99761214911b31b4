import { BOOLEAN, MOMENT, filtersOf, oneOf, patient, short, withValues, work, type Operation } from '../operation.ts'

export const AUTH: Operation = work('system.auth', 'POST /auth', { body: 'json', lowerCase: true })
export const INFO: Operation = short('system.info', 'GET /info')
export const VERSION: Operation = short('system.version', 'GET /version')

/** Sent without a version, since it serves to negotiate the version. */
export const PING: Operation = short('system.ping', 'GET /_ping')

/** Also sent without a version. */
export const PING_HEAD: Operation = short('system.pingHead', 'HEAD /_ping')

const EVENT_TYPES = 'builder config container daemon image network node plugin secret service volume'.split(' ')

export const EVENTS: Operation = patient('system.events', 'GET /events', {
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
})

export const DF: Operation = work('system.df', 'GET /system/df', {
  query: {
    type: { ...oneOf('container', 'image', 'volume', 'build-cache'), since: '1.42' },
    verbose: { ...BOOLEAN, since: '1.52' },
  },
})
