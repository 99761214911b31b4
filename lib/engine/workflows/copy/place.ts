import { targetFault } from './faults.ts'

/** What is copied. */
export interface CopySource {
  /** The last part of its path. */
  readonly name: string
  readonly folder: boolean
  /** Of a folder, only what is in it: its path ends with `/.`. */
  readonly contents: boolean
}

/** Where it shall go. */
export interface CopyTarget {
  readonly path: string
  readonly found: 'folder' | 'other' | 'nothing'
  /** Its path says that it is one: it ends with `/`. */
  readonly folder: boolean
  readonly parent: string
  readonly name: string
}

/** A folder, which has to be there, and what the source is called in it: undefined where only its content goes there. */
export interface Place {
  readonly folder: string
  readonly name: string | undefined
}

/** Into a folder that is there, or under a new name, as `docker cp` decides (Docker CLI, reference of docker cp). */
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

/** Whether a path says that it is a folder's. */
export function saysFolder(path: string): boolean {
  return /(^|\/)\.{0,2}$/.test(path)
}

/** Whether a path means what is in a folder, and not the folder. */
export function saysContents(path: string): boolean {
  return /(^|\/)\.$/.test(path)
}
