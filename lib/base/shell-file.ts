import { readFileSync } from 'node:fs'

/**
 * The text of a shell program beside its module. In the package it is part of the code: the build replaces each
 * `shellFile(new URL('./NAME.sh', import.meta.url))` by the text (scripts/build-code.mjs).
 *
 * @param file - written in exactly this form, because the build reads it from the source
 */
export function shellFile(file: URL): string {
  return readFileSync(file, 'utf8')
}
