import type { Refusal } from './refusal.ts'
import type { Allowed } from './types.ts'

/** Reads what `authorize` returned, which in JavaScript can be anything. Anything but `allow: true` refuses. */
export function readVerdict(verdict: unknown): Allowed | Refusal {
  if (isAllowed(verdict)) return verdict
  const { status, code, message } = Object(verdict) as Record<string, unknown>
  return {
    status: status === 404 ? 404 : 403,
    code: typeof code === 'string' && code !== '' ? code : 'REFUSED',
    message: typeof message === 'string' ? message : 'docker-mtls gateway: refused',
  }
}

function isAllowed(verdict: unknown): verdict is Allowed {
  return typeof verdict === 'object' && verdict !== null && 'allow' in verdict && verdict.allow === true
}
