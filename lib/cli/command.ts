import type { Command } from 'commander'
import type { Sentence } from '../base/sentence.ts'
import type { Output } from '../base/terminal/output.ts'
import type { Io } from './terminal/io.ts'
import { writeLine } from './terminal/json-lines.ts'
import { writeAbove } from '../base/terminal/live.ts'
import { renderTyped } from './terminal/sentence-style.ts'
import { painter, type Paint } from '../base/terminal/colours.ts'
import { widthOf } from './terminal/layout.ts'
import { wrap } from '../base/wrap.ts'
import { printableLines } from '../base/text.ts'

/** The result of a command. */
export interface Answer {
  /** The output with --json, for programs. */
  readonly data: object
  /** The output without --json. Bytes are written unchanged. */
  readonly text: string | Uint8Array
  /** Warnings on stderr: sentences. */
  readonly warnings?: readonly Sentence[]
  /** Is the result a failure? Then the exit code is 1. */
  readonly failed?: boolean
  /** Replaces the exit code, for commands that distinguish more results. */
  readonly exitCode?: number
}

/** A command line, and what it does. */
export type Example = readonly [line: Sentence, does: string]

/** A command: its help, its options and its action. It is loaded only when it is used. */
export interface CommandSpec {
  /** Some sentences for --help. */
  readonly description: Sentence
  /** Errors in the command line show the first one. */
  readonly examples: readonly [Example, ...Example[]]
  /** The output of --json, if the command has that option. */
  readonly json?: string
  /** With --json it prints JSON lines, as `makeProgress` does: answer and error are one line each, with a `type`. */
  readonly jsonLines?: boolean
  /** It only shows what is in a folder: by that, nobody uses the CA in it. */
  readonly reads?: true
  /** Does the action look at the other commands with their options, through the parents of its own `command`? */
  readonly needsAllCommands?: () => Promise<boolean>
  /** Suggests what to do with an unexpected argument. `flags` are those read so far. */
  readonly stray?: (argument: string, flags: Readonly<Record<string, unknown>>) => Sentence | undefined
  /** Another error in the place of one of the command: its remedy may repeat the arguments. */
  readonly improve?: (error: unknown, words: readonly string[]) => unknown
  /** A line below an error of the command: what tells more. `words` are its arguments. */
  readonly hint?: (error: unknown, words: readonly string[]) => Sentence | undefined
  /** Adds arguments, options and the action. */
  readonly define: (command: Command, context: Context) => void
}

/** Everything that an action gets besides its arguments. */
export interface Context {
  readonly io: Io
  /** Styles for stdout. */
  readonly paint: Paint
  /** The width to wrap to: that of the terminal. In a pipe nothing is wrapped, so that grep finds whole lines. */
  readonly width: number
  /** Renders a sentence for the user: with flags, and commands as they can be typed here. */
  readonly typed: (text: Sentence) => string
  /** Prints a warning on stderr at once, before the rest. */
  readonly warn: (warning: Sentence) => void
  /** Prints a line on stderr at once: progress, and choices that were made. */
  readonly say: (line: string) => void
  /** Notes the folder of keys and certificates that the command uses, for errors about its CA. */
  readonly usesFolder: (folder: string) => void
  /** Ends the command: prints its result. */
  readonly answer: (answer: Answer, flags: { readonly json?: boolean }) => void
}

/** Wraps a warning on a terminal. In a pipe it stays one line, for grep. */
function fold(text: string, output: Output): string {
  return output.isTTY === true ? wrap(`Warning: ${text}`, widthOf(output)).slice('Warning: '.length) : text
}

/** What happens at the end of a command. */
export interface Ending {
  /** Receives the exit code. */
  readonly done: (exitCode: number) => void
  /** See {@link CommandSpec.jsonLines}. */
  readonly jsonLines: boolean
  /** See {@link Context.usesFolder}. */
  readonly usesFolder?: (folder: string) => void
}

export function makeContext(io: Io, { done, jsonLines, usesFolder = () => undefined }: Ending): Context {
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
    usesFolder,
    answer: ({ data, text, warnings = [], failed = false, exitCode = failed ? 1 : 0 }, { json = false }) => {
      if (!json) io.stdout.write(text)
      else if (jsonLines) writeLine(io.stdout, 'result', data)
      else io.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`)
      for (const warning of warnings) warn(warning)
      done(exitCode)
    },
  }
}
