import type { ImageHistoryItem } from '../../engine/images/types/images.ts'
import { isSecretName } from '../container/secret-names.ts'
import type { HistoryFacts } from './image-schema.ts'

/** Of a value that is known by its form. */
const SECRET_FORMS: ReadonlyArray<readonly [form: RegExp, kind: string]> = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/, 'a private key'],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, 'an access key of AWS'],
  [/\bgh[pousr]_[A-Za-z0-9]{36}/, 'a token of GitHub'],
  [/\/\/[^\s/:@]+:[^\s/@]+@/, 'a password in a URL'],
]
/** yum and dnf have no such command: their `update` installs. */
const UPDATES = /\b(?:apt|apt-get|apk)\s(?:-\S+\s+)*update\b/
const INSTALLS = /\b(?:install|add|upgrade|dist-upgrade|full-upgrade|build-dep)\b/
/** The classic builder marks instructions that run no command. */
const ADD = /^(?:\/bin\/sh -c #\(nop\) {1,4})?ADD\s/
/** More names would help nobody. */
const NAMES = 20

/** Reduces the steps of an image to facts that contain no secret. */
export function readHistory(steps: readonly Pick<ImageHistoryItem, 'CreatedBy'>[]): HistoryFacts {
  const commands = steps.map(({ CreatedBy }) => (typeof CreatedBy === 'string' ? CreatedBy : ''))
  const count = (test: (command: string) => boolean): number => commands.filter(test).length
  return {
    steps: steps.length,
    downloads: count(
      (command) => ADD.test(command) && /\bhttps?:\/\//.test(command) && !command.includes('--checksum='),
    ),
    updatesAlone: count((command) => UPDATES.test(command) && !INSTALLS.test(command.replace(UPDATES, ''))),
    secrets: [...new Set(commands.flatMap(secretsOf))].slice(0, NAMES),
  }
}

function secretsOf(command: string): string[] {
  const kinds = SECRET_FORMS.filter(([form]) => form.test(command)).map(([, kind]) => kind)
  return [...assignmentsOf(command).filter(isSecretName), ...kinds]
}

/** Names with a value: of ENV, of ARG, and of the arguments that a RUN was given. */
function assignmentsOf(command: string): string[] {
  const isRun = /^(?:RUN )?\|\d+ /.test(command)
  if (!isRun && !/\b(?:ENV|ARG)\s/.test(command)) return []
  // What follows the shell is the command of the step, whose own variables may come from anywhere.
  const [declared = ''] = isRun ? command.split(/ \/bin\/\S*sh -c /, 1) : [command]
  const names = [...declared.matchAll(/(?:^|[\s|])([A-Za-z_]\w{0,99})=(?!\s|$|""|'')/g)].map(([, name = '']) => name)
  const [, spaced] = /\bENV\s+([A-Za-z_]\w{0,99})\s+[^=\s]/.exec(declared) ?? []
  return spaced === undefined ? names : [...names, spaced]
}
