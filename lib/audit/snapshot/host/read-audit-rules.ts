import { named, type Values } from './named.ts'
import type { HostFacts } from './schema.ts'

type AuditRules = HostFacts['auditRules']

const KERNEL = 'rules kernel'
/** A watch of a path for reading alone would miss changes (auditctl(8), -p). */
const CHANGES = /[wa]/

/** Reads which paths auditd watches: by the rules in force, or else by those in its files. */
export function readAuditRules(values: Values): AuditRules {
  const isInstalled = values.get('auditd') === 'yes'
  const kernel = values.get(KERNEL)
  if (kernel !== undefined) return rules(true, 'kernel', [kernel])
  if (named(values, 'rules-unread ').length > 0) return { unknown: 'only root can read the rules of auditd' }
  const texts = named(values, 'rules ').map(([, text]) => text)
  return rules(isInstalled, 'files', texts)
}

function rules(isInstalled: boolean, from: 'kernel' | 'files', texts: readonly string[]): AuditRules {
  const watched = texts.flatMap((text) => text.split('\n')).flatMap((line) => watchedPath(line) ?? [])
  return { value: { isInstalled, from, watched: [...new Set(watched)] } }
}

/** `-w PATH -p wa -k KEY`, or `-a always,exit -F path=PATH -F perm=wa` (auditctl(8)). */
function watchedPath(line: string): string | undefined {
  if (!/^\s*-[wa]\s/.test(line) || /^\s*-a\s+(?:never|\S*,never)/.test(line)) return undefined
  const path = /(?:^\s*-w\s+|\s-F\s+(?:path|dir)=)(\/\S*)/.exec(line)?.[1]
  const permissions = /(?:\s-p\s+|\s-F\s+perm=)(\S+)/.exec(line)?.[1]
  return permissions === undefined || CHANGES.test(permissions) ? path : undefined
}
