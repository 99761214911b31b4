import { UNPRINTABLE } from '../../../base/text.ts'
import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import { composeService } from './compose-service.ts'
import type { ComposeMap, ComposeValue } from './compose-value.ts'
import type { WriteOptions } from './write-options.ts'

/**
 * A Compose file with one service that is the same container. Its volumes and networks are external: Compose uses those
 * that are there.
 */
export function composeFile(body: ContainerCreateRequest, options: WriteOptions): string {
  const service = composeService(body, options)
  const networks = Object.keys(isMap(service['networks']) ? service['networks'] : {})
  const volumes = namedVolumes(service['volumes'])
  return yamlOf({
    services: { [options.name]: service },
    ...(networks.length > 0 && { networks: external(networks) }),
    ...(volumes.length > 0 && { volumes: external(volumes) }),
  })
}

function external(names: readonly string[]): ComposeMap {
  return Object.fromEntries(names.map((name) => [name, { name, external: true }]))
}

function namedVolumes(volumes: ComposeValue | undefined): string[] {
  const list = Array.isArray(volumes) ? (volumes as readonly ComposeValue[]) : []
  const sources = list.flatMap((mount) => {
    const source = isMap(mount) && mount['type'] === 'volume' ? mount['source'] : undefined
    return typeof source === 'string' && source !== '' ? [source] : []
  })
  return [...new Set(sources)]
}

function isMap(value: ComposeValue | undefined): value is ComposeMap {
  return typeof value === 'object' && !Array.isArray(value)
}

/** Blocks for maps and lists, and JSON for texts: each JSON string is one of YAML 1.2 (section 1.2). */
function yamlOf(value: ComposeMap, indent = ''): string {
  return Object.entries(value)
    .map(([key, item]) => `${indent}${yamlKey(key)}:${yamlItem(item, indent)}`)
    .join('')
}

function yamlItem(value: ComposeValue, indent: string): string {
  if (Array.isArray(value)) {
    const items = value as readonly ComposeValue[]
    if (items.length === 0) return ' []\n'
    return `\n${items.map((item) => `${indent}  - ${listItem(item, indent)}`).join('')}`
  }
  if (!isMap(value)) return ` ${yamlScalar(value)}\n`
  return Object.keys(value).length === 0 ? ' {}\n' : `\n${yamlOf(value, `${indent}  `)}`
}

/** The first key of a map is on the line of its dash. */
function listItem(item: ComposeValue, indent: string): string {
  return isMap(item) ? yamlOf(item, `${indent}    `).trimStart() : `${yamlScalar(item)}\n`
}

/** A key that no reader takes for a number, a truth value or null. */
function yamlKey(key: string): string {
  return /^[a-z][a-z_]+$/.test(key) && !/^(?:true|false|yes|no|on|off|null)$/.test(key) ? key : text(key)
}

/** Compose replaces `$NAME` by a variable, and `$$` by a dollar sign. */
function yamlScalar(value: ComposeValue): string {
  return typeof value === 'string' ? text(value.replaceAll('$', '$$$$')) : JSON.stringify(value)
}

/** YAML escapes characters beyond U+FFFF in one piece, JSON in two. */
function text(value: string): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
  })
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
