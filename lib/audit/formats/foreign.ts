import { escapeText } from '../../base/text.ts'

/** Long enough for a list of capabilities or mounts. */
const LONGEST = 1000

/**
 * Foreign text on one line: names, and what a daemon says. No character of it controls a terminal, disguises the text, or is
 * forbidden in XML.
 */
export function shown(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
  return escapeText(cut)
}

/** Characters that `shown` escapes, and `<`, by which JSON within HTML could end its element. */
const UNSAFE = /[<\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/gu

/** JSON whose strings are escaped as far as they could control a terminal or disguise a text. Parsed, they are as before. */
export function safeJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2)
  // JSON.stringify() writes line breaks only between values.
  return `${text.replace(UNSAFE, (found) => (found === '\n' ? found : escapeUnits(found)))}\n`
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }).join('')
}

/** Text for XML content and attributes. */
export function xmlText(text: string): string {
  return text.replace(/[&<>"']/g, (found) => XML[found] ?? found)
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/**
 * Foreign text for Markdown, as code: there, neither HTML nor links, mentions or emphasis have a meaning (CommonMark 0.31,
 * section 6.1). In a table a bar ends the cell, and readers disagree on whether a backslash prevents that after another one, so
 * it is replaced.
 */
export function markdownCode(text: string): string {
  const content = shown(text).replaceAll('|', '<U+007C>')
  const longest = Math.max(0, ...Array.from(content.matchAll(/`+/g), ([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = content === '' || /^[` ]|[` ]$/.test(content) ? ' ' : ''
  return `${fence}${pad}${content}${pad}${fence}`
}

/** Our own text for Markdown. Any of these characters may be escaped (CommonMark 0.31, section 2.4). */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#~&]/g, (found) => `\\${found}`)
}
