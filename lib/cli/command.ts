import type { Command } from 'commander'
import type { Sentence } from '../base/sentence.ts'
import type { Io, Output } from './terminal/io.ts'
import { writeLine } from './terminal/json-lines.ts'
import { writeAbove } from './terminal/live.ts'
import { renderTyped } from './terminal/sentence-style.ts'
import { painter, widthOf, wrap, type Paint } from './terminal/layout.ts'
import { printableLines } from '../base/text.ts'

/** What a command has to say. */
export interface Answer {
  /** For a program, with --json. */
  readonly data: object
  /** For a person: what stdout shows otherwise. Bytes are written as they are. */
  readonly text: string | Uint8Array
  /** For a person, on stderr: what should be known besides. Sentences. */
  readonly warnings?: readonly Sentence[]
  /** The answer itself is a failure: exit code 1. */
  readonly failed?: boolean
}

/** A line that can be typed, and what it does. */
export type Example = readonly [line: Sentence, does: string]

/** One command: its words for a person, its options, and what it does. Loaded when it is asked for, and only then. */
export interface CommandSpec {
  /** Some sentences for --help. */
  readonly description: Sentence
  /** The first one is what a mistake in the command line is answered with. */
  readonly examples: readonly [Example, ...Example[]]
  /** What --json prints, for those that have it. */
  readonly json?: string
  /** With --json it prints JSON lines, as `makeProgress` does: answer and error are one line each, with a `type`. */
  readonly jsonLines?: boolean
  /** Says where an argument belongs that is one too many; `flags` as far as they were read. */
  readonly stray?: (argument: string, flags: Readonly<Record<string, unknown>>) => Sentence | undefined
  /** Adds arguments, options and the action. */
  readonly define: (command: Command, context: Context) => void
}

/** What an action is given besides its arguments. */
export interface Context {
  readonly io: Io
  /** Styles for stdout. */
  readonly paint: Paint
  /** The width to wrap to: that of the terminal; in a pipe nothing is wrapped, as grep wants it. */
  readonly width: number
  /** Renders a sentence for whoever typed the command: with flags, and commands as they can be typed here. */
  readonly typed: (text: Sentence) => string
  /** Warns on stderr at once, for what must be read before the rest. */
  readonly warn: (warning: Sentence) => void
  /** Says something on stderr at once: progress, and what was chosen. */
  readonly say: (line: string) => void
  /** Ends the command: prints its answer. */
  readonly answer: (answer: Answer, flags: { readonly json?: boolean }) => void
}

/** For a person wrapped, else one line each, as grep wants it. */
function fold(text: string, output: Output): string {
  return output.isTTY === true ? wrap(`Warning: ${text}`, widthOf(output)).slice('Warning: '.length) : text
}

/** How a context ends. */
export interface Ending {
  /** Is told the answer's exit code. */
  readonly done: (exitCode: number) => void
  /** See {@link CommandSpec.jsonLines}. */
  readonly jsonLines: boolean
}

export function makeContext(io: Io, { done, jsonLines }: Ending): Context {
  const paint = painter(io.stderr, io.env)
  const typed = (text: Sentence): string => renderTyped(text, io.env)
  const warn = (warning: Sentence): void => {
    const text = fold(printableLines(typed(warning)), io.stderr)
    writeAbove(io.stderr, `${paint('yellow', 'Warning:')} ${text}\n`)
  }
  return {
    io,
    paint: painter(io.stdout, io.env),
    width: io.stdout.isTTY === true ? widthOf(io.stdout) : Infinity,
    typed,
    warn,
    say: (line) => writeAbove(io.stderr, `${line}\n`),
    answer: ({ data, text, warnings = [], failed = false }, { json = false }) => {
      if (!json) io.stdout.write(text)
      else if (jsonLines) writeLine(io.stdout, 'result', data)
      else io.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`)
      for (const warning of warnings) warn(warning)
      done(failed ? 1 : 0)
    },
  }
}
