import { isClientName } from '../pki/client-name.ts'

/**
 * The name of a gateway's issuer among the CAs whose clients it accepts. TLS shows names alone, so another CA of such a name looks the
 * same; but a gateway has only one issuer, and the CAs that docker-mtls creates are called otherwise.
 *
 * @param names - all CAs that the gateway names, as distinguished names
 * @param authorities - the CAs in our `ca.pem`
 * @returns undefined if none looks like an issuer, or if several do
 */
export function issuerAmong(names: readonly string[], authorities: ReadonlySet<string>): string | undefined {
  const alike = names.filter((name) => !authorities.has(name) && looksLikeIssuer(name))
  return alike.length === 1 ? alike[0] : undefined
}

/** As `cert issuer` calls it: a common name alone, as those of clients. */
function looksLikeIssuer(name: string): boolean {
  return name.startsWith('CN=') && isClientName(name.slice('CN='.length))
}
