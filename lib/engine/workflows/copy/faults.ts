import { typeName } from '../../../base/options.ts'
import { shown } from '../../description.ts'
import { resolve } from 'node:path'
import { ArgumentError, CopyError } from '../../../base/errors.ts'
import { fileReason } from '../../../base/files.ts'

const reasonOf = (cause: unknown): string => (cause instanceof Error ? fileReason(cause) : String(cause))

export function sourceFault(path: string, got: string, cause?: unknown): CopyError {
  return new CopyError('ERR_COPY_SOURCE', {
    tried: `copying ${path} into a container`,
    got,
    todo: "Copy files, folders and symbolic links that you can read and that don't change meanwhile.",
    cause,
  })
}

/** Nothing is at the path that the caller named. */
export function missing(path: string, cause: unknown): CopyError {
  return new CopyError('ERR_COPY_SOURCE', {
    tried: `copying ${path} into a container`,
    got: `there is no ${resolve(path)}`,
    todo: /[\s<>{}]/.test(path)
      ? 'Correct the path. If this text is the content of a file, pass it as bytes:  Buffer.from(text)'
      : 'Correct the path. A relative path begins at the working directory of the process.',
    cause,
  })
}

export function unreadable(path: string, cause: unknown): CopyError {
  return sourceFault(path, reasonOf(cause), cause)
}

export function targetFault(path: string, got: string, todo: string, cause?: unknown): CopyError {
  return new CopyError('ERR_COPY_TARGET', { tried: `copying to ${path}`, got, todo, cause })
}

export function noName(path: string): CopyError {
  const todo = `Name the file:  containers.copyTo(id, bytes, '${path.replace(/\/*$/, '/')}NAME')`
  return targetFault(path, 'it is a folder, and bytes have no name', todo)
}

export function unwritable(path: string, cause: unknown): CopyError {
  const todo =
    'Choose a folder that you can write to, or free disk space. Files that were already copied are still there.'
  return targetFault(path, reasonOf(cause), todo, cause)
}

/** An entry that a tar from a container must not have. It was not written. */
export function unsafe(name: string, got: string): CopyError {
  return new CopyError('ERR_COPY_UNSAFE', {
    tried: `unpacking ${JSON.stringify(name)} from a container`,
    got,
    todo: "Don't trust files from that container. The entries before this one have been unpacked.",
  })
}

export function special(name: string, type: string): CopyError {
  return new CopyError('ERR_COPY_UNSAFE', {
    tried: `unpacking ${JSON.stringify(name)} from a container`,
    got: `it is not a file, folder or link, but a ${type}`,
    todo: "To skip such entries, set { special: 'skip' }.",
  })
}

export function noArchive(path: string, cause: unknown): CopyError {
  return new CopyError('ERR_COPY_ARCHIVE_INVALID', {
    tried: `unpacking ${path} from a container`,
    got: `the data is not a complete tar (${reasonOf(cause)})`,
    todo: 'Copy again. If it fails again, check the proxies in between: one of them may change the data.',
    cause,
  })
}

/** `docker cp` takes container and path as one argument, in either order. */
export function noPath(form: string, name: string, value: unknown): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the arguments of containers.${form}`,
    got: value === undefined ? `${name} is missing` : `${name} is ${typeName(value)}, not a string`,
    todo: `Pass container and path as two arguments:  docker.containers.${form}`,
  })
}

/** No container has such a name: the arguments are in the order of another client. */
export function refusePathAsId(form: string, id: unknown): void {
  if (typeof id !== 'string' || !/^\.|[^/]\//.test(id)) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the arguments of containers.${form}`,
    got: `the container is ${shown(id)}, which is a path`,
    todo: `Pass the container first:  docker.containers.${form}`,
  })
}
