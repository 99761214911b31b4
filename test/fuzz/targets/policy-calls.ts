import { isDeepStrictEqual } from 'node:util'
import { decideCall } from '../../../lib/policy/calls/decide.ts'
import { BRIDGE_SOLVE, SOLVE } from '../../../lib/policy/calls/messages.ts'
import { readMessage, writeMessage } from '../../../lib/policy/calls/wire.ts'
import { definePolicy } from '../../../lib/policy.ts'
import { Unreadable } from '../../../lib/policy/reading/unreadable.ts'
import {
  ATTRIBUTES,
  BRIDGE,
  bytesField,
  CONTROL,
  mapField,
  numberField,
  solve,
  typed,
} from '../../policy/calls/encode.ts'
import { demand, REFUSED, type Target } from '../target.ts'

const ANN = { socket: 'ann' }
const POLICY = definePolicy({ version: 1, rules: [{ name: 'ann', who: ANN, level: 'baseline' }] })

/** What is read is written in a way that is read as the same, and written again as the same bytes. */
function readTwice(bytes: Buffer): void {
  for (const shape of [SOLVE, BRIDGE_SOLVE]) {
    let read
    try {
      read = readMessage(bytes, shape)
    } catch (error) {
      if (error instanceof Unreadable) continue
      throw error
    }
    const written = writeMessage(read, shape)
    const again = readMessage(written, shape)
    demand(isDeepStrictEqual(again, read), 'it reads differently when it is written')
    demand(writeMessage(again, shape).equals(written), 'it is written differently')
  }
}

/** Both methods decide about every message, and what they allow is judged the same when it is sent again. */
function decideTwice(bytes: Buffer): unknown {
  readTwice(bytes)
  const verdicts = [`${CONTROL}Solve`, `${BRIDGE}Solve`].map((path) => {
    const ask = (message: Uint8Array) =>
      decideCall(POLICY, ANN, { path, metadata: () => ['b'], at: new Date(0), message })
    const { verdict, message } = ask(bytes)
    if (verdict === 'refuse') return verdict
    const again = ask(message ?? Buffer.alloc(0))
    demand(again.verdict === 'allow', 'it is refused when it is sent again')
    demand(Buffer.from(again.message ?? []).equals(message ?? Buffer.alloc(1)), 'something else is sent')
    return verdict
  })
  return verdicts.includes('allow') ? undefined : REFUSED
}

const attributes = { target: 'x', 'build-arg:A': 'b', 'cache-imports': '[{"Type":"local","Attrs":{"ref":"a"}}]' }

export const targets: readonly Target[] = [
  {
    name: 'policy-calls',
    seeds: () => [
      solve(bytesField(6, 'dockerfile.v0'), mapField(ATTRIBUTES.control, attributes), typed(13, 'moby', { name: 'a' })),
      solve(numberField(11, 1), bytesField(5, 'session')),
      Buffer.concat([bytesField(1, 'b'), bytesField(8, typed(5, 'registry', { ref: 'a' }))]),
      Buffer.concat([bytesField(2, 'dockerfile.v0'), mapField(ATTRIBUTES.bridge, attributes), numberField(14, 1)]),
    ],
    words: ['network.host', 'security.insecure', 'force-network-mode', 'host', 's3', '\u0012\u0000', '"Type"'],
    read: decideTwice,
    accepts: 0.02,
  },
]
