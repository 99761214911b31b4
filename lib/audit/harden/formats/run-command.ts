import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import { wordsOf } from '../without-defaults.ts'
import { configFlags, hasSpace, type Flag } from './run-config-flags.ts'
import { hostFlags } from './run-host-flags.ts'
import { isOnBridgeToo, networkFlags, ON_BRIDGE } from './run-network-flags.ts'
import { safeShellWord } from './shell-words.ts'
import type { WriteOptions } from './write-options.ts'

/**
 * The `docker run` command that creates the same container and starts it. Each flag is on a line of its own.
 *
 * What the command can't express is missing: see {@link missingInRun}.
 */
export function runCommand(body: ContainerCreateRequest, options: WriteOptions): string {
  const [program, ...more] = wordsOf(body.Entrypoint)
  const flags: Flag[] = [
    ['detach'],
    ['name', options.name],
    ...configFlags(body, options),
    ...(program === undefined ? [] : [['entrypoint', program] as const]),
    ...networkFlags(body),
    ...hostFlags(body.HostConfig ?? {}),
  ]
  const { Image = '' } = body
  // An image with this name doesn't exist, but a hostile daemon may say so.
  const image = Image.startsWith('-') ? ['--', Image] : [Image]
  const words = [...image, ...more, ...wordsOf(body.Cmd)].map(safeShellWord).join(' ')
  return ['docker run', ...flags.map(flagText), words].join(' \\\n  ').concat('\n')
}

/** With an equals sign, no value is taken for a flag. */
function flagText([name, value]: Flag): string {
  return value === undefined ? `--${name}` : `--${name}=${safeShellWord(value)}`
}

/** Settings of a request that `docker run` has no flag for. */
export function missingInRun(body: ContainerCreateRequest): string[] {
  const { Shell, NetworkDisabled, Labels, HostConfig = {} } = body
  const { MaskedPaths, ReadonlyPaths, SecurityOpt, DeviceRequests, Cgroup } = HostConfig
  const masks = [MaskedPaths, ReadonlyPaths].filter((paths) => (paths?.length ?? 0) > 0)
  const isInlineProfile = SecurityOpt?.some((option) => /^seccomp[=:]\s*\{/.test(option)) === true
  const isOther = DeviceRequests?.some(
    ({ Driver, Capabilities }) => Driver !== 'cdi' && Capabilities?.flat().includes('gpu') !== true,
  )
  return [
    ...(Shell ? ['Shell'] : []),
    ...(NetworkDisabled === true ? ['NetworkDisabled'] : []),
    ...(Object.keys(Labels ?? {}).some(hasSpace) ? ['Labels: names with spaces'] : []),
    ...(masks.length > 0 ? ['HostConfig.MaskedPaths'] : []),
    ...(isInlineProfile ? ['HostConfig.SecurityOpt: seccomp'] : []),
    ...(isOther === true ? ['HostConfig.DeviceRequests'] : []),
    ...(Cgroup ? ['HostConfig.Cgroup'] : []),
    ...(isOnBridgeToo(body) ? [ON_BRIDGE] : []),
  ]
}
