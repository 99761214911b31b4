import { shellWord } from '../../../base/quoting/posix.ts'
import { escapeText, UNPRINTABLE } from '../../../base/text.ts'

/**
 * Foreign text as a word for a shell. A word with unprintable characters is written as `$'...'`, with their bytes in octal
 * (POSIX.1-2024, XCU 2.2.4; bash, zsh and ksh know it, some other shells don't).
 */
export function safeShellWord(text: string): string {
  if (escapeText(text) === text) return shellWord(text)
  const escaped = text.replace(/[\\']/g, '\\$&').replace(UNPRINTABLE, octal)
  return `$'${escaped}'`
}

function octal(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}

/** Fields separated by commas, as `--mount` and `--network` take them (RFC 4180). */
export function csvLine(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')
}
