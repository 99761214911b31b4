import { ours, sentence } from '../base/sentence.ts'
import { children, contents, decodeStrictly, isBoolean, isUniversal, readOid, TYPE, type Asn1 } from './der.ts'
import { EXTENSION, PURPOSES } from './extensions.ts'
import { readUsages } from './read-extensions.ts'
import { invalid, refused } from './request-fault.ts'

/** extensionRequest (RFC 2985 section 5.4.2), and the same by Microsoft's own number. */
const EXTENSION_REQUESTS: ReadonlySet<string> = new Set(['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'])

const NO_CA = sentence`Nothing was signed: docker-mtls doesn't issue CA certificates for requests. Ask the sender for a client's request:  ${ours('client', 'request', 'NAME')}`
const NO_SERVER = sentence`Nothing was signed: docker-mtls signs requests for client certificates only. Ask the sender for a client's request:  ${ours('client', 'request', 'NAME')}  For a server, issue the certificate here:  ${ours('cert', 'server', 'NAME')}`

/** Extensions of CA certificates only (RFC 5280 sections 4.2.1.5, 4.2.1.10, 4.2.1.11 and 4.2.1.14). */
const OF_CAS: ReadonlyMap<string, string> = new Map([
  [EXTENSION.nameConstraints, 'nameConstraints'],
  ['2.5.29.33', 'policyMappings'],
  ['2.5.29.36', 'policyConstraints'],
  ['2.5.29.54', 'inhibitAnyPolicy'],
])

/** Extensions that tools add and docker-mtls ignores, by name. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.9.2', 'unstructuredName'],
  ['1.2.840.113549.1.9.7', 'challengePassword'],
  ...Object.entries(EXTENSION).map(([name, id]) => [id, name] as const),
])

/** Extensions that every client certificate of ours has anyway. */
const EXPECTED: ReadonlySet<string> = new Set([
  EXTENSION.basicConstraints,
  EXTENSION.keyUsage,
  EXTENSION.extKeyUsage,
  EXTENSION.subjectKeyIdentifier,
])

/**
 * Checks the extensions and attributes that a request asks for. A request to be a CA or a server, or for more names, is
 * refused and not ignored: the requester might believe that it was granted, and the signer should know.
 *
 * @returns what is ignored and left out of the certificate
 */
export function checkRequestedExtensions(attributes: readonly Asn1[]): string[] {
  return attributes.flatMap((attribute) => {
    const [type, values, ...more] = children(attribute)
    if (!isUniversal(type, TYPE.oid) || !isUniversal(values, TYPE.set) || more.length > 0) {
      throw invalid('an attribute is not encoded as RFC 2986 requires')
    }
    const id = readOid(type)
    if (!EXTENSION_REQUESTS.has(id)) return [NAMES.get(id) ?? id]
    return children(values).flatMap((list) => children(list).flatMap(checkExtension))
  })
}

function checkExtension(extension: Asn1): string[] {
  const [type, ...rest] = children(extension)
  const value = rest.at(-1)
  if (!isUniversal(type, TYPE.oid) || !isUniversal(value, TYPE.octetString) || rest.length > 2) {
    throw invalid('a requested extension is not encoded as RFC 5280 requires')
  }
  const id = readOid(type)
  const ofCa = OF_CAS.get(id)
  if (ofCa !== undefined) throw refused(`it asks to be a CA (${ofCa})`, NO_CA)
  if (id === EXTENSION.subjectAltName) throw refused('it asks for server names (subjectAltName)', NO_SERVER)
  CHECKS.get(id)?.(openValue(value, NAMES.get(id) ?? id))
  return EXPECTED.has(id) ? [] : [NAMES.get(id) ?? id]
}

function openValue(value: Asn1 | undefined, name: string): Asn1 {
  try {
    return decodeStrictly(contents(value))
  } catch (cause) {
    throw invalid(`the requested extension ${name} is not DER`, cause)
  }
}

const CHECKS: ReadonlyMap<string, (value: Asn1) => void> = new Map([
  [EXTENSION.basicConstraints, checkConstraints],
  [EXTENSION.keyUsage, checkUsage],
  [EXTENSION.extKeyUsage, checkPurposes],
])

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }: only a CA has a path length. */
function checkConstraints(value: Asn1): void {
  const [first, ...rest] = children(value)
  if (!isUniversal(value, TYPE.sequence)) throw invalid('its basicConstraints are not encoded as RFC 5280 requires')
  if (first === undefined) return
  if (rest.length > 0 || !isBoolean(first) || contents(first).some((byte) => byte !== 0)) {
    throw refused('it asks to be a CA (basicConstraints)', NO_CA)
  }
}

function checkUsage(value: Asn1): void {
  if (!isUniversal(value, TYPE.bitString)) throw invalid('its keyUsage is not encoded as RFC 5280 requires')
  const signs = readUsages(contents(value)).find((usage) => usage === 'keyCertSign' || usage === 'cRLSign')
  if (signs !== undefined) throw refused(`it asks to be a CA (keyUsage ${signs})`, NO_CA)
}

function checkPurposes(value: Asn1): void {
  if (!isUniversal(value, TYPE.sequence)) throw invalid('its extKeyUsage is not encoded as RFC 5280 requires')
  const other = children(value)
    .map(readOid)
    .find((purpose) => purpose !== PURPOSES.clientAuth)
  if (other === undefined) return
  if (other === PURPOSES.serverAuth) throw refused('it asks to be a server (extKeyUsage serverAuth)', NO_SERVER)
  throw refused(`it asks for a purpose other than clientAuth (extKeyUsage ${other})`, NO_SERVER)
}
