import type { Need } from '../facts.ts'
import { readTag } from './image-names.ts'

/** Something that the daemon has, or not. */
export interface Thing {
  readonly kind: Exclude<Need['kind'], 'daemon'>
  readonly name: string
}

/** What dockerd says of a thing that doesn't exist (moby, daemon/errors.go and others). */
const TEXTS: Readonly<Record<Thing['kind'], (name: string) => string>> = {
  container: (name) => `No such container: ${name}`,
  exec: (id) => `No such exec instance: ${id}`,
  image: (name) => `No such image: ${readTag(name)?.familiar ?? name}`,
  network: (name) => `network ${name} not found`,
  service: (name) => absentText('service', name),
  volume: (name) => `get ${name}: no such volume`,
}

/** dockerd's message for a thing that doesn't exist. */
export const missingText = ({ kind, name }: Thing): string => TEXTS[kind](name)

/** The same for a kind of which owners have nothing. */
export function absentText(kind: string, name: string): string {
  return `${kind} ${kind === 'plugin' ? JSON.stringify(name) : name} not found`
}
