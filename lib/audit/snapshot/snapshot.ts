import { z } from 'zod'
import { CONTAINER, EXEC } from './container-schema.ts'
import { TLS } from './tls-schema.ts'
import { INFO, NETWORK, VERSION, VOLUME } from './daemon-schema.ts'
import { IMAGE, RUNNING_IMAGE_FACTS, HISTORY } from './image-schema.ts'
import { PLUGIN } from './plugin-schema.ts'
import { CONFIG, NODE, SERVICE, SWARM } from './swarm-schema.ts'
import { part, text } from './fields.ts'
import { HOST } from './host/schema.ts'

/** Raised when a check would misread an older snapshot. */
export const SNAPSHOT_FORMAT = 1

/** A part of the snapshot: its value, or why it could not be read. */
export type Part<Type> = { readonly value: Type } | { readonly unknown: string }

/** A container, with what was asked about it. */
const AUDITED_CONTAINER = z.object({
  id: z.string(),
  /** Without the leading slash. */
  name: z.string(),
  inspect: part(CONTAINER),
  /** Its running execs. */
  execs: part(z.array(EXEC)),
  /** The names of its processes, without their arguments. Empty if it doesn't run. */
  commands: part(z.array(z.string())),
  /** The image as the list of containers shows it: an id where the tag no longer names that image. */
  listedImage: text,
})

/** An image of a running container. */
const RUNNING_IMAGE = z.object({
  id: z.string(),
  /** As the containers name it. */
  name: z.string(),
  inspect: part(RUNNING_IMAGE_FACTS),
  history: part(HISTORY),
})

/**
 * A gateway of docker-mtls between us and the daemon. What it shows: `all`, only the caller's `own` things, or `unknown` if it
 * didn't let us ask.
 */
const GATEWAY = z.object({
  shows: z.enum(['all', 'own', 'unknown']),
  /** The newest version of the daemon's API, if the gateway doesn't know it. */
  unknownApi: z.string().optional(),
})

export const SNAPSHOT = z.object({
  format: z.literal(SNAPSHOT_FORMAT),
  /** When it was collected, in ISO 8601. */
  at: z.string(),
  /** The endpoint as users write it. */
  target: z.string(),
  apiVersion: z.string(),
  /** The local time of `info.SystemTime`, halfway between question and answer, in milliseconds since 1970. */
  infoAt: z.number(),
  version: part(VERSION),
  info: part(INFO),
  /** All containers, also stopped ones. */
  containers: part(z.array(AUDITED_CONTAINER)),
  networks: part(z.array(NETWORK)),
  volumes: part(z.array(VOLUME)),
  /** Null if the daemon is reached without TLS, by a local socket or ssh. */
  tls: part(TLS.nullable()),
  /** Null if no gateway of docker-mtls says that it is there. Other proxies don't show. */
  gateway: part(GATEWAY.nullable()).default({ unknown: 'the snapshot is of an older version of docker-mtls' }),
  /** Plugins that the daemon manages. */
  plugins: part(z.array(PLUGIN)),
  images: part(z.array(IMAGE)),
  runningImages: part(z.array(RUNNING_IMAGE)),
  /** The parts below are read only from an active manager of a swarm. */
  swarm: part(SWARM),
  nodes: part(z.array(NODE)),
  services: part(z.array(SERVICE)),
  configs: part(z.array(CONFIG)),
  /** Null if the files of the host were not to be read. Absent in older snapshots. */
  host: part(HOST).nullable().default(null),
})

/**
 * Everything that the checks look at, collected once. It contains no values of environment variables, no labels, no command
 * lines, no contents of swarm configs, no keys and no passwords. You can save it as JSON, and replay it with {@link parseSnapshot}.
 */
export type Snapshot = z.infer<typeof SNAPSHOT>
/** Is there certainly a gateway of docker-mtls between us and the daemon? */
export function isBehindGateway({ gateway }: Pick<Snapshot, 'gateway'>): boolean {
  return 'value' in gateway && gateway.value !== null
}

// By way of Snapshot, so that the declaration file has these long types once.
type ElementOf<List extends Part<unknown[]>> = Extract<List, { value: unknown }>['value'][number]
export type AuditedContainer = ElementOf<Snapshot['containers']>
export type RunningImage = ElementOf<Snapshot['runningImages']>
