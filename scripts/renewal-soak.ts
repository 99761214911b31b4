import { parseArgs } from 'node:util'
import { carryLoad } from '../test/gateway/support/renewal-load.ts'

/**
 * Uses a client at a gateway while `client renew --watch` renews its certificate. Fails if a request does, or if there are fewer
 * renewals than the lives of the certificates require.
 *
 *     node --import tsx scripts/renewal-soak.ts --life=600 --seconds=3600
 */
const { values } = parseArgs({
  options: { life: { type: 'string', default: '600' }, seconds: { type: 'string', default: '3600' } },
})
const cleanups: (() => Promise<void>)[] = []
const after = (cleanup: () => Promise<void>): void => void cleanups.push(cleanup)
const load = { life: Number(values.life), seconds: Number(values.seconds) }
// The first one at once, each of the others before two thirds of a life are over.
const expected = 1 + Math.floor(load.seconds / ((load.life * 2) / 3))
try {
  const { answers, renewals, failures } = await carryLoad({ after }, load)
  const counted = [...answers].map(([answer, count]) => `${count} times ${answer}`).join(', ')
  console.log(`${renewals} renewals of certificates of ${load.life} s in ${load.seconds} s. Answers: ${counted}`)
  for (const failure of failures) console.log(failure)
  if (renewals < expected) console.log(`At least ${expected} renewals were expected.`)
  process.exitCode = [...answers.keys()].join() === '200' && renewals >= expected ? 0 : 1
} finally {
  for (const cleanup of cleanups.toReversed()) await cleanup()
}
