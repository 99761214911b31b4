import { readFileSync } from 'node:fs'

/**
 * The text of a shell program that lies beside its module. In the package it is part of the code: the build puts the text
 * in the place of each `shellFile(new URL('./NAME.sh', import.meta.url))` (scripts/build-code.mjs).
 *
 * @param file - written just so: the build reads it from the source
 */
export function shellFile(file: URL): string {
  return readFileSync(file, 'utf8')
}
