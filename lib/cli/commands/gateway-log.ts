import type { Command } from 'commander'
import { SELF, sentence } from '../../base/sentence.ts'
import { printable } from '../../base/text.ts'
import type { LogVerification } from '../../gateway/log/verify.ts'
import type { LogFault } from '../../gateway/log/walk.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJson, notAmong } from '../command-line/options.ts'

interface LogFlags {
  readonly hash?: string
  readonly json?: true
}

const ACTIONS = ['verify']

async function runLog(_action: string, files: readonly string[], flags: LogFlags, context: Context): Promise<void> {
  const { verifyAuditLog } = await import('../../gateway/log/verify.ts')
  const found = await verifyAuditLog(files, flags.hash === undefined ? {} : { hash: flags.hash })
  const failed = found.faults.length > 0 || !found.hasHead
  context.answer({ data: found, text: textOf(found, context), warnings: warningsOf(found), failed }, flags)
}

function textOf(found: LogVerification, { paint }: Context): string {
  const { lines, first, last, hash, faults } = found
  const span =
    first && last ? `, numbers ${first.n} to ${last.n}, from ${printable(first.time)} to ${printable(last.time)}` : ''
  const wrong = wrongWith(found)
  const verdict = wrong === undefined ? paint('green', 'ok') : paint('red', wrong)
  const head = `${lines} ${lines === 1 ? 'line' : 'lines'}${span}: ${verdict}`
  const end = last === undefined || faults.length > 0 ? [] : [`Hash of the last line: ${hash}`]
  return `${[head, ...faults.map(faultLine), ...end].join('\n')}\n`
}

function wrongWith({ faults, hasHead }: LogVerification): string | undefined {
  if (faults.length > 0) return faults[0]?.kind === 'empty' ? 'nothing to verify' : 'not as it was written'
  return hasHead ? undefined : 'its end cannot be verified'
}

function faultLine({ kind, file, line, got }: LogFault): string {
  return `${printable(file)}:${line}: ${kind}: ${got}`
}

function warningsOf({ hasHead, headless, torn, lost, first }: LogVerification): string[] {
  return [
    ...(hasHead
      ? []
      : [
          "The head (.head) is missing, so lines that were removed at the end can't be detected. Verify the log beside its head.",
        ]),
    ...(headless.length === 0 ? [] : [withoutHead(headless.map(({ n }) => n))]),
    ...(first === undefined || first.n === 1
      ? []
      : [`Earlier lines, up to ${first.n - 1}, are in files that you have not named.`]),
    ...(torn === 0 ? [] : [`The gateway was killed in the middle of a line: ${torn}.`]),
    ...(lost === 0 ? [] : [`Events that could not be written: ${lost}.`]),
  ]
}

function withoutHead(numbers: readonly number[]): string {
  const where = `${numbers.length === 1 ? 'line' : 'lines'} ${numbers.join(', ')}`
  return `The gateway started without the head (.head) at ${where}, so lines that were removed just before can't be detected.`
}

function readAction(value: string): string {
  if (ACTIONS.includes(value)) return value
  throw notAmong('the argument action', value, ACTIONS)
}

function define(command: Command, context: Context): void {
  const action = command.createArgument('<action>', 'verify').choices(ACTIONS).argParser(readAction)
  command
    .addArgument(action)
    .argument('<file...>', 'the files of one log')
    .option('--hash <hash>', 'the hash of a line that must be there, as an earlier run printed it')
  addJson(command).action((name: string, files: readonly string[], flags: LogFlags) =>
    runLog(name, files, flags, context),
  )
}

export const gatewayLog: CommandSpec = {
  description:
    'Verifies the audit log of a gateway: finds each line that was changed, taken out, moved or added. Each line has the hash of ' +
    'the one before it, and the head beside the log names the last one: without a head, it fails. Whoever can write to both can write them anew: so ' +
    'keep the hash of the last line on another machine, and give it next time.',
  examples: [
    [sentence`${SELF} gateway log verify /var/log/docker-mtls/audit.log`, 'the log, and how it ends'],
    [sentence`${SELF} gateway log verify /var/log/docker-mtls/audit.log*`, 'with its earlier files'],
  ],
  json: '{ lines, first: { n, time }, last: { n, time }, hash, torn, lost, hasHead, headless: [{ n, time }], faults: [{ kind, file, line, got }] }',
  define,
}
