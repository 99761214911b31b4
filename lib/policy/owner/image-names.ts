import { parseReference, type ImageReference } from '../../registry/reference.ts'
import type { ReadRequest } from '../request.ts'

/** A name with its tag. */
export interface Tagged {
  /** `docker.io/library/alpine:3`: no id looks like it. */
  readonly full: string
  /** `alpine:3`. */
  readonly familiar: string
}

/** Reads a name, to which `tag` adds a tag as dockerd does: in the place of another one. Undefined: it is no name. */
export function readTag(name: string, tag = ''): Tagged | undefined {
  const read = parse(name)
  if (read === undefined) return undefined
  if (tag === '' && read.digest !== undefined) return whole(read, `@${read.digest}`)
  if (tag === '') return whole(read, `:${read.tag ?? 'latest'}`)
  if (tag.includes(':')) return parse(`${read.name}@${tag}`) && whole(read, `@${tag}`)
  return parse(`${read.name}:${tag}`) && whole(read, `:${tag}`)
}

const whole = ({ name, familiarName }: ImageReference, end: string): Tagged => ({
  full: name + end,
  familiar: familiarName + end,
})

function parse(text: string): ImageReference | undefined {
  try {
    return parseReference(text)
  } catch {
    return undefined
  }
}

/** Does a name stand for all tags of a repository, where dockerd reads it so? */
export function isWholeRepository(name: string, tag = ''): boolean {
  if (tag !== '' || /^(?:sha256:)?[0-9a-f]{64}$/.test(name)) return false
  const read = parse(name)
  return read === undefined || (read.tag === undefined && read.digest === undefined)
}

/** The first value of a query parameter. */
export const first = ({ query }: ReadRequest, name: string): string => query.get(name)?.[0] ?? ''
