import { LOCAL_SOCKET } from './listen.ts'
import { isOwnAddress } from './listener-target.ts'

/** The dockerd of a host. */
export interface OwnDaemon {
  /** The texts that may name listeners of dockerd, besides the usual socket. */
  readonly dockerd?: string | undefined
  /** The name of the host, which may not be the one where docker-mtls runs. */
  readonly hostname?: string | undefined
}

/** Is a gateway with this value of `--host` in front of the dockerd of its own host? Without a value, it probably is. */
export function isForOwnHost(host: string | undefined, { dockerd = '', hostname = '' }: OwnDaemon = {}): boolean {
  if (host === undefined) return true
  const [, path] = /^(?:unix:\/\/|(?=\/))(.*)$/i.exec(host) ?? []
  if (path !== undefined) {
    // /var/run is a link to /run.
    const socket = path.replace(/^\/var(?=\/run\/)/, '')
    return `${LOCAL_SOCKET} ${dockerd}`.includes(socket)
  }
  const [, name = ''] = /^(?:\w+:\/\/)?(?:[^@/]*@)?(\[.*?\]|[^:/]*)/.exec(host) ?? []
  if (name === '') return false
  const isListener = dockerd.includes(`tcp://${name}:`)
  return isListener || isOwnAddress(name.replaceAll(/[[\]]/g, '')) || name.toLowerCase() === hostname.toLowerCase()
}
