import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { isActive, type HostFacts } from '../host/facts.ts'
import { STATE_FOLDER, type FactCall } from '../host/facts-script.ts'
import type { tlsFilesIn } from '../daemon-config/options.ts'
import { DAEMON_JSON } from '../daemon-config/render-files.ts'

/** Parts of a status that only root can read. */
export type Unreadable = 'daemonJson' | 'certificate' | 'authorities' | 'running' | 'wayBack' | 'listeners'

type TlsFiles = ReturnType<typeof tlsFilesIn>

/** The facts that {@link unreadableOf} needs to distinguish an unreadable file from a missing one. */
export function readableQuestions({ ca, cert }: TlsFiles): FactCall[] {
  return [DAEMON_JSON, ca, cert, `${STATE_FOLDER}/last`].map((path) => ['closed', path])
}

/** The parts that couldn't be read; none for root. */
export function unreadableOf({ fact, property, info, sockets }: HostFacts, { ca, cert }: TlsFiles): Unreadable[] {
  if (fact('uid') === '0') return []
  const isClosed = (path: string): boolean => fact(`closed:${path}`) === 'yes'
  const isSilent = isActive({ property }) && info === undefined
  return [
    ...(isClosed(DAEMON_JSON) ? (['daemonJson'] as const) : []),
    ...(isClosed(cert) ? (['certificate'] as const) : []),
    ...(isClosed(ca) ? (['authorities'] as const) : []),
    ...(isSilent ? (['running'] as const) : []),
    ...(isClosed(`${STATE_FOLDER}/last`) ? (['wayBack'] as const) : []),
    ...(sockets === undefined ? (['listeners'] as const) : []),
  ]
}

const NAMES: Readonly<Record<Unreadable, string>> = {
  daemonJson: DAEMON_JSON,
  certificate: "the server's certificate",
  authorities: 'the CAs of its clients',
  running: 'the running containers',
  wayBack: 'the available rollback',
  listeners: 'on which addresses dockerd listens',
}

/** Names the parts that were not read, and the command that reads them. */
export function unreadableProblem(unreadable: readonly Unreadable[]): Sentence[] {
  if (unreadable.length === 0) return []
  const what = enumerate(unreadable.map((name) => NAMES[name]))
  return [sentence`Only root can read ${what}. As root:  sudo ${ours('daemon', 'status')}`]
}
