import type { SecureContextOptions } from 'node:tls'

/**
 * What every TLS connection of ours is, said explicitly so that NODE_OPTIONS (`--tls-min-v1.0`,
 * `--tls-cipher-list`) and NODE_TLS_REJECT_UNAUTHORIZED can't lower it. There is no option beside it.
 */
export const TLS_POLICY: Readonly<Required<Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'ciphers'>>> = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  /** The TLS 1.3 suites, and forward secrecy with an AEAD for TLS 1.2: what every dockerd since 1.13 offers. */
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    // 112 bits at least for every key and signature in the server's chain (SSL_CTX_set_security_level(3)): an
    // OpenSSL configuration (OPENSSL_CONF, NODE_OPTIONS=--openssl-config) and Node 20 and 22 have it lower.
    '@SECLEVEL=2',
  ].join(':'),
}

/** A hijacked stream (attach, exec) needs the whole connection, which h2 would not give. */
export const ALPN_PROTOCOLS: string[] = ['http/1.1']

/** Name resolution, TCP and the handshake together, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000

/** A node of a dual-stack name gets this long before the next is tried (Node's default of 250 ms gives up on distant hosts). */
export const FAMILY_ATTEMPT_MS = 2_000

/** A peer that vanished without a word is noticed by TCP: on long streams nothing else would. In milliseconds. */
export const KEEP_ALIVE_MS = 30_000

/** Until the head of the answer, for calls that answer at once. In milliseconds. */
export const RESPONSE_TIMEOUT_MS = 300_000
