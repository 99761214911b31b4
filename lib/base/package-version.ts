import { readFileSync } from 'node:fs'

/** Two folders up, from lib/base as well as from dist/cli and dist/chunks. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
