import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { PkiError } from '../../base/errors.ts'
import { caPaths } from '../layout.ts'
import type { RotationPhase, RotationState } from './state.ts'
import type { ReadRotateOptions } from './options.ts'

export function refuseOther(root: string, { phase }: ReadRotateOptions, state: RotationState): void {
  if (state.phase === 'abort') {
    throw new PkiError('ERR_ROTATION_PHASE', {
      tried: `continuing the rotation in ${root}`,
      got: 'it is being aborted',
      todo: sentence`Finish aborting it first:  ${ours('cert', 'rotate-ca', '--abort', '--dir', root)}`,
    })
  }
  if (phase === undefined || phase === state.phase) return
  throw new PkiError('ERR_ROTATION_PHASE', {
    tried: `continuing the phase ${phase} of the rotation in ${root}`,
    got: `it is in the phase ${state.phase}`,
    todo: seeStatus(root),
  })
}

export function alreadyCreated(root: string, { to }: RotationState): PkiError {
  return new PkiError('ERR_ROTATION_UNDERWAY', {
    tried: `choosing name, key type or lifetime of the new CA in ${root}`,
    got: `the new CA already exists: ${to.name}`,
    todo: sentence`Leave these options out. To start again with another CA, abort the rotation first:  ${ours('cert', 'rotate-ca', '--abort', '--dir', root)}`,
  })
}

export function wrongPhase(root: string, phase: RotationPhase, got: string): PkiError {
  return new PkiError('ERR_ROTATION_PHASE', {
    tried: `confirming a client or server for the rotation in ${root}`,
    got: `it is in the phase ${phase}, which waits ${got}`,
    todo: seeStatus(root),
  })
}

export function notDeliveredYet(root: string, name: string): PkiError {
  return new PkiError('ERR_ROTATION_PHASE', {
    tried: `confirming ${name} for the rotation in ${root}`,
    got: 'its new files were created just now and cannot be there yet',
    todo: sentence`Deliver its files first. See what to do:  ${ours('cert', 'rotate-ca', '--status', '--dir', root)}`,
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
    tried: `confirming the ${kind} ${stranger} for the rotation in ${root}`,
    got: known.length === 0 ? `no ${kind} is in use` : `the only ${kind}s in use are ${enumerate(known)}`,
    todo: seeStatus(root),
  })
}

function seeStatus(root: string): Sentence {
  return sentence`See what it waits for:  ${ours('cert', 'rotate-ca', '--status', '--dir', root)}`
}

export async function noRotation(root: string, tried: string): Promise<PkiError> {
  const names = await fs.readdir(caPaths(root).folder).catch(() => [])
  const last = names
    .filter((name) => name.startsWith('rotation.json.'))
    .toSorted()
    .at(-1)
  const ended = last === undefined ? '' : `; the last one is complete, see ${join(caPaths(root).folder, last)}`
  return new PkiError('ERR_ROTATION_NONE', {
    tried: `${tried} in ${root}`,
    got: `no rotation is in progress${ended}`,
    todo: sentence`Start one:  ${ours('cert', 'rotate-ca', '--dir', root)}`,
  })
}
