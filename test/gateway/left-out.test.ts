import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePolicy } from '../../lib/policy.ts'
import { dial, fakeDaemon, front, newClient, readUntil } from './support/fixture.ts'
import { untilEnded } from './support/until.ts'

const PULL = '/images/create?fromImage=a&tag=b'

test('a query parameter that no dockerd reads is left out, and the log says so; at privileged it is sent', async (t) => {
  const daemon = await fakeDaemon(t)
  const { port, events } = await front(
    t,
    { socketPath: daemon.socketPath },
    {
      authorize: undefined,
      policy: definePolicy({
        version: 1,
        rules: (['baseline', 'privileged'] as const).map((level) => ({
          name: level,
          who: { commonName: level },
          level,
        })),
      }),
    },
  )
  const ask = async (name: string, target: string): Promise<string | undefined> => {
    const socket = await dial(t, port, { client: await newClient(name) })
    socket.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)
    return /^HTTP\/1.1 (\d+)/.exec(await readUntil(socket, '\r\n\r\n'))?.[1]
  }
  assert.equal(await ask('baseline', `${PULL}&authconfig=&hunter2=`), '200')
  assert.equal(await ask('privileged', `${PULL}&authconfig=`), '200')
  assert.equal(await ask('baseline', `${PULL}&dockerfile=`), '403')
  assert.deepEqual(daemon.requests, [`POST ${PULL}`, `POST ${PULL}&authconfig=`])
  assert.deepEqual(
    (await untilEnded(events, 3)).map(({ verdict, reason, details }) => [verdict, reason, details?.leftOut]),
    [
      ['allow', undefined, ['authconfig', '*']],
      ['allow', undefined, undefined],
      ['refuse', 'QUERY_UNKNOWN', undefined],
    ],
  )
})
