import type { Command } from 'commander'
import { parseHost } from '../../endpoint/host.ts'
import type { EndpointOptions } from '../../endpoint/options.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { quoted } from '../../base/text.ts'
import { many, once } from '../command-line/options.ts'
import { usageError } from '../errors.ts'
import type { Io } from '../terminal/io.ts'
import { readInput } from './input-file.ts'

/** Flags that name daemons. */
export interface TargetFlags {
  readonly host?: readonly string[]
  readonly context?: readonly string[]
  readonly hostsFile?: string
}

/** A daemon to audit. */
export interface AuditTarget {
  /** As the user named it. It labels progress and failures. */
  readonly host: string
  readonly options: Pick<EndpointOptions, 'host' | 'context'>
}

export function addTargetOptions(command: Command): Command {
  return command
    .option('--host <host>', 'a daemon, such as tcp://build01.example.com:2376; repeatable', many('--host'))
    .option('--context <name>', 'a docker context; repeatable', many('--context'))
    .option(
      '--hosts-file <file>',
      'a file that names a daemon on each line, as HOST or context=NAME; # starts a comment',
      once('--hosts-file'),
    )
}

/** The daemons that the flags name. Without any, the environment names one. */
export async function targetsOf({ host = [], context = [], hostsFile }: TargetFlags, io: Io): Promise<AuditTarget[]> {
  const listed = hostsFile === undefined ? [] : await readTargets(hostsFile, io)
  // Otherwise, the reports of the other hosts would hide a mistake in the command line.
  for (const one of host) parseHost(one, { source: 'option host', tlsOnPort2375: true })
  const targets = [...host.map(ofHost), ...context.map(ofContext), ...listed]
  const twice = targets.find((one, index) => targets.findIndex((other) => other.host === one.host) !== index)
  if (twice === undefined) return targets.length === 0 ? [{ host: 'daemon', options: {} }] : targets
  throw usageError(sentence`${SELF} audit`, `${quoted(twice.host)} is given twice`, 'Give each daemon once.')
}

function ofHost(host: string): AuditTarget {
  return { host, options: { host } }
}

function ofContext(context: string): AuditTarget {
  return { host: `context ${context}`, options: { context } }
}

async function readTargets(path: string, io: Io): Promise<AuditTarget[]> {
  const text = (await readInput(path, io, { what: 'the list of hosts' })).toString('utf8')
  const lines = text.split(/\r?\n/).map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
  const targets = lines
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('context=') ? ofContext(line.slice('context='.length).trim()) : ofHost(line)))
  // A run over an empty list would look like a run without findings.
  if (targets.length > 0) return targets
  throw usageError('the option --hosts-file', 'the file names no daemon', 'Write one host on each line.')
}
