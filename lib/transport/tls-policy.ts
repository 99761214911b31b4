import type { SecureContextOptions } from 'node:tls'
import { FOREIGN_RUNTIME } from '../base/runtime.ts'

/**
 * The TLS settings of all our connections. They are explicit, so NODE_OPTIONS (`--tls-min-v1.0`, `--tls-cipher-list`)
 * and NODE_TLS_REJECT_UNAUTHORIZED can't weaken them. No option changes them.
 */
export const TLS_POLICY: Readonly<Required<Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'ciphers'>>> = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  /**
   * The TLS 1.3 suites, and for TLS 1.2 those with forward secrecy and an AEAD. Every dockerd since 1.13 supports them.
   */
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
    // At least 112 bits for every key and signature in the server's chain (SSL_CTX_set_security_level(3)). Node 20 and
    // 22 default to less, and so may an OpenSSL configuration (OPENSSL_CONF, NODE_OPTIONS=--openssl-config).
    // BoringSSL in Bun doesn't know it; there, server-chain.ts checks keys and signatures.
    ...(FOREIGN_RUNTIME?.name === 'Bun' ? [] : ['@SECLEVEL=2']),
  ].join(':'),
}

/** A hijacked stream (attach, exec) needs a connection of its own, which HTTP/2 doesn't provide. */
export const ALPN_PROTOCOLS: string[] = ['http/1.1']

/** The default limit for name resolution, TCP and the TLS handshake together, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000

/**
 * The time for each address of a dual-stack name before the next is tried, in milliseconds. Node's default of 250 ms is
 * too short for distant hosts.
 */
export const FAMILY_ATTEMPT_MS = 2_000

/** The delay of TCP keep-alive, in milliseconds. On long streams nothing else detects a dead peer. */
export const KEEP_ALIVE_MS = 30_000

/**
 * How long nothing may come back for what was sent before the dispatcher asks whether the daemon is still reachable, in
 * milliseconds. TCP keep-alive doesn't ask while data are unacknowledged, and TCP itself gives up after 15 minutes (tcp(7),
 * tcp_retries2).
 */
export const UNANSWERED_MS = 30_000

/** The time limit for the head of an answer to a short call, in milliseconds. */
export const RESPONSE_TIMEOUT_MS = 300_000
