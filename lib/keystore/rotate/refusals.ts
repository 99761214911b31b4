import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { PkiError } from '../../base/errors.ts'
import { caPaths, commandLine } from '../layout.ts'
import type { RotationPhase, RotationState } from './state.ts'
import type { ReadRotateOptions } from './options.ts'

export function refuseOther(root: string, { phase }: ReadRotateOptions, state: RotationState): void {
  if (state.phase === 'abort') {
    throw new PkiError('ERR_ROTATION_PHASE', {
      tried: `going on with the rotation in ${root}`,
      got: 'it is being stopped',
      todo: `Let that come to its end first:  ${commandLine('cert', 'rotate-ca', '--abort', '--dir', root)}`,
    })
  }
  if (phase === undefined || phase === state.phase) return
  throw new PkiError('ERR_ROTATION_PHASE', {
    tried: `going on with the phase ${phase} of the rotation in ${root}`,
    got: `it is in the phase ${state.phase}`,
    todo: `See what it waits for:  ${commandLine('cert', 'rotate-ca', '--status', '--dir', root)}`,
  })
}

export function alreadyCreated(root: string, { to }: RotationState): PkiError {
  return new PkiError('ERR_ROTATION_UNDERWAY', {
    tried: `choosing what the new authority in ${root} is to be`,
    got: `it is made already: ${to.name}`,
    todo: `Leave that out, or go back first:  ${commandLine('cert', 'rotate-ca', '--abort', '--dir', root)}`,
  })
}

export function wrongPhase(root: string, phase: RotationPhase, got: string): PkiError {
  return new PkiError('ERR_ROTATION_PHASE', {
    tried: `taking a word for the rotation in ${root}`,
    got: `it is in the phase ${phase}, which waits ${got}`,
    todo: `See what it waits for:  ${commandLine('cert', 'rotate-ca', '--status', '--dir', root)}`,
  })
}

export function notDeliveredYet(root: string, name: string): PkiError {
  return new PkiError('ERR_ROTATION_PHASE', {
    tried: `taking the word of ${name} for the rotation in ${root}`,
    got: 'what it has to have was made only now',
    todo: `Bring it there first; what is to be done:  ${commandLine('cert', 'rotate-ca', '--status', '--dir', root)}`,
  })
}

export function refuseStranger(
  root: string,
  kind: 'client' | 'server',
  names: readonly string[],
  known: readonly string[],
): void {
  const stranger = names.find((name) => !known.includes(name))
  if (stranger === undefined) return
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `taking the word of the ${kind} ${stranger} for the rotation in ${root}`,
    got: known.length === 0 ? `there is no ${kind} in use` : `in use are only ${known.join(', ')}`,
    todo: `See who is waited for:  ${commandLine('cert', 'rotate-ca', '--status', '--dir', root)}`,
  })
}

export async function noRotation(root: string, tried: string): Promise<PkiError> {
  const names = await fs.readdir(caPaths(root).folder).catch(() => [])
  const last = names
    .filter((name) => name.startsWith('rotation.json.'))
    .toSorted()
    .at(-1)
  const ended = last === undefined ? '' : `; the last one has ended, see ${join(caPaths(root).folder, last)}`
  return new PkiError('ERR_ROTATION_NONE', {
    tried: `${tried} in ${root}`,
    got: `none is under way${ended}`,
    todo: `Begin one:  ${commandLine('cert', 'rotate-ca', '--dir', root)}`,
  })
}
