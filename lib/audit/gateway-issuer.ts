import { CLIENT_NAME } from '../base/text.ts'

/**
 * The name of a gateway's issuer among the CAs whose clients it accepts. TLS shows names alone, so another CA of such a name looks the
 * same; but a gateway has only one issuer, and the CAs that docker-mtls creates are called otherwise.
 *
 * @param names - all CAs that the gateway names, as distinguished names
 * @param authorities - the CAs in our `ca.pem`
 * @returns undefined if none looks like an issuer, or if several do
 */
export function issuerAmong(names: readonly string[], authorities: ReadonlySet<string>): string | undefined {
  const alike = names.filter((name) => !authorities.has(name) && isNameOfIssuer(name))
  return alike.length === 1 ? alike[0] : undefined
}

/** A common name alone, as `cert issuer` gives it: `docker-mtls CA 6c879215` is none. */
const isNameOfIssuer = (name: string): boolean => name.startsWith('CN=') && CLIENT_NAME.test(name.slice(3))
