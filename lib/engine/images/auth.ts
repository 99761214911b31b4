import { authHeaderFor, type RegistryAuthSource } from '../../registry/headers.ts'
import type { ImageReference } from '../../registry/reference.ts'

/** Nobody: `{}` as the daemon reads it. Up to API 1.45 it refuses a push without the header. */
const NOBODY = 'e30='

/** Who asks the registry. Credentials travel in this header alone, never in the URL. */
export async function authHeaders(
  auth: RegistryAuthSource | undefined,
  reference: ImageReference,
): Promise<Record<string, string>> {
  return { 'x-registry-auth': (await authHeaderFor(auth, reference)) ?? NOBODY }
}
