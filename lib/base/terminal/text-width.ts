/** Characters that terminals show twice as wide, and without width (UAX 11; terminals differ). */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u
const COMBINING = /\p{M}/u

/** How many columns a text takes on a terminal. */
export function textWidth(text: string): number {
  return Array.from(text).reduce((width, character) => width + widthOfCharacter(character), 0)
}

function widthOfCharacter(character: string): number {
  if (COMBINING.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** The beginning of a text that is too wide; `more` stands for the rest. */
export function cut(text: string, width: number, more: string): string {
  if (textWidth(text) <= width) return text
  let left = width - textWidth(more)
  let shown = ''
  for (const character of text) {
    left -= widthOfCharacter(character)
    if (left < 0) break
    shown += character
  }
  return `${shown.trimEnd()}${more}`
}
