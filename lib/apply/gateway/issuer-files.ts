import { join } from 'node:path'

/** The files that `cert issuer` creates, and `gateway run --issuer` reads. */
export function issuerFilesIn(folder: string): { readonly cert: string; readonly key: string } {
  return { cert: join(folder, 'issuer-cert.pem'), key: join(folder, 'issuer-key.pem') }
}
