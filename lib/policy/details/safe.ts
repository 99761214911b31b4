import { parseSecurityOptions } from '../../container/security-options.ts'
import { parseReference } from '../../registry/reference.ts'
import type { Json } from '../request.ts'
import { objectOf, textOf } from '../judging/values.ts'

/** Stands for a text that may be a secret. */
export const HIDDEN = '*'

/** The name or id of an image. Anything else could be a login. */
export function imageText(text: string): string {
  if (text === '' || /^(?:sha256:)?[0-9a-f]{1,64}$/.test(text)) return text
  try {
    parseReference(text)
    return text
  } catch {
    return HIDDEN
  }
}

/** Name and tag or digest of an image, which a request has apart. */
export function joinTag(name: string, tag: string): string {
  if (name === '' || tag === '') return imageText(name)
  return imageText(tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`)
}

/** A URL without login, query and fragment, each of which may have a token. `-`: the body itself. */
export function remoteText(text: string): string {
  if (text === '' || text === '-') return text
  const scp = /^git@[\w.-]+:[\w./~-]+/.exec(text)
  if (scp) return scp[0]
  // Docker also takes these without a scheme (moby, builder/remotecontext/urlutil).
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`
  if (!URL.canParse(url)) return HIDDEN
  const { protocol, host, pathname } = new URL(url)
  // A login in a URL with a mistake.
  if (pathname.includes('@')) return HIDDEN
  return `${protocol}//${host}${pathname}`
}

/** `linux/arm64`, several with commas, also of the JSON that some operations take. */
export function platformText(text: string): string {
  const given = text.startsWith('{') ? platformIn(text) : text
  return /^[\w./,-]*$/.test(given) ? given : HIDDEN
}

function platformIn(text: string): string {
  try {
    const { os, architecture, variant } = objectOf(JSON.parse(text) as Json)
    return [os, architecture, variant].map(textOf).filter(Boolean).join('/')
  } catch {
    return HIDDEN
  }
}

/** What has the form of the name of an option. */
export const optionName = (name: string): string => (/^[a-z][\w.-]{0,63}$/i.test(name) ? name : HIDDEN)

/** Options of dockerode for itself. If one is undefined, dockerode sends it as an empty query parameter. */
const CLIENT_OPTIONS: ReadonlySet<string> = new Set(['abortSignal', 'authconfig', 'registryconfig'])

/** The name of a query parameter that no dockerd reads, if it is one of a known client. */
export const leftOutName = (name: string): string => (CLIENT_OPTIONS.has(name) ? name : HIDDEN)

/** Values of security options that are words. Others are profiles, some of them with credentials. */
const WORDS: Readonly<Record<string, RegExp>> = {
  apparmor: /^[\w.-]+$/,
  label: /^[\w.:,-]+$/,
  'no-new-privileges': /^\w+$/,
  seccomp: /^(?:unconfined|builtin)$/,
  systempaths: /^\w+$/,
}
const KNOWN: ReadonlySet<string> = new Set([...Object.keys(WORDS), 'credentialspec', 'writable-cgroups'])

/** `seccomp=unconfined`, and `seccomp=*` for a profile. */
export function securityOption(name: string, value: string): string {
  if (!KNOWN.has(name)) return HIDDEN
  return `${name}=${WORDS[name]?.test(value) ? value : HIDDEN}`
}

/** The same for options as requests have them. */
export function securityOptions(given: readonly string[]): string[] {
  return [...parseSecurityOptions(given)].flatMap(([name, values]) =>
    values.map((value) => securityOption(name, value)),
  )
}
