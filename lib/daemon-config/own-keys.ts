import { hostsOf, readDaemonJson } from './existing-daemon-json.ts'
import { networkListener } from './listen.ts'
import { LOCAL_SOCKET } from './local-socket.ts'
import { settingsInForce } from './settings-in-force.ts'

/** What an apply in the form of daemon.json writes there. */
const KEYS = new Set(['hosts', 'tlsverify', 'tlscacert', 'tlscert', 'tlskey', 'userns-remap'])
/** The listeners that it takes for the host itself. */
const LOCAL = new Set<string>(['fd://', LOCAL_SOCKET])

/**
 * Takes out of a daemon.json what an earlier apply has put there, for one in the other form. All of it has to be such as
 * we write: with a listener, a file or a key of somebody else's the text stays, and is in the way.
 *
 * @param text - the daemon.json that is there
 */
export function withoutOwnKeys(text: string): string {
  const json = readDaemonJson(text)
  const { form, settings, plaintext } = settingsInForce(undefined, text)
  const others = hostsOf(json).filter((host) => networkListener(host) === undefined)
  const isOurs =
    form === 'daemon-json' &&
    settings.tlsDir !== undefined &&
    json['tlsverify'] === true &&
    !('tls' in json) &&
    settings.listen.length > 0 &&
    plaintext.length === 0 &&
    others.every((host) => LOCAL.has(host))
  if (!isOurs) return text
  const rest = Object.entries(json).filter(([key]) => !KEYS.has(key))
  return `${JSON.stringify(Object.fromEntries(rest), undefined, 2)}\n`
}
