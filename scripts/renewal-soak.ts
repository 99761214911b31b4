import { parseArgs } from 'node:util'
import { carryLoad } from '../test/gateway/support/renewal-load.ts'

/**
 * Uses a client at a gateway while `client renew --watch` renews its certificate, and fails if a request does.
 *
 *     node --import tsx scripts/renewal-soak.ts --life=600 --seconds=3600
 */
const { values } = parseArgs({
  options: { life: { type: 'string', default: '600' }, seconds: { type: 'string', default: '3600' } },
})
const cleanups: (() => Promise<void>)[] = []
const after = (cleanup: () => Promise<void>): void => void cleanups.push(cleanup)
const load = { life: Number(values.life), seconds: Number(values.seconds) }
try {
  const { answers, renewals, failures } = await carryLoad({ after }, load)
  const counted = [...answers].map(([answer, count]) => `${count} times ${answer}`).join(', ')
  console.log(`${renewals} renewals of certificates of ${load.life} s in ${load.seconds} s. Answers: ${counted}`)
  for (const failure of failures) console.log(failure)
  process.exitCode = [...answers.keys()].join() === '200' ? 0 : 1
} finally {
  for (const cleanup of cleanups.toReversed()) await cleanup()
}
