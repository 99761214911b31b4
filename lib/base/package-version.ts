import { readFileSync } from 'node:fs'

/** The build writes the version in its place (scripts/build-code.mjs). */
declare const PACKAGE_VERSION: string | undefined

/** The version in package.json. Only the sources read it from there. */
export function packageVersion(): string {
  if (typeof PACKAGE_VERSION === 'string') return PACKAGE_VERSION
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
