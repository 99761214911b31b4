import { shellLine } from './quoting/posix.ts'

/** A command line, word for word. The first word of one of ours is `docker-mtls`. */
export interface CommandPart {
  /** The program and its arguments, unquoted. */
  readonly command: readonly string[]
}

/** An option of a function of this package, by its name there. The command line shows the flag in its place. */
export interface OptionPart {
  /** The name of the option, as in code. */
  readonly option: string
  /** What to set it to, as it is written in code: `true`, `'tcp://HOST:2376'`. */
  readonly value?: string
}

/** A piece of a {@link Sentence}: text, a command line, or an option. */
export type SentencePart = string | CommandPart | OptionPart

/**
 * Text for a person, with its commands and options as data: whoever prints it renders them for the reader, so that no code
 * has to find them in the text.
 */
export type Sentence = string | readonly SentencePart[]

/** How commands and options are written. */
export interface SentenceStyle {
  readonly command: (words: readonly string[]) => string
  readonly option: (part: OptionPart) => string
}

/** For a developer: commands quoted for a POSIX shell, options by their names in code. */
const IN_CODE: SentenceStyle = {
  command: (words) => shellLine(...words),
  option: ({ option: name, value }) => (value === undefined ? name : `${name}: ${value}`),
}

/** A command line in a {@link sentence}. */
export function command(...words: readonly string[]): CommandPart {
  return { command: words }
}

/** A command line of this package in a {@link sentence}: `ours('cert', 'list')` is `docker-mtls cert list`. */
export function ours(...words: readonly string[]): CommandPart {
  return command('docker-mtls', ...words)
}

/** An option of this package in a {@link sentence}. */
export function option(name: string, value?: string): OptionPart {
  return { option: name, ...(value !== undefined && { value }) }
}

/**
 * A sentence with commands and options in it.
 *
 * @example
 * ```ts
 * sentence`Issue it again:  ${ours('cert', 'server', 'build01')}`
 * ```
 */
export function sentence(
  texts: TemplateStringsArray,
  ...values: readonly (Sentence | SentencePart | number)[]
): Sentence {
  const parts = texts.flatMap((text, index): SentencePart[] => {
    const value = values[index]
    if (value === undefined) return [text]
    return [text, ...(Array.isArray(value) ? (value as SentencePart[]) : [asPart(value as SentencePart | number)])]
  })
  return parts.filter((part) => part !== '')
}

function asPart(value: SentencePart | number): SentencePart {
  return typeof value === 'number' ? String(value) : value
}

/** The text of a sentence. */
export function renderSentence(text: Sentence, style: SentenceStyle = IN_CODE): string {
  return partsOf(text)
    .map((part) =>
      typeof part === 'string' ? part : 'command' in part ? style.command(part.command) : style.option(part),
    )
    .join('')
}

/** Where a list of texts keeps the sentences that it was rendered from. */
const SENTENCES: unique symbol = Symbol.for('docker-mtls.texts.sentences') as never

/**
 * Renders sentences for a field of the public API, which holds plain texts. The list keeps the sentences where neither
 * `console.log` nor JSON shows them, so that the command line can render them for its reader.
 */
export function plainTexts(sentences: readonly Sentence[]): string[] {
  const texts = sentences.map((text) => renderSentence(text))
  return Object.defineProperty(texts, SENTENCES, { value: [...sentences] })
}

/** The sentences that {@link plainTexts} rendered; of any other list, its texts. */
export function sentencesIn(texts: readonly string[]): readonly Sentence[] {
  return (texts as { readonly [SENTENCES]?: readonly Sentence[] })[SENTENCES] ?? texts
}

/** The parts of a sentence; plain text is a single one. */
export function partsOf(text: Sentence): readonly SentencePart[] {
  return typeof text === 'string' ? [text] : text
}

/** The name of our command: `docker-mtls`, or what the reader has to type instead. */
export const SELF: CommandPart = ours()
