import { CHECK_FACTS } from '../../audit/facts.ts'
import { changeWithoutValues, withoutValues } from '../../audit/harden/formats/withheld.ts'
import { envFileCommand } from '../../audit/harden/formats/write-options.ts'
import { missingIn, renderHardened } from '../../audit/harden/formats/render.ts'
import type { HardenedContainer, HardeningNote } from '../../audit/harden/plan.ts'
import type { HardeningNeed, HardeningTrial, TriedCopy } from '../../audit/harden/trial/trial.ts'
import type { HardeningChange } from '../../audit/hardened.ts'
import { enumerate, printable } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import type { Context } from '../command.ts'
import { facts } from '../terminal/layout.ts'

/** What the command has found. */
interface Result {
  readonly hardened: HardenedContainer
  readonly trial: HardeningTrial | undefined
  readonly showValues: boolean
}

/** The result for programs. Values that may be secrets are left out unless they were asked for. */
export async function hardenData({ hardened, trial, showValues }: Result): Promise<object> {
  const { original, body, changes, remaining, ...rest } = hardened
  const shown = showValues ? (one: typeof body) => one : withoutValues
  const missing = { run: missingIn(hardened, 'run'), compose: missingIn(hardened, 'compose') }
  const { hardened: _hardened, ...tried } = trial ?? { hardened }
  return {
    ...rest,
    original: shown(original),
    body: shown(body),
    changes: showValues ? changes : changes.map(changeWithoutValues),
    remaining: remaining.map(({ check, status, detail }) => ({ check, status, detail })),
    missing,
    ...(trial && { trial: tried }),
  }
}

/** The result for a person. */
export async function hardenText({ hardened, trial, showValues }: Result, context: Context): Promise<string> {
  const { name, body, changes, remaining, notes } = hardened
  const { paint, width } = context
  const shown = showValues ? changes : changes.map(changeWithoutValues)
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [[paint('bold', title), ...lines].join('\n')]
  const list = (texts: readonly string[]): string[] => texts.map((text) => wrap(`- ${text}`, width, '  '))
  const missing = missingIn(hardened, 'run').map((setting) => `docker run has no flag for ${printable(setting)}.`)
  const hasEnv = !showValues && (body.Env ?? []).length > 0
  const blocks = [
    [`Hardening ${paint('bold', printable(name))}, ${printable(body.Image ?? '')}`],
    block('Changes', shown.length === 0 ? ['nothing: it is hardened already'] : [facts(shown.map(changeRow), context)]),
    block(
      'Left to you',
      list(remaining.map(({ check, status, detail }) => `${check} (${status}): ${titleOf(check)}${detailOf(detail)}`)),
    ),
    block('Notes', list([...notes.map(noteText), ...missing])),
    trial === undefined ? [] : block('Trial', trialLines(trial, context)),
    block('Command', [renderHardened(hardened, 'run', { showValues }).trimEnd()]),
    hasEnv ? [`The values of variables come from a file. To make it:\n${envFileCommand(name)}`] : [],
    [`To replace the container, first stop and rename it:\n${replaceCommand(name)}`],
  ]
  return `${blocks.flat().join('\n\n')}\n`
}

function replaceCommand(name: string): string {
  const word = /^[\w.-]+$/.test(name) ? name : 'NAME'
  return `docker stop ${word} && docker rename ${word} ${word}-before`
}

function titleOf(check: string): string {
  return CHECK_FACTS.find(({ id }) => id === check)?.title ?? check
}

function detailOf(detail: string | undefined): string {
  return detail === undefined ? '' : `: ${printable(detail)}`
}

function changeRow({ check, setting, before, after }: HardeningChange): readonly [string, string] {
  const was = before === undefined ? '' : ` instead of ${valueText(before)}`
  const why = check === undefined ? 'an init process ends orphaned processes' : `${check}: ${titleOf(check)}`
  return [`  ${printable(setting)}`, `${valueText(after)}${was}\n${why}`]
}

function valueText(value: unknown): string {
  return value === undefined || value === null ? 'the default' : printable(JSON.stringify(value))
}

const NOTES: Readonly<Record<HardeningNote['code'], (subject: string) => string>> = {
  'temporary-folder': (path) =>
    `It has written to ${path}, which gets a file system in memory: its files are gone after a restart.`,
  'data-folder': (path) =>
    `It has written to ${path}, which gets a new volume with the files of the image. Files that the container has written ` +
    'there are not in it: copy them with docker cp, or name a volume of yours.',
  'program-folder': (path) =>
    `It has written to ${path}, and can't any more beside a read-only root. If it needs that, add --skip C-RO.`,
  'anonymous-volume': (path) => `The request names the anonymous volume at ${path}, so that its data stays.`,
  'left-out': (setting) => `The setting ${setting} can't be taken over.`,
}

function noteText({ code, subject }: HardeningNote): string {
  return NOTES[code](printable(subject))
}

const OUTCOMES: Readonly<Record<HardeningTrial['outcome'], string>> = {
  works: 'The hardened copy stayed up.',
  'needs-less': 'The hardened copy failed. A copy with the changes above stayed up.',
  inconclusive:
    'A copy without any change failed, too, so the trial proves nothing about the changes. The container may need its ' +
    'ports, its data (--with-volumes), or more time (--wait).',
}

function trialLines({ outcome, needs, copies, withheld, isCutOff }: HardeningTrial, { width }: Context): string[] {
  const failed = copies.filter(({ ok, copy }) => !ok && copy !== 'narrower')
  return [
    wrap(OUTCOMES[outcome], width),
    ...needs.map((need) => wrap(`- ${needText(need)}`, width, '  ')),
    ...(isCutOff ? [wrap(`The search ended after ${copies.length} copies. It may need less than that.`, width)] : []),
    ...(withheld.length > 0
      ? [wrap(`The copies had new volumes, and read-only folders, at ${enumerate(withheld.map(printable))}.`, width)]
      : []),
    ...failed.flatMap(copyLines),
    `${copies.length} ${copies.length === 1 ? 'copy was' : 'copies were'} started and removed.`,
  ]
}

const NEEDS: Readonly<Record<HardeningNeed['kind'], (names: string) => string>> = {
  capabilities: (names) => `It needs ${names}.`,
  writable: (names) => `It needs to write to ${names}.`,
  unchanged: (names) => `It needs its own ${names}.`,
}

function needText({ check, kind, names }: HardeningNeed): string {
  return `${NEEDS[kind](enumerate(names.map(printable)))} (${check})`
}

function copyLines({ copy, state, exitCode, oomKilled, message, log }: TriedCopy): string[] {
  const how = [
    state === 'exited' ? `it ended with exit code ${exitCode ?? 'unknown'}` : STATES[state],
    ...(oomKilled === true ? ['its memory ran out'] : []),
    ...(message === undefined || message === '' ? [] : [`"${printable(message)}"`]),
  ]
  const which = copy === 'original' ? 'Without any change' : 'Hardened'
  return [`${which}: ${how.join(', ')}`, ...log.map((line) => `    ${printable(line)}`)]
}

const STATES: Readonly<Record<TriedCopy['state'], string>> = {
  healthy: 'it was healthy',
  running: 'it ran',
  finished: 'it finished',
  exited: 'it ended',
  unhealthy: 'its healthcheck did not succeed in time',
  refused: 'the daemon refused it',
}
