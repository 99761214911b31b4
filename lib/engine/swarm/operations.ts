import { BOOLEAN, COUNT, short, work, type Operation } from '../operation.ts'

export const INSPECT: Operation = short('swarm.inspect', 'GET /swarm')
export const INIT: Operation = work('swarm.init', 'POST /swarm/init', { body: 'json' })
export const JOIN: Operation = work('swarm.join', 'POST /swarm/join', { body: 'json' })
export const LEAVE: Operation = work('swarm.leave', 'POST /swarm/leave', { query: { force: BOOLEAN } })

export const UPDATE: Operation = work('swarm.update', 'POST /swarm/update', {
  query: { version: COUNT, rotateWorkerToken: BOOLEAN, rotateManagerToken: BOOLEAN, rotateManagerUnlockKey: BOOLEAN },
  body: 'json',
})

export const UNLOCK_KEY: Operation = short('swarm.unlockKey', 'GET /swarm/unlockkey')
export const UNLOCK: Operation = work('swarm.unlock', 'POST /swarm/unlock', { body: 'json' })
