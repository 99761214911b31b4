import { readFileSync } from 'node:fs'

/**
 * The text of a file beside its module, such as a style sheet. In the package it is part of the code: the build replaces each
 * `textFile(new URL('./NAME.css', import.meta.url))` by the text (scripts/build-code.mjs).
 *
 * @param file - written in exactly this form, because the build reads it from the source
 */
export function textFile(file: URL): string {
  return readFileSync(file, 'utf8')
}
