import { PkiError } from '../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE } from '../base/files.ts'
import { ours, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import type { HostFacts } from '../host/facts.ts'
import { tlsFilesIn } from '../daemon-config/options.ts'
import { DAEMON_JSON, DROP_IN } from '../daemon-config/render-files.ts'
import { keptMode, type WantedFile } from './changes.ts'
import type { RenderedForHost } from '../daemon-config/render-for-host.ts'
import { checkServerFiles, type ServerFiles } from './server-files.ts'

/** The requested files on a host, except those for user namespaces. */
export function wantedFiles(
  rendered: RenderedForHost,
  { ca, cert, key }: ServerFiles,
  tlsDir: string,
  facts: HostFacts,
): WantedFile[] {
  const paths = tlsFilesIn(tlsDir)
  return [
    { path: paths.ca, mode: PUBLIC_MODE, text: ca },
    { path: paths.cert, mode: PUBLIC_MODE, text: cert },
    ...(key === undefined ? [] : [{ path: paths.key, mode: KEY_MODE, text: key, secret: true }]),
    ...(rendered.daemonJson === undefined
      ? []
      : [{ path: DAEMON_JSON, mode: keptMode(facts.file(DAEMON_JSON)), text: rendered.daemonJson }]),
    { path: DROP_IN, mode: keptMode(facts.file(DROP_IN)), text: rendered.dropIn },
  ]
}

/**
 * The server's files on the host, for an apply that brings no new ones.
 *
 * @throws {@link PkiError} ERR_PKI_FILE_INVALID
 */
export function serverOnHost(facts: HostFacts, tlsDir: string, lookedIn: readonly string[] = []): ServerFiles {
  const paths = tlsFilesIn(tlsDir)
  const [ca, cert, key] = [facts.file(paths.ca), facts.file(paths.cert), facts.file(paths.key)]
  if (ca?.text !== undefined && cert?.text !== undefined && key !== undefined) {
    return checkServerFiles({ ca: ca.text, cert: cert.text }, tlsDir)
  }
  const places = enumerate(
    lookedIn.map((folder) => (folder === '.' ? 'this folder' : `./${folder}`)),
    'or',
  )
  throw new PkiError('ERR_PKI_FILE_INVALID', {
    tried: "looking for the server's certificate",
    got: `no folder is named, ${places === '' ? '' : `it is not in ${places}, `}and ${tlsDir} on the host does not contain ca.pem, server-cert.pem and server-key.pem`,
    todo: sentence`Create it:  ${ours('init', 'NAME')}  Then name its folder:  ${ours('daemon', 'apply', '--from', 'docker-mtls/server')}`,
  })
}
