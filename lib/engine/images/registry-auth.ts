import { ANONYMOUS, authHeaderFor, type RegistryAuthSource } from '../../registry/headers.ts'
import type { ImageReference } from '../../registry/reference.ts'

/** Who asks the registry. Credentials travel in this header alone, never in the URL. */
export async function authHeaders(
  auth: RegistryAuthSource | undefined,
  reference: ImageReference,
): Promise<Record<string, string>> {
  return { 'x-registry-auth': (await authHeaderFor(auth, reference)) ?? ANONYMOUS }
}
