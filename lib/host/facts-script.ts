import { shellFile } from '../base/shell-file.ts'
import { DATA_FACTS_SH } from '../daemon-config/userns/data-facts.ts'
import { LOAD_PATH, UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'
import { assignments, shellCall, shellProgram } from './script.ts'
import { SOCKETS_SH } from './sockets.ts'

const FACTS_SH: string = shellFile(new URL('./facts.sh', import.meta.url))
const FUNCTIONS_SH: string = shellFile(new URL('./fact-functions.sh', import.meta.url))

/** Where a host keeps what a rollback needs: for root alone. The `.sh` files have it, too. */
export const STATE_FOLDER = '/var/lib/docker-mtls'

/** The folders that an apply writes to, or below. */
export const WRITTEN: readonly string[] = ['/etc/systemd/system', '/etc/docker', STATE_FOLDER]

const PROPERTIES = [
  'LoadState',
  'FragmentPath',
  'ActiveState',
  'SubState',
  'Type',
  'MainPID',
  'NeedDaemonReload',
  'ActiveEnterTimestamp',
  'UnitFileState',
  'Environment',
]

/** What can be asked of any host. */
export function factsScript(): string {
  const units = LOAD_PATH.flatMap((folder) => [`/${folder}/${UNIT_NAME}`, `/${folder}/${UNIT_NAME}.d/*.conf`])
  const values = { unit_files: units.join(' '), written: WRITTEN.join(' '), properties: PROPERTIES.join(',') }
  return shellProgram(assignments(values), FUNCTIONS_SH, SOCKETS_SH, FACTS_SH)
}

/** A call of a function of `fact-functions.sh`: its name, and its arguments. */
export type FactCall = readonly [name: string, ...args: string[]]

/** What is worth asking once it is known how dockerd is started. */
export interface FurtherFacts {
  /** Are they there, and executable? `program:PATH` is `yes` then. */
  readonly programs?: readonly string[]
  readonly files?: readonly string[]
  /** Files of which only the SHA-256 is wanted. */
  readonly secrets?: readonly string[]
  /** Are they, or the nearest folder above them, writable? */
  readonly writable?: readonly string[]
  /** Whatever else is to be asked. */
  readonly more?: readonly FactCall[]
}

/** The script for {@link FurtherFacts}. */
export function furtherFactsScript(wanted: FurtherFacts): string {
  const { programs = [], files = [], secrets = [], writable = [], more = [] } = wanted
  const calls = [
    ...programs.map((path) => ['program', path]),
    ...files.map((path) => ['file', path]),
    ...secrets.map((path) => ['secret', path]),
    ...writable.map((path) => ['writable', path]),
    ...more,
    ['true'],
  ]
  const dataFacts = `data_facts() {\n${DATA_FACTS_SH}}`
  return shellProgram(FUNCTIONS_SH, dataFacts, ...calls.map((words) => shellCall(words)))
}
