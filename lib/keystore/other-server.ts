import { PkiError } from '../base/errors.ts'
import { enumerate } from '../base/text.ts'
import { openCertificate, readCertificate } from '../identity/certificate.ts'
import { isHostName, serverFolder, serverPaths } from './layout.ts'
import { serverPlaces, type ServerPlace } from './list.ts'
import { OWN_NAMES, parseServerNames } from '../pki/server-name.ts'
import { readIfThere } from '../base/files.ts'
import { command, type CommandPart, ours, type Sentence, sentence } from '../base/sentence.ts'

/**
 * Refuses names for the server in the folder `server` that belong to another server: they have none in common with its
 * certificate, or one in common with a server in `hosts`. The files of the first server would be replaced, and the other
 * one would get nothing.
 *
 * @param names - the requested names
 * @throws {@link PkiError} ERR_SERVER_NAMES_CHANGED, ERR_NAME_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function refuseOtherServer(root: string, names: readonly string[]): Promise<void> {
  const wanted = new Set(withoutOwn(parseServerNames(names).map(({ value }) => value)))
  if (wanted.size === 0) return
  const shares = (had: readonly string[]): boolean => had.some((name) => wanted.has(name))
  const [here, ...others] = await Promise.all(
    (await serverPlaces(root)).map(async (place) => ({ host: place.host, had: await namesIn(place) })),
  )
  const had = here?.had ?? []
  if (shares(had)) return
  const twin = others.find((other) => shares(other.had))
  if (twin?.host !== undefined) {
    const todo = sentence`To issue that one again:  ${reissue(root, names, twin.host, '--force')}`
    throw refusal(root, `the server with these names is in ${serverFolder(twin.host)}`, todo)
  }
  if (had.length === 0) return
  const [first = ''] = wanted
  const { folder } = serverPaths(root)
  const own = sentence`To add a second server:  ${reissue(root, names, isHostName(first) ? first : 'NAME')}`
  const gone = sentence`If the first server no longer exists, move its folder away and try again:  ${command('mv', folder, `${folder}.old`)}`
  throw refusal(root, `the folder belongs to another server, ${enumerate(had)}`, sentence`${own}  ${gone}`)
}

function reissue(root: string, names: readonly string[], host: string, ...flags: readonly string[]): CommandPart {
  return ours('cert', 'server', ...names, '--host', host, '--dir', root, ...flags)
}

function withoutOwn(names: readonly string[]): string[] {
  return names.filter((name) => !OWN_NAMES.includes(name))
}

/** None if the certificate is missing or unreadable: then there is nothing to protect. */
async function namesIn({ paths }: ServerPlace): Promise<string[]> {
  const pem = await readIfThere(paths.cert)
  if (pem === undefined) return []
  try {
    const { names } = readCertificate(openCertificate(pem, paths.cert))
    return withoutOwn([...names.dns, ...names.ip].map((name) => name.toLowerCase()))
  } catch {
    return []
  }
}

function refusal(root: string, got: string, todo: Sentence): PkiError {
  const tried = `issuing the certificate of the server in ${serverPaths(root).folder}`
  return new PkiError('ERR_SERVER_NAMES_CHANGED', { tried, got, todo })
}
