import { ours, sentence } from '../../base/sentence.ts'
import { PkiError } from '../../base/errors.ts'
import { enumerate, onlyOnes } from '../../base/text.ts'
import { OWN_NAMES } from '../../pki/server-name.ts'
import { serverFolder } from '../layout.ts'
import { isInPlace, type KnownCertificate, type PlacedCertificate } from './known.ts'

/**
 * Finds servers by their folder (`server`, `hosts/HOST` or `HOST`), or else by a name or an address in their certificates.
 * localhost and the like are in every certificate, so they identify only a server that has no other name.
 */
export function serversCalled(called: string, known: readonly KnownCertificate[]): PlacedCertificate[] {
  const servers = serversIn(known)
  const byFolder = servers.filter((one) => [serverFolder(one.host), one.host].includes(called))
  if (byFolder.length > 0) return byFolder
  const wanted = called.toLowerCase()
  return servers.filter((one) => identifying(one).includes(wanted))
}

function identifying({ name, sans }: PlacedCertificate): readonly string[] {
  const given = [name, ...sans].map((one) => one.toLowerCase()).filter((one) => !OWN_NAMES.includes(one))
  return given.length === 0 ? OWN_NAMES : given
}

/**
 * Finds the one server with this name.
 *
 * @param doing - for the message
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND if there is none, or more than one
 */
export function serverCalled(
  root: string,
  called: string,
  known: readonly KnownCertificate[],
  doing = 'renewing',
): PlacedCertificate {
  const [first, ...others] = serversCalled(called, known)
  if (first !== undefined && others.length === 0) return first
  const all = serversIn(known)
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `${doing} the server ${called} in ${root}`,
    got: first === undefined ? noneFault(called, all) : `the name belongs to ${folders([first, ...others])}`,
    todo: sentence`Use the name of its folder. To list the servers:  ${ours('cert', 'list', '--dir', root)}`,
  })
}

function noneFault(called: string, all: readonly PlacedCertificate[]): string {
  if (all.length === 0) return 'there is no server'
  const own = OWN_NAMES.includes(called.toLowerCase()) ? `every server certificate contains ${called}, and ` : ''
  return `${own}the ${onlyOnes('server', all.map(inFolder))}`
}

function serversIn(known: readonly KnownCertificate[]): PlacedCertificate[] {
  return known.filter(isInPlace).filter(({ kind }) => kind === 'server')
}

function folders(ones: readonly PlacedCertificate[]): string {
  return enumerate(ones.map(inFolder))
}

function inFolder({ host, name }: PlacedCertificate): string {
  return `${serverFolder(host)} (${name})`
}

/**
 * Refuses the names of servers where names of clients are expected.
 *
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND
 */
export function refuseServers(root: string, clients: readonly string[], known: readonly KnownCertificate[]): void {
  const isClient = (called: string): boolean =>
    known.filter(isInPlace).some(({ kind, name }) => kind === 'client' && name === called)
  const called = clients.find((one) => !isClient(one) && serversCalled(one, known).length > 0)
  if (called === undefined) return
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `renewing the client ${called} in ${root}`,
    got: `${called} is a server`,
    todo: sentence`Renew it as a server:  ${ours('cert', 'renew', '--host', called, '--dir', root)}`,
  })
}
