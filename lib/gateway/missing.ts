import type { Reason } from '../policy/request.ts'

/**
 * Why a request gets 404 and not 403. `NOT_FOUND` comes first, so that nothing is said about what belongs to others. Otherwise, every
 * reason must be that something is absent.
 */
export function missingOf(reasons: readonly Reason[]): (Reason & { readonly message: string }) | undefined {
  const all = reasons.every(({ absent }) => absent !== undefined)
  const missing = reasons.find(({ code }) => code === 'NOT_FOUND') ?? (all ? reasons[0] : undefined)
  return missing && { ...missing, message: missing.absent ?? missing.got }
}
