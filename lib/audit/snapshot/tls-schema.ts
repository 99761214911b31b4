import { z } from 'zod'
import { part } from './fields.ts'

/** A certificate as plain data. */
export const CERTIFICATE = z.object({
  commonName: z.string().optional(),
  subject: z.string(),
  issuer: z.string(),
  dns: z.array(z.string()),
  ip: z.array(z.string()),
  /** ISO 8601. */
  validFrom: z.string(),
  validTo: z.string(),
  /** Absent: for any purpose. */
  purposes: z.array(z.string()).optional(),
  keyType: z.string(),
  keyBits: z.number().optional(),
  curve: z.string().optional(),
  isCa: z.boolean(),
  signatureAlgorithm: z.string(),
  fingerprint256: z.string(),
  /** Absent: it could not be read. */
  extensions: z
    .object({
      keyUsage: z.array(z.string()).optional(),
      pathLength: z.number().optional(),
      criticalExtensions: z.array(z.string()),
    })
    .optional(),
})

/** See askPort(). */
const ANSWER = z.enum(['refused', 'docker', 'http', 'other', 'silent', 'closed', 'filtered'])

/** What handshakes without a request show; see probeServer(). */
const HANDSHAKES = z.object({
  plaintext: ANSWER,
  protocols: z.array(z.string()),
  clientCertificate: z.enum(['required', 'requested', 'not asked for', 'unknown']),
  /** The CAs whose clients it accepts, as it names them. */
  acceptedCas: z.union([z.array(z.string()), z.literal('not asked for'), z.literal('unknown')]),
  /** Whether it names our CAs and no others. */
  namesOnlyOurCas: z.boolean(),
})

/** What answers on another port of the same host. */
const NEIGHBOUR = z.object({ port: z.number(), answer: ANSWER })

export const TLS = z.object({
  host: z.string(),
  port: z.number(),
  /** Of the connection that the audit used. */
  version: z.string(),
  cipher: z.string(),
  /** See `keyExchange` of a peer. Absent in older snapshots. */
  keyExchange: z.string().optional(),
  /** The OpenSSL of the process that made the connection. */
  openssl: z.string().optional(),
  server: CERTIFICATE,
  client: CERTIFICATE,
  cas: z.array(CERTIFICATE),
  handshakes: part(HANDSHAKES),
  /** Whether it accepts a suite with CBC in TLS 1.2. */
  acceptsCbc: part(z.boolean()),
  /** Whether it chooses HTTP/2, if it is offered. */
  speaksHttp2: part(z.boolean()),
  /** Whether it supports the key exchange X25519MLKEM768. */
  postQuantum: part(z.boolean()),
  neighbours: part(z.array(NEIGHBOUR)),
})

export type TlsFacts = z.infer<typeof TLS>
export type AuditedCertificate = z.infer<typeof CERTIFICATE>
export type Answer = z.infer<typeof ANSWER>
