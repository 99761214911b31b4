import { inspectedLabels } from '../judging/labels.ts'
import { objectOf, textOf } from '../judging/values.ts'
import type { Json, Reason } from '../request.ts'
import { missingText, type Thing } from './missing.ts'

/** The label of everything that an owner makes. Only `docker-mtls` may set it. */
export const OWNER_LABEL = 'docker-mtls.owner'

type Kind = Thing['kind']

/** The owner of something, by its inspection. Undefined: it has none. */
export function ownerOf(kind: Kind, inspect: Json): string | undefined {
  const labels = inspectedLabels(kind, inspect)
  return Object.hasOwn(labels, OWNER_LABEL) ? textOf(labels[OWNER_LABEL]) : undefined
}

/** Networks that every daemon has. That of the host is a matter of the level. */
const PREDEFINED: ReadonlySet<string> = new Set(['bridge', 'none'])

/** Whether a container names a predefined network, which is always the same. */
export const isPredefinedName = (name: string): boolean => PREDEFINED.has(name) || name === 'default'

/** Whether an owner may use something that exists: what is the owner's, images without an owner, and predefined networks. */
export function isUsable(kind: Kind, inspect: Json, owner: string): boolean {
  const found = ownerOf(kind, inspect)
  if (found !== undefined) return found === owner
  return kind === 'image' || (kind === 'network' && PREDEFINED.has(textOf(objectOf(inspect)['Name'])))
}

/**
 * Whether a volume that is mounted in a container of the owner may be used with it. dockerd gives volumes without a name no
 * labels of ours; nobody else can name such a volume, as it isn't theirs either.
 */
export function isUsableMount(inspect: Json, owner: string): boolean {
  const found = ownerOf('volume', inspect)
  return found === undefined ? /^[0-9a-f]{64}$/.test(textOf(objectOf(inspect)['Name'])) : found === owner
}

/** The reason for something that doesn't exist, and for something of another owner: nothing tells them apart. */
export function notFound({ kind, name }: Thing, where: string): Reason {
  return { code: 'NOT_FOUND', where, got: missingText({ kind, name }) }
}

/** The reason for a name that something of another owner has. */
export function nameTaken({ kind, name }: Thing, where: string): Reason {
  return { code: 'NAME_TAKEN', where, got: `there is a ${kind} ${name} already, which is not yours` }
}
