import type { Sentence } from '../../base/sentence.ts'
import type { Context } from '../command.ts'
import { wrap, type Style } from '../terminal/layout.ts'

/** One piece of the folder, for a person: what became of it, where it is, and what should be known of it. */
export interface Piece {
  readonly action: 'created' | 'kept' | 'replaced'
  readonly path: string
  readonly about: readonly Sentence[]
}

const STYLES: Readonly<Record<Piece['action'], Style>> = { created: 'green', kept: 'dim', replaced: 'yellow' }

export function pieceText({ action, path, about }: Piece, { typed, paint, width }: Context): string {
  const indent = ' '.repeat(10)
  const lines = about.map((line) => wrap(typed(line), width, indent))
  return [`${paint(STYLES[action], action.padEnd(8))}  ${paint('bold', path)}`, ...lines].join('\n')
}

/** Where the old files went. */
export function aside(keptAside: readonly string[]): string[] {
  return keptAside.map((path) => `old: ${path}`)
}
