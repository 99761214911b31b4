import { BOOLEAN, COUNT, type Operation, WORK_IDLE_MS } from '../operation.ts'

export const INSPECT: Operation = { name: 'swarm.inspect', method: 'GET', path: '/swarm', lane: 'short' }

export const INIT: Operation = {
  name: 'swarm.init',
  method: 'POST',
  path: '/swarm/init',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  body: 'json',
}

export const JOIN: Operation = {
  name: 'swarm.join',
  method: 'POST',
  path: '/swarm/join',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  body: 'json',
}

export const LEAVE: Operation = {
  name: 'swarm.leave',
  method: 'POST',
  path: '/swarm/leave',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { force: BOOLEAN },
}

export const UPDATE: Operation = {
  name: 'swarm.update',
  method: 'POST',
  path: '/swarm/update',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { version: COUNT, rotateWorkerToken: BOOLEAN, rotateManagerToken: BOOLEAN, rotateManagerUnlockKey: BOOLEAN },
  body: 'json',
}

export const UNLOCK_KEY: Operation = { name: 'swarm.unlockKey', method: 'GET', path: '/swarm/unlockkey', lane: 'short' }

export const UNLOCK: Operation = {
  name: 'swarm.unlock',
  method: 'POST',
  path: '/swarm/unlock',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  body: 'json',
}
