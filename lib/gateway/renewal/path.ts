/** Where clients renew their certificates. The Engine API has no such path. */
export const RENEWAL_PATH = '/_docker-mtls/renew'

/** How logs and metrics call a renewal. */
export const RENEW_OPERATION = 'certificates.renew'

/** A request for a certificate is smaller: one of RSA with 8,192 bits and every field of openssl has 4 kB. */
export const MOST_REQUEST_BYTES = 16_384

/** Does a request ask for a renewed certificate? No other one with this path reaches the daemon, either. */
export function isRenewal(target: string | undefined): boolean {
  return target === RENEWAL_PATH || (target?.startsWith(`${RENEWAL_PATH}?`) ?? false)
}
