import { FileError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import { MOST_LIST_BYTES } from '../../identity/crl.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import type { GatewayChange } from '../options.ts'
import { FollowedFile } from './followed-file.ts'

/** The files that a gateway follows. */
export interface GatewayFiles {
  /** Certificate, key, and the CAs of the clients. A local socket has none. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined
  /** Certificate and key of the issuer, which renews certificates of clients. */
  readonly issuer?: { readonly cert: string; readonly key: string } | undefined
  /** Revocation lists: none, or those of all CAs together. */
  readonly crl: readonly string[]
  /** The lists may be missing until they are there for the first time. */
  readonly mayLackCrl?: boolean
  /** The policy. */
  readonly policy: string
}

/** What is read, and used, together. */
export interface Part {
  /** For messages. */
  readonly name: 'revocation lists' | 'certificates and policy' | 'policy'
  readonly files: readonly FollowedFile[]
  readonly isOptional: boolean
  /** What the gateway gets if the files can't be read. Omitted: what is in force stays. */
  readonly ifUnreadable?: GatewayChange
  /** What the gateway gets for the texts of the files. */
  readonly parse: (texts: readonly string[]) => GatewayChange
}

/**
 * The lists come first, and apart: no fault elsewhere may keep them from being used. Certificates and policy belong together, since a
 * new CA may come with rules for its clients.
 */
export function partsOf({ tls, issuer, crl, mayLackCrl = false, policy }: GatewayFiles): Part[] {
  const lists: Part = {
    name: 'revocation lists',
    files: crl.map((path) => new FollowedFile(path, MOST_LIST_BYTES)),
    isOptional: mayLackCrl,
    // Without a list, nobody knows who has been revoked.
    ifUnreadable: { crl: null },
    parse: (texts) => ({ crl: texts.join('\n') }),
  }
  const paths = [policy, ...(tls ? [tls.ca, tls.cert, tls.key] : []), ...(issuer ? [issuer.cert, issuer.key] : [])]
  const rest: Part = {
    name: tls ? 'certificates and policy' : 'policy',
    files: paths.map((path) => new FollowedFile(path)),
    isOptional: false,
    parse: ([text = '', ca = '', cert = '', key = '', ...issuing]) => ({
      policy: parsePolicy(text, policy),
      ...(tls && { tls: { ca, cert, key } }),
      ...(issuer && { issuer: { cert: issuing[0] ?? '', key: issuing[1] ?? '' } }),
    }),
  }
  return [lists, rest].filter(({ files }) => files.length > 0)
}

/**
 * One after the other, so that of several unreadable files the first is named each time.
 *
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readTexts({ name, files }: Part): Promise<string[]> {
  const texts: string[] = []
  for (const file of files) {
    const text = await file.text().catch((cause: unknown) => Promise.reject(unreadable(file.path, name, cause)))
    texts.push(text)
  }
  return texts
}

function unreadable(path: string, what: string, cause: unknown): FileError {
  return new FileError('ERR_FILE_READ', {
    tried: `reading the ${what} of the gateway from ${path}`,
    got: readFault(cause),
    todo: 'Name an existing file that you can read.',
    cause,
  })
}
