import { z } from 'zod'
import { count, field, orElse, text, truth } from './fields.ts'

/** The fields of `GET /swarm` that checks read. The join tokens stay out. */
export const SWARM = z.object({
  Spec: field(
    z.object({
      EncryptionConfig: field(z.object({ AutoLockManagers: orElse(z.boolean(), false) })),
      CAConfig: field(z.object({ NodeCertExpiry: count })),
    }),
  ),
  /** The certificates of the CAs, which are public. */
  TLSInfo: field(z.object({ TrustRoot: text })),
  RootRotationInProgress: truth,
})

/** The fields of `GET /nodes` that checks read. */
export const NODE = z.object({ ID: text, Spec: field(z.object({ Role: text })) })

const PORT = z.object({ PublishedPort: count, Protocol: text, PublishMode: text })

/** The fields of `GET /services` that checks read. */
export const SERVICE = z.object({
  ID: text,
  Spec: field(z.object({ Name: text })),
  /** Its published ports, also those that the swarm chose. */
  Endpoint: field(z.object({ Ports: orElse(z.array(PORT), []) })),
})

/** A config of a swarm. Its data stay out; they are only classified. */
export const CONFIG = z.object({
  id: z.string(),
  name: z.string(),
  /** Undefined if the daemon sent no data. */
  holds: field(z.enum(['nothing secret', 'a private key', 'a password'])),
})

export type SwarmFacts = z.infer<typeof SWARM>
export type ConfigFacts = z.infer<typeof CONFIG>
