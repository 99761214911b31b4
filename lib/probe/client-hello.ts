import { randomBytes } from 'node:crypto'

/** A version of TLS, by its name in Node. */
export type Protocol = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** All of them, the oldest first. */
export const PROTOCOLS: readonly Protocol[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** On the wire: RFC 2246, 4346, 5246 and 8446, each in its section on the ClientHello. */
export const WIRE_VERSION: Readonly<Record<Protocol, number>> = {
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
}

const SUITES_13 = [0x1301, 0x1302, 0x1303]
/**
 * Nothing is ever encrypted with these, so weak ones are included, to recognize servers that accept nothing better: ECDHE
 * with AEAD, ECDHE with CBC, DHE, then RSA key transport down to 3DES.
 */
const SUITES_12 = [
  0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc009, 0xc013, 0xc024, 0xc028, 0xc00a, 0xc014,
  0x009e, 0x009f, 0xccaa, 0x0033, 0x0039, 0x0067, 0x006b, 0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035, 0x000a,
]

const EXTENSION = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  supportedVersions: 43,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const

/** x25519, P-256, P-384, P-521 (RFC 8446 section 4.2.7). */
const GROUPS = [0x001d, 0x0017, 0x0018, 0x0019]
/** X25519MLKEM768, a key exchange that quantum computers don't break (IANA, TLS Supported Groups). */
export const POST_QUANTUM_GROUPS: readonly number[] = [0x11ec]
/** ECDSA, Ed25519, Ed448, RSA-PSS, RSA, and SHA-1 for old servers (RFC 8446 section 4.2.3). */
const SIGNATURES = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
  0x0203, 0x0201,
]

/** A number of this many bytes. */
function uint(width: 1 | 2 | 3, value: number): Buffer {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, 0, width)
  return bytes
}

const uint16s = (values: readonly number[]): Buffer => Buffer.concat(values.map((value) => uint(2, value)))

/** Bytes that follow their length (RFC 8446 section 3.4). */
function vector(width: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts)
  return Buffer.concat([uint(width, contents.length), contents])
}

function extension(type: number, contents: Uint8Array): Buffer {
  return Buffer.concat([uint(2, type), vector(2, contents)])
}

function serverNameOf(name: string): Buffer {
  if (name === '') return Buffer.alloc(0)
  return extension(EXTENSION.serverName, vector(2, uint(1, 0), vector(2, Buffer.from(name))))
}

/** A server that supports 1.3 asks for another key share, or sends its own: both show its version. */
const ONLY_13 = Buffer.concat([
  extension(EXTENSION.supportedVersions, vector(1, uint(2, WIRE_VERSION['TLSv1.3']))),
  // RFC 8446 section 4.2.8: an empty list asks the server to choose a group.
  extension(EXTENSION.keyShare, vector(2)),
])

function extensions(protocol: Protocol, servername: string, groups: readonly number[]): Buffer {
  const modern = WIRE_VERSION[protocol] >= WIRE_VERSION['TLSv1.2']
  return vector(
    2,
    serverNameOf(servername),
    extension(EXTENSION.supportedGroups, vector(2, uint16s(groups))),
    extension(EXTENSION.pointFormats, vector(1, uint(1, 0))),
    // RFC 5246 section 7.4.1.4.1: not for a client that offers less than 1.2.
    modern ? extension(EXTENSION.signatureAlgorithms, vector(2, uint16s(SIGNATURES))) : Buffer.alloc(0),
    protocol === 'TLSv1.3' ? ONLY_13 : extension(EXTENSION.renegotiationInfo, vector(1)),
  )
}

/**
 * A ClientHello in its record, for exactly one version. OpenSSL, and so Node, offers no old versions at its usual security
 * level, and doesn't show the list of CAs in the answer.
 *
 * @param protocol - the version
 * @param servername - the name for SNI; empty: none (RFC 6066 section 3: an address is no name)
 * @param groups - the key exchanges that it offers
 */
export function renderClientHello(protocol: Protocol, servername = '', groups: readonly number[] = GROUPS): Buffer {
  const is13 = protocol === 'TLSv1.3'
  const hello = Buffer.concat([
    // RFC 8446 section 4.1.2: 1.3 calls itself 1.2 here.
    uint(2, Math.min(WIRE_VERSION[protocol], WIRE_VERSION['TLSv1.2'])),
    randomBytes(32),
    vector(1, is13 ? randomBytes(32) : Buffer.alloc(0)),
    vector(2, uint16s(is13 ? SUITES_13 : SUITES_12)),
    vector(1, uint(1, 0)),
    extensions(protocol, servername, groups),
  ])
  // A handshake record (22) of the oldest version (RFC 8446 section 5.1), and in it a ClientHello (1).
  return Buffer.concat([uint(1, 22), uint(2, WIRE_VERSION.TLSv1), vector(2, uint(1, 1), vector(3, hello))])
}
