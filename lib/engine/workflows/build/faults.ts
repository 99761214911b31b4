import { BuildError } from '../../../base/errors.ts'

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission to read it',
  EPERM: 'there is no permission to read it',
  ENOENT: 'it is not there',
  ENOTDIR: 'it is not there: what should be a folder is none',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle, or it became a link while it was read',
}

/** What the system said, in words. */
export function causeInWords(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return CAUSES[code ?? ''] ?? message
}

/** Gone since its folder was read: Docker leaves it out, too. */
export function isGone(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'ENOENT'
}

export function unreadable(path: string, cause: unknown): BuildError {
  return new BuildError('ERR_BUILD_FILE_UNREADABLE', {
    tried: `reading ${path} for a build`,
    got: causeInWords(cause),
    todo: 'Make it readable, or name it in the .dockerignore.',
    cause,
  })
}

export function changed(path: string): BuildError {
  return new BuildError('ERR_BUILD_FILE_CHANGED', {
    tried: `reading ${path === '' ? 'the context' : path} for a build`,
    got: 'it changed while it was read',
    todo: 'Build again when nothing writes there, or name it in the .dockerignore.',
  })
}

export function noUtf8(path: string): BuildError {
  return new BuildError('ERR_BUILD_CONTEXT_INVALID', {
    tried: `reading ${path} for a build`,
    got: 'its name, or what it links to, is no UTF-8',
    todo: 'Rename it, or name its folder in the .dockerignore.',
  })
}

export function unsendable(path: string): BuildError {
  return new BuildError('ERR_BUILD_CONTEXT_INVALID', {
    tried: `reading ${path} for a build`,
    got: 'it is a device',
    todo: 'Take it out of the context, or name it in the .dockerignore.',
  })
}
