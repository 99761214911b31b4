import { ByteReader } from './bytes.ts'
import { WIRE_VERSION } from './client-hello.ts'

/** Types of handshake messages (RFC 5246 section 7.4). */
export const MESSAGE = {
  serverHello: 2,
  certificate: 11,
  certificateRequest: 13,
  serverHelloDone: 14,
} as const

const SUPPORTED_VERSIONS = 43

/** The version that a server has chosen: up to 1.2 in a field, for 1.3 in an extension (RFC 8446 section 4.2.1). */
export function parseServerHello(body: Uint8Array): number {
  const reader = new ByteReader(body)
  const legacy = reader.uint(2)
  reader.take(32)
  reader.vector(1)
  reader.take(3)
  if (reader.isEmpty) return legacy
  const extensions = new ByteReader(reader.vector(2))
  reader.end()
  let version = legacy
  while (!extensions.isEmpty) {
    const type = extensions.uint(2)
    const contents = new ByteReader(extensions.vector(2))
    if (type === SUPPORTED_VERSIONS) version = contents.uint(2)
  }
  return version
}

/** The certificates of a server up to TLS 1.2, as DER, its own first (RFC 5246 section 7.4.2). */
export function parseCertificates(body: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(body)
  const chain = reader.vectors(3, 3)
  reader.end()
  return chain
}

/**
 * The distinguished names of the CAs in the CertificateRequest of a server up to TLS 1.2, as DER (RFC 5246 section
 * 7.4.4; RFC 4346 section 7.4.4 without signature algorithms).
 */
export function parseCertificateRequest(body: Uint8Array, version: number): Uint8Array[] {
  const reader = new ByteReader(body)
  reader.vector(1)
  if (version >= WIRE_VERSION['TLSv1.2']) reader.vector(2)
  const authorities = reader.vectors(2, 2)
  reader.end()
  return authorities
}
