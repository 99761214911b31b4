import { BOOLEAN, INTEGER, type Operation } from '../operation.ts'

export const INSPECT: Operation = { name: 'swarm.inspect', method: 'GET', path: '/swarm' }

export const INIT: Operation = { name: 'swarm.init', method: 'POST', path: '/swarm/init', body: 'json' }

export const JOIN: Operation = { name: 'swarm.join', method: 'POST', path: '/swarm/join', body: 'json' }

export const LEAVE: Operation = {
  name: 'swarm.leave',
  method: 'POST',
  path: '/swarm/leave',
  query: { force: BOOLEAN },
}

export const UPDATE: Operation = {
  name: 'swarm.update',
  method: 'POST',
  path: '/swarm/update',
  query: { version: INTEGER, rotateWorkerToken: BOOLEAN, rotateManagerToken: BOOLEAN, rotateManagerUnlockKey: BOOLEAN },
  body: 'json',
}

export const UNLOCK_KEY: Operation = { name: 'swarm.unlockKey', method: 'GET', path: '/swarm/unlockkey' }

export const UNLOCK: Operation = { name: 'swarm.unlock', method: 'POST', path: '/swarm/unlock', body: 'json' }
