import { BuildError } from '../../../base/errors.ts'
import { fileReason } from '../../../base/files.ts'
import { codeOf } from '../../../base/system-error.ts'

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'you have no permission to read it',
  EPERM: 'you have no permission to read it',
  ENOENT: "it doesn't exist",
  ENOTDIR: "it doesn't exist, because a part of its path is not a folder",
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links form a loop, or a link replaced it meanwhile',
}

/** The reason of a failed system call, in words. */
export function causeInWords(cause: unknown): string {
  return CAUSES[codeOf(cause)] ?? fileReason(cause)
}

/** It was deleted after its folder was read. Docker omits such files, too. */
export function isGone(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT'
}

export function unreadable(path: string, cause: unknown): BuildError {
  return new BuildError('ERR_BUILD_FILE_UNREADABLE', {
    tried: `reading ${path} for a build`,
    got: causeInWords(cause),
    todo: 'Make it readable, or list it in .dockerignore.',
    cause,
  })
}

export function changed(path: string): BuildError {
  return new BuildError('ERR_BUILD_FILE_CHANGED', {
    tried: `reading ${path === '' ? 'the context' : path} for a build`,
    got: 'it changed while it was being read',
    todo: 'Build again when nothing writes there, or list it in .dockerignore.',
  })
}

export function noUtf8(path: string): BuildError {
  return new BuildError('ERR_BUILD_CONTEXT_INVALID', {
    tried: `reading ${path} for a build`,
    got: 'its name or the target of its link is not UTF-8',
    todo: 'Rename it, or list its folder in .dockerignore.',
  })
}

export function unsendable(path: string): BuildError {
  return new BuildError('ERR_BUILD_CONTEXT_INVALID', {
    tried: `reading ${path} for a build`,
    got: 'it is a device',
    todo: 'Remove it from the context, or list it in .dockerignore.',
  })
}
