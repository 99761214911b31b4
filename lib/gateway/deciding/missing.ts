import type { Decision } from '../../policy/decide.ts'
import type { Reason } from '../../policy/request.ts'

/** What a request is about doesn't exist, and how that is answered. */
interface Missing extends Reason {
  readonly status: 400 | 404
  readonly message: string
}

/**
 * Why a request gets 404 and not 403. `NOT_FOUND` comes first, so that nothing is said about what belongs to others. Otherwise, every
 * reason must be that something is absent. The docker command takes 404 to `create` for a missing image, which it would pull: so what
 * else is missing there gets 400.
 */
export function missingOf({ operation, reasons }: Pick<Decision, 'operation' | 'reasons'>): Missing | undefined {
  const all = reasons.every(({ absent }) => absent !== undefined)
  const missing = reasons.find(({ code }) => code === 'NOT_FOUND') ?? (all ? reasons[0] : undefined)
  if (missing === undefined) return undefined
  const is404 = operation !== 'containers.create' || missing.where === 'Image'
  return { ...missing, status: is404 ? 404 : 400, message: missing.absent ?? missing.got }
}
