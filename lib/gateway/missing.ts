import type { Reason } from '../policy/request.ts'

/** Why a request is answered with 404 and not with 403: what it names isn't there, and nothing else speaks against it. */
export function missingOf(reasons: readonly Reason[]): (Reason & { readonly message: string }) | undefined {
  const all = reasons.every(({ absent }) => absent !== undefined)
  const missing = reasons.find(({ code }) => code === 'NOT_FOUND') ?? (all ? reasons[0] : undefined)
  return missing && { ...missing, message: missing.absent ?? missing.got }
}
