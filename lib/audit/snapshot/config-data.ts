import { SECRET_WORDS } from '../container/secret-names.ts'
import type { ConfigFacts } from './swarm-schema.ts'

// A config has up to 1 MB of any data, so these patterns must not try the same characters again and again.

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/
/** `password: hunter2`, `"api_key" = "..."`. Not `password_file`, and no reference to a variable, a template or a file. */
const PASSWORD = new RegExp(
  String.raw`${SECRET_WORDS}["']?[ \t]{0,20}[:=][ \t]{0,20}["']?(?!(?:true|false|null|none|yes|no)\b)[^\s"'$<{/%*#,;[]{4}`,
  'gi',
)
const COMMENT = /^\s*(?:#|\/\/|;)/
/** How far before a match a comment may begin. */
const LINE = 200

/** Says whether the data of a config look like a secret. Undefined for data that are absent. */
export function classifyConfig(base64: unknown): ConfigFacts['holds'] {
  if (typeof base64 !== 'string') return undefined
  const text = Buffer.from(base64, 'base64').toString('latin1')
  if (PRIVATE_KEY.test(text)) return 'a private key'
  for (const { index } of text.matchAll(PASSWORD)) if (!isComment(text, index)) return 'a password'
  return 'nothing secret'
}

function isComment(text: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - LINE), index)
  return COMMENT.test(before.slice(before.lastIndexOf('\n') + 1))
}
