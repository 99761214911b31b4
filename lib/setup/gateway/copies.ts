import { posix } from 'node:path'
import { ProvisionError } from '../../base/errors.ts'
import { shellFile } from '../../base/shell-file.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { LOAD_PATH } from '../../daemon-config/unit/installed-unit.ts'
import { CHANGE_LIMITS } from '../../host/run-limits.ts'
import { assignments, shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell } from '../../host/shell.ts'
import { COPIES } from './program-copy.ts'

const COPIES_SH: string = shellFile(new URL('./copies.sh', import.meta.url))

/** The copies of docker-mtls on a host. */
export interface ProgramCopies {
  /** The folders of those that nothing uses, which will be removed, or were. */
  readonly removed: readonly string[]
  /** Those that stay, and why. */
  readonly stays: readonly string[]
}

/**
 * Finds the copies on a host. Changes nothing.
 *
 * @param hasGateway - is there a gateway, which will be removed before them? What it uses counts as unused.
 */
export async function findProgramCopies(
  shell: HostShell,
  hasGateway: boolean,
  signal?: AbortSignal,
): Promise<ProgramCopies> {
  const { stdout } = await shell.run(copiesScript({ leaving: hasGateway ? GATEWAY_UNIT : '' }), { signal })
  return parseCopies(stdout)
}

/**
 * Removes the copies that nothing uses.
 *
 * @throws {@link ProvisionError} ERR_HOST_COMMAND_FAILED
 */
export async function removeProgramCopies(shell: HostShell): Promise<ProgramCopies> {
  const ran = await shell.run(copiesScript({ removes: true }), { limits: CHANGE_LIMITS })
  if (ran.code === 0) return parseCopies(ran.stdout)
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `removing the copies in ${COPIES} on ${shell.name}`,
    got: stderrSummary(ran),
    todo: 'Everything else was removed there. Run this again.',
  })
}

/** The values of `copies.sh`. */
interface CopiesValues {
  readonly root?: string
  readonly units?: readonly string[]
  readonly leaving?: string
  readonly removes?: boolean
}

/** @internal */
export function copiesScript({
  root = COPIES,
  units = UNIT_FOLDERS,
  leaving = '',
  removes = false,
}: CopiesValues): string {
  return shellProgram(assignments({ root, units: units.join(' '), leaving, removes: removes ? 'yes' : '' }), COPIES_SH)
}

const UNIT_FOLDERS = LOAD_PATH.map((folder) => `/${folder}`)

const WHY: Readonly<Record<string, string>> = {
  unit: 'a unit of systemd names it',
  process: 'a running process uses it',
}

/** @internal */
export function parseCopies(printed: string): ProgramCopies {
  const found = [...printed.matchAll(/^(remove|unit|process) ([A-Za-z0-9.+-]+)$/gm)].map(
    ([, kind = '', name = '']) => ({
      kind,
      folder: posix.join(COPIES, name),
    }),
  )
  return {
    removed: found.flatMap(({ kind, folder }) => (kind === 'remove' ? [folder] : [])),
    stays: found.flatMap(({ kind, folder }) => (kind === 'remove' ? [] : [`${folder}: ${WHY[kind]}`])),
  }
}
