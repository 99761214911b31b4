import { ANONYMOUS, authHeaderFor, type RegistryAuthSource } from '../../registry/headers.ts'
import type { ImageReference } from '../../registry/reference.ts'

/** The header with the credentials for the registry. They are never sent in the URL. */
export async function authHeaders(
  auth: RegistryAuthSource | undefined,
  reference: ImageReference,
): Promise<Record<string, string>> {
  return { 'x-registry-auth': (await authHeaderFor(auth, reference)) ?? ANONYMOUS }
}
