import { isTrue } from '../../container/security-options.ts'
import type { Json, JsonObject } from '../request.ts'
import { fromBaseline, type DaemonUse, type Finding, type Judge } from './finding.ts'
import { objectOf, stringsOf, textOf } from './values.ts'

/** A setting that is refused unless the defaults of the daemon, as `/info` has them, are no stricter. */
function unless(isNoStricter: (info: JsonObject) => boolean, finding: Finding): DaemonUse {
  const judge = (info: Json): readonly Finding[] => (isNoStricter(objectOf(info)) ? [] : [finding])
  return { kind: 'daemon', name: 'info', where: finding.where ?? '', judge }
}

/** Names of the runtime that comes with dockerd. */
const RUNC: readonly string[] = ['runc', 'io.containerd.runc.v2']

/** `HostConfig.Runtime`: the daemon's default may be a sandbox, or give each container devices. */
export const judgeRuntime: Judge = function* (value, where) {
  const runtime = textOf(value)
  if (runtime === '') return
  const isDefault = ({ DefaultRuntime }: JsonObject): boolean => {
    const own = textOf(DefaultRuntime)
    return runtime === own || (RUNC.includes(runtime) && RUNC.includes(own))
  }
  const got = `the runtime is ${runtime}, but the daemon is not known to have this default: leave it out`
  yield unless(isDefault, fromBaseline('RUNTIME', where, got))
}

/** An option of `HostConfig.SecurityOpt`, with values that weaken none of Docker's own defaults. The last one counts. */
export function* judgeOption(name: string, values: readonly string[], where: string): Iterable<DaemonUse> {
  const refuse = (got: string): Finding => fromBaseline('CONFINEMENT', where, got)
  if (name === 'no-new-privileges' && !isTrue(values.at(-1) ?? ''))
    yield unless(lacksNoNewPrivileges, refuse('it turns off no-new-privileges, which the daemon may set: leave it out'))
  if (name === 'seccomp')
    yield unless(
      hasNoProfile,
      refuse('it sets the seccomp profile builtin, but the daemon may have its own: leave it out'),
    )
}

/** Before Docker 24, `/info` doesn't say it (moby, daemon/info.go). */
function lacksNoNewPrivileges({ ServerVersion, SecurityOptions }: JsonObject): boolean {
  return parseInt(textOf(ServerVersion), 10) >= 24 && !stringsOf(SecurityOptions).includes('name=no-new-privileges')
}

/** Docker 20.10 calls its own profile `default`. */
const NO_PROFILE: readonly string[] = ['builtin', 'default', 'unconfined'].map((one) => `name=seccomp,profile=${one}`)

const hasNoProfile = ({ SecurityOptions }: JsonObject): boolean =>
  stringsOf(SecurityOptions).some((one) => NO_PROFILE.includes(one))
