import { renderSentence, type Sentence } from './sentence.ts'

/** Something that a person should know before or after work that goes on. Code that decides on it reads the code. */
export interface Warning<Code extends string = string> {
  readonly code: Code
  readonly text: Sentence
}

/** The texts of warnings, as functions of the public API return them. */
export function warningTexts(warnings: readonly Warning[]): string[] {
  return warnings.map(({ text }) => renderSentence(text))
}
