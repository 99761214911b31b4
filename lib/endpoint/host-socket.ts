import { posix } from 'node:path'
import { DEFAULT_PIPE, DEFAULT_SOCKET, type NpipeEndpoint, type UnixEndpoint } from './endpoint.ts'
import { refuse, type HostText } from './host-text.ts'
import { printable } from '../base/text.ts'

/** unix(7): sun_path has 108 bytes, the last of them NUL. Some programs truncate a longer path without an error. */
const LONGEST_SOCKET = 107

/** Parses the text after `unix://`, or a path without a scheme. */
export function parseUnix(host: HostText, path: string): UnixEndpoint {
  if (path === '') return { kind: 'unix', path: DEFAULT_SOCKET }
  if (!path.startsWith('/')) {
    const meant = /^[\w./-]+$/.test(path) ? `Did you mean unix:///${path.replace(/^[./]+/, '')}?` : undefined
    refuse(host, 'the path of a socket must begin with /', meant ?? 'Use the absolute path: unix:///PATH.')
  }
  refuseUnnormalizedPath(host, path, 'unix://')
  if (Buffer.byteLength(path) > LONGEST_SOCKET) {
    refuse(
      host,
      `the path of a socket can have at most ${LONGEST_SOCKET} bytes`,
      'Use a shorter path, or a symbolic link to it.',
    )
  }
  return { kind: 'unix', path }
}

/** Refuses a path that isn't normalized, so that messages show exactly the path that is opened. */
export function refuseUnnormalizedPath(host: HostText, path: string, before: string): void {
  const clean = posix.normalize(path).replace(/\/$/, '')
  if (clean === path) return
  if (clean === '') refuse(host, 'the root folder is not a socket', 'Use the absolute path: unix:///PATH.')
  refuse(host, `${printable(path)} is not a normalized path`, `Did you mean ${before}${printable(clean)}?`)
}

/** Parses the text after `npipe://`. */
export function parseNpipe(host: HostText, path: string): NpipeEndpoint {
  if (path === '') return { kind: 'npipe', path: DEFAULT_PIPE }
  const { name } = /^\/\/\.\/pipe\/(?<name>[\w./-]+)$/i.exec(path)?.groups ?? {}
  // Win32 resolves dots, so \\.\pipe\..\x would not be a pipe.
  const clean = name !== undefined && name.split('/').every((part) => !/^\.*$/.test(part))
  if (clean) return { kind: 'npipe', path: `//./pipe/${name}` }
  if (/^[/\\]{2}[^./\\]/.test(path)) {
    refuse(
      host,
      'connections to a pipe on another machine are not encrypted',
      'Connect to that machine with tcp:// or ssh://.',
    )
  }
  const { last } = /[/\\]pipe[/\\]+(?<last>[\w.-]*\w)$/i.exec(path)?.groups ?? {}
  const meant = last === undefined ? 'Use npipe:////./pipe/NAME.' : `Did you mean npipe:////./pipe/${last}?`
  return refuse(host, 'it is not the path of a named pipe', meant)
}
