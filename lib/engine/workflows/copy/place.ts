import { targetFault } from './faults.ts'

/** The source of a copy. */
export interface CopySource {
  /** The last part of its path. */
  readonly name: string
  readonly folder: boolean
  /** Copy only the contents of a folder: the path ends with `/.`. */
  readonly contents: boolean
}

/** The requested target of a copy. */
export interface CopyTarget {
  readonly path: string
  readonly found: 'folder' | 'other' | 'nothing'
  /** The path must be a folder: it ends with `/`. */
  readonly folder: boolean
  readonly parent: string
  readonly name: string
}

/** An existing folder, and the name of the copy in it: undefined if only the contents are copied. */
export interface Place {
  readonly folder: string
  readonly name: string | undefined
}

/** Chooses an existing folder or a new name, by the rules of `docker cp` (Docker CLI, reference of docker cp). */
export function placeCopy(source: CopySource, target: CopyTarget): Place {
  if (target.found === 'folder') return { folder: target.path, name: source.contents ? undefined : source.name }
  if (target.found === 'other' && (source.folder || target.folder)) {
    throw targetFault(target.path, 'it exists and is not a folder', 'Choose another target, or remove it first.')
  }
  if (!source.folder && target.folder) {
    throw targetFault(
      target.path,
      "the folder doesn't exist",
      'Create it first, or remove the / at the end of the path.',
    )
  }
  return { folder: target.parent, name: target.name }
}

/** Whether a path must be a folder. */
export function isFolderPath(path: string): boolean {
  return /(^|\/)\.{0,2}$/.test(path)
}

/** Whether a path means the contents of a folder. */
export function isContentsPath(path: string): boolean {
  return /(^|\/)\.$/.test(path)
}
