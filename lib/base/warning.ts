import { plainTexts, type Sentence } from './sentence.ts'

/** Something that the user should know, although the work goes on. Code that depends on it reads `code`, not the text. */
export interface Warning<Code extends string = string> {
  readonly code: Code
  readonly text: Sentence
}

/** The texts of warnings, as functions of the public API return them. */
export function warningTexts(warnings: readonly Warning[]): string[] {
  return plainTexts(warnings.map(({ text }) => text))
}
