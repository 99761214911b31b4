import type { ErrorCode } from './error-codes.ts'
import { renderSentence, type Sentence } from './sentence.ts'
import { escapeText } from './text.ts'

/** The texts of an error, and its cause. */
export interface Failure {
  /** What was tried, and on what. */
  readonly tried: Sentence
  /** What came back, without a full stop at the end. */
  readonly got: Sentence
  /** More about `got`, each on a line of its own. */
  readonly details?: readonly Sentence[]
  /** The remedy: a sentence, with its commands and options as data. */
  readonly todo: Sentence
  /** The error that caused this one. */
  readonly cause?: unknown
}

/** The texts of an error as data, to render them differently than `message` does. */
export type ErrorSentences = Readonly<Record<'tried' | 'got' | 'todo', Sentence>> & Pick<Failure, 'details'>

/** Shared by all copies of the package in a process, so that guards agree across them. */
export const BRAND: unique symbol = Symbol.for('docker-mtls.error') as never
/** Where a prototype keeps the name of its class, for `instanceof` across two copies of the package. */
const CLASS_NAME: unique symbol = Symbol.for('docker-mtls.error.class') as never
/** Where an error keeps its {@link ErrorSentences}. */
const SENTENCES: unique symbol = Symbol.for('docker-mtls.error.sentences') as never

/** The texts of a {@link Failure} in an error, escaped, since they may quote a peer, a certificate or a file. */
export interface Texts {
  readonly tried: string
  readonly got: string
  readonly todo: string
  readonly message: string
  // Not ErrorOptions, which the types of ES2020 lack.
  readonly options: { readonly cause?: unknown } | undefined
}

/** Renders a failure as the library shows it. */
export function textsOf({ tried, got, details = [], todo, cause }: Failure): Texts {
  const texts = { tried: textOf(tried), got: textOf(got), todo: textOf(todo) }
  const message = [`${texts.tried}: ${texts.got}.`, ...details.map(textOf), texts.todo].join('\n')
  return { ...texts, message, options: cause === undefined ? undefined : { cause } }
}

/** A text may quote a peer or a file, which can be long. In characters; escapes may multiply them. */
const LONGEST_TEXT = 4000

function textOf(part: Sentence): string {
  return shortened(escapeText(renderSentence(part)))
}

function shortened(text: string): string {
  // Without half of a surrogate pair at the end.
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, '')}...` : text
}

/** A sentence that is short enough stays the same object, by which callers recognize it. */
function shortenedSentence(part: Sentence): Sentence {
  if (typeof part === 'string') return shortened(part)
  const isLong = part.some((one) => typeof one === 'string' && one.length > LONGEST_TEXT)
  return isLong ? part.map((one) => (typeof one === 'string' ? shortened(one) : one)) : part
}

/** Keeps the sentences in an error, where neither `console.log` nor JSON shows them. */
export function keepSentences(error: object, { tried, got, details, todo }: Failure): void {
  const value: ErrorSentences = {
    tried: shortenedSentence(tried),
    got: shortenedSentence(got),
    ...(details && { details: details.map(shortenedSentence) }),
    todo: shortenedSentence(todo),
  }
  Object.defineProperty(error, SENTENCES, { value })
}

/**
 * The sentences of an error, also of another copy of the package.
 *
 * @example
 * ```ts
 * if (isDockerMtlsError(error)) console.log(sentencesOf(error).todo)
 * ```
 */
export function sentencesOf(error: ErrorSentences): ErrorSentences {
  const { tried, got, todo } = error
  return (error as { [SENTENCES]?: ErrorSentences })[SENTENCES] ?? { tried, got, todo }
}

/**
 * Gives an error class its name, on the prototype like built-in classes. By that name, `instanceof` also recognizes objects
 * of another copy of the package. Derived classes of others are compared as usual.
 */
export function nameClass(ErrorClass: { readonly prototype: object }, name: string): void {
  Object.defineProperty(ErrorClass.prototype, 'name', { value: name, configurable: true, writable: true })
  Object.defineProperty(ErrorClass.prototype, CLASS_NAME, { value: name })
}

/** Implements `instanceof` for our classes. */
export function isInstance(ErrorClass: { readonly prototype: object }, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !(BRAND in value)) return false
  const name = ownClassName(ErrorClass.prototype)
  for (let each: unknown = Object.getPrototypeOf(value); each !== null; each = Object.getPrototypeOf(each)) {
    if (each === ErrorClass.prototype || (name !== undefined && ownClassName(each as object) === name)) return true
  }
  return false
}

function ownClassName(prototype: object): string | undefined {
  return Object.hasOwn(prototype, CLASS_NAME) ? (prototype as { [CLASS_NAME]?: string })[CLASS_NAME] : undefined
}

/** The base class of the errors. `code` is stable; the texts may improve. */
export class DockerMtlsError<Code extends ErrorCode = ErrorCode> extends Error {
  /** Identifies the failure; the same in all versions of this package. */
  readonly code: Code
  /** What was tried, on what. */
  readonly tried: string
  /** What came back. */
  readonly got: string
  /** The remedy. */
  readonly todo: string
  /** @internal */
  get [BRAND](): true {
    return true
  }
  /** @internal */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value)
  }

  constructor(code: Code, failure: Failure) {
    const { tried, got, todo, message, options } = textsOf(failure)
    super(message, options)
    this.code = code
    this.tried = tried
    this.got = got
    this.todo = todo
    keepSentences(this, failure)
  }
}
nameClass(DockerMtlsError, 'DockerMtlsError')
