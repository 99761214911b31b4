import { shellFile } from '../base/shell-file.ts'
import { DATA_FACTS_SH } from '../daemon-config/userns/data-facts.ts'
import { LOAD_PATH, UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'
import { assignments, shellCall, shellProgram } from './script.ts'
import { SOCKETS_SH } from './sockets.ts'

const FACTS_SH: string = shellFile(new URL('./facts.sh', import.meta.url))
/** The functions that print facts. */
export const FUNCTIONS_SH: string = shellFile(new URL('./fact-functions.sh', import.meta.url))

/** The folder on a host with the data for rollbacks, readable only by root. The `.sh` files contain the same path. */
export const STATE_FOLDER = '/var/lib/docker-mtls'

/** The folders in which an apply writes. */
export const WRITTEN_FOLDERS: readonly string[] = ['/etc/systemd/system', '/etc/docker', STATE_FOLDER]

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

/** The script for the facts that every host has. */
export function factsScript(): string {
  const units = LOAD_PATH.flatMap((folder) => [`/${folder}/${UNIT_NAME}`, `/${folder}/${UNIT_NAME}.d/*.conf`])
  const values = {
    unit_files: units.join(' '),
    unit_folders: LOAD_PATH.map((folder) => `/${folder}`).join(' '),
    written: WRITTEN_FOLDERS.join(' '),
    properties: PROPERTIES.join(','),
  }
  return shellProgram(assignments(values), FUNCTIONS_SH, SOCKETS_SH, FACTS_SH)
}

/** A call of a function in `fact-functions.sh`: its name and arguments. */
export type FactCall = readonly [name: string, ...args: string[]]

/** Facts to gather once the start of dockerd is known. */
export interface FurtherFacts {
  /** Paths of programs. The fact `program:PATH` is `yes` for each that exists and is executable. */
  readonly programs?: readonly string[]
  readonly files?: readonly string[]
  /** Files of which only the SHA-256 may leave the host. */
  readonly secrets?: readonly string[]
  /** Paths to test for being writable. For a path that doesn't exist, its nearest existing parent is tested. */
  readonly writable?: readonly string[]
  /** Calls for other facts. */
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
