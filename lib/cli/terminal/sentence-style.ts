import type { OptionPart, Sentence, SentenceStyle } from '../../base/sentence.ts'
import { renderSentence } from '../../base/sentence.ts'
import { commandLine, type Shell } from '../../base/quoting/shells.ts'
import type { Environment } from '../../endpoint/environment.ts'
import { selfOf } from './self.ts'
import { knownShell } from './shell.ts'

/** The flag of each option of the library that a message may name. */
const FLAGS: Readonly<Record<string, string>> = {
  host: '--host',
  context: '--context',
  certPath: '--cert-path',
  confirmServer: '--confirm-server',
  name: '--name',
  out: '--out',
  systemd: '--systemd',
  envFile: '--dotenv',
  tlsOnPort2375: '--tls-on-port-2375',
  foreignClientCa: '--foreign-client-ca',
  force: '--force',
  passphrase: '--key-passphrase-file',
  proxy: '--proxy',
  unit: '--unit',
  listen: '--listen',
  metrics: '--metrics',
  connectTimeout: '--timeout',
  days: '--days',
  replace: '--force',
  liveRestore: '--live-restore',
  rollbackAfter: '--rollback-after',
  tlsDir: '--tlsdir',
  usernsRemap: '--userns-remap',
  clients: '--client',
  from: '--from',
  only: '--only',
  skip: '--skip',
  profile: '--profile',
}

/** Options whose value has another form here: a password is read from a file, a list is a repeated flag. */
const FLAGS_WITH_VALUE: Readonly<Record<string, string>> = {
  proxy: '--proxy http://USER@PROXY:PORT --proxy-password-file FILE',
  clients: '--client NAME',
}

/** Renders sentences of the library for someone who typed a command: with flags, and command lines for the user's shell. */
export function styleFor(env: Environment): SentenceStyle {
  const shell = knownShell(env)
  return { command: (words) => typedCommand(words, shell, env), option: flagOf }
}

/** A sentence for someone who typed a command. */
export function renderTyped(text: Sentence, env: Environment): string {
  return renderSentence(text, styleFor(env))
}

function typedCommand([program = '', ...words]: readonly string[], shell: Shell, env: Environment): string {
  const line = commandLine(shell, words)
  if (program !== 'docker-mtls') return commandLine(shell, [program, ...words])
  return line === '' ? selfOf(env) : `${selfOf(env)} ${line}`
}

function flagOf({ option: name, value }: OptionPart): string {
  const flag = value === undefined ? FLAGS[name] : (FLAGS_WITH_VALUE[name] ?? FLAGS[name])
  if (flag === undefined) return value === undefined ? name : `${name}: ${value}`
  if (value === 'false') return flag.replace('--', '--no-')
  return value === undefined || value === 'true' || name in FLAGS_WITH_VALUE
    ? flag
    : `${flag} ${value.replace(/^'(.*)'$/s, '$1')}`
}
