import { DockerApiError } from '../../base/errors.ts'
import { isOfGateway, unknownToGateway } from '../../engine/api-error.ts'
import type { OpenAnswer } from '../../engine/send.ts'
import { INFO } from './daemon-schema.ts'
import { read, type Collection } from './read.ts'
import { redactInfo } from './redact.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * Reads the daemon's settings, and whether that answer, which every audit needs, comes through a gateway of docker-mtls: only
 * its header fields say so.
 */
export async function collectInfo(on: Collection): Promise<Pick<Snapshot, 'info' | 'infoAt' | 'gateway'>> {
  let infoAt = Date.now()
  let gateway: Snapshot['gateway'] | undefined
  const info = await read(INFO, on, async () => {
    const asked = Date.now()
    try {
      const answer = await on.docker.request({ method: 'GET', path: '/info', ...on.limits })
      const value = await answer.json<object>()
      gateway = { value: gatewayOf(answer) }
      // Half of the way there and back, since a large daemon takes seconds to answer.
      infoAt = Math.round((asked + Date.now()) / 2)
      return redactInfo({ ...value })
    } catch (error) {
      if (error instanceof DockerApiError && error.gatewayReason !== undefined)
        gateway = { value: { shows: 'unknown' } }
      throw error
    }
  })
  return {
    info,
    infoAt,
    gateway: gateway ?? { unknown: 'unknown' in info ? info.unknown : 'the daemon did not answer' },
  }
}

/** For a caller with an owner, the gateway changes the numbers in this answer, and so every answer with a list. */
function gatewayOf({ headers }: Pick<OpenAnswer, 'headers'>): { shows: 'all' | 'own'; unknownApi?: string } | null {
  if (!isOfGateway(headers)) return null
  const unknownApi = unknownToGateway(headers)
  const shows = headers['x-docker-mtls-gateway'] === 'filtered' ? 'own' : 'all'
  return { shows, ...(unknownApi !== undefined && { unknownApi }) }
}

const OWN =
  'the gateway shows this client only what belongs to the owner of its rule. Audit with a client whose rule has no owner'
const REFUSED = 'the gateway refused to show the settings of the daemon, and so may hide other things, too'

/** The parts of which a gateway may hide something. */
const HIDEABLE = ['containers', 'networks', 'volumes', 'images', 'runningImages', 'plugins'] as const

/** What isn't known to be shown as a whole is unknown: a check must not pass by what it was not shown. */
export function withoutHidden(snapshot: Snapshot): Snapshot {
  const { gateway } = snapshot
  if ('unknown' in gateway || gateway.value === null || gateway.value.shows === 'all') return snapshot
  const unknown = gateway.value.shows === 'own' ? OWN : REFUSED
  const hidden = HIDEABLE.map((part) => [part, 'unknown' in snapshot[part] ? snapshot[part] : { unknown }])
  return { ...snapshot, ...(Object.fromEntries(hidden) as object) }
}
