import type { HostFacts } from '../host/facts.ts'
import { STATE_FOLDER, type FactCall } from '../host/facts-script.ts'
import type { tlsFilesIn } from '../daemon-config/requested-settings.ts'
import { DAEMON_JSON } from '../daemon-config/render-files.ts'

/** What of a status only root can read. */
export type Unreadable = 'daemonJson' | 'certificate' | 'authorities' | 'running' | 'wayBack'

type TlsFiles = ReturnType<typeof tlsFilesIn>

/** What has to be asked of the host for {@link unreadableOf}: a file that can't be read is not one that isn't there. */
export function readableQuestions({ ca, cert }: TlsFiles): FactCall[] {
  return [DAEMON_JSON, ca, cert, `${STATE_FOLDER}/last`].map((path) => ['closed', path])
}

/** What could not be read; of root nothing. */
export function unreadableOf({ fact, property, info }: HostFacts, { ca, cert }: TlsFiles): Unreadable[] {
  if (fact('uid') === '0') return []
  const isClosed = (path: string): boolean => fact(`closed:${path}`) === 'yes'
  const isSilent = property('service', 'ActiveState') === 'active' && info === undefined
  return [
    ...(isClosed(DAEMON_JSON) ? (['daemonJson'] as const) : []),
    ...(isClosed(cert) ? (['certificate'] as const) : []),
    ...(isClosed(ca) ? (['authorities'] as const) : []),
    ...(isSilent ? (['running'] as const) : []),
    ...(isClosed(`${STATE_FOLDER}/last`) ? (['wayBack'] as const) : []),
  ]
}

const WORDS: Readonly<Record<Unreadable, string>> = {
  daemonJson: DAEMON_JSON,
  certificate: "the server's certificate",
  authorities: 'the authorities whose clients get in',
  running: 'which containers run',
  wayBack: 'the way back',
}

/** A sentence that says what was not read, and how it can be. */
export function unreadableProblem(unreadable: readonly Unreadable[]): string[] {
  if (unreadable.length === 0) return []
  const what = unreadable.map((name) => WORDS[name]).join(', ')
  return [`Not readable without root: ${what}. As root:  sudo docker-mtls daemon status`]
}
