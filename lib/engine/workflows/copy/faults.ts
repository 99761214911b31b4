import { ArgumentError, CopyError } from '../../../base/errors.ts'

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

export function sourceFault(path: string, got: string, cause?: unknown): CopyError {
  return new CopyError('ERR_COPY_SOURCE', {
    tried: `reading ${path}, to copy it into a container`,
    got,
    todo: 'Copy what is there, may be read, and stays as it is meanwhile: files, folders and symbolic links.',
    cause,
  })
}

export function unreadable(path: string, cause: unknown): CopyError {
  return sourceFault(path, reasonOf(cause), cause)
}

export function targetFault(path: string, got: string, todo: string, cause?: unknown): CopyError {
  return new CopyError('ERR_COPY_TARGET', { tried: `copying to ${path}`, got, todo, cause })
}

export function unwritable(path: string, cause: unknown): CopyError {
  const todo = 'Choose a place that you may write to, or make room on its disk; what was copied before is still there.'
  return targetFault(path, reasonOf(cause), todo, cause)
}

/** An entry that a tar from a container must not have: nothing of it was written. */
export function unsafe(name: string, got: string): CopyError {
  return new CopyError('ERR_COPY_UNSAFE', {
    tried: `unpacking ${JSON.stringify(name)} out of a container`,
    got,
    todo: 'Trust nothing else of that container: the daemon sends no such thing by itself. What came before is unpacked.',
  })
}

export function special(name: string, type: string): CopyError {
  return new CopyError('ERR_COPY_UNSAFE', {
    tried: `unpacking ${JSON.stringify(name)} out of a container`,
    got: `it is neither file, folder nor link, but of the type ${type}`,
    todo: "Copy less, or leave such things out: { special: 'skip' }.",
  })
}

export function noArchive(path: string, cause: unknown): CopyError {
  return new CopyError('ERR_COPY_ARCHIVE_INVALID', {
    tried: `unpacking ${path} out of a container`,
    got: `what came is no tar (${reasonOf(cause)})`,
    todo: 'Look whether the daemon was stopped meanwhile, or a proxy changes what it sends.',
    cause,
  })
}

/** `docker cp` has container and path in one word, and takes the other way round for the other way. */
export function noPath(form: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the arguments of containers.${form}`,
    got: 'a path of them is no text',
    todo: `Container and path are two arguments:  docker.containers.${form}`,
  })
}
