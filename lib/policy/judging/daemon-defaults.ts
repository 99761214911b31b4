import { isTrue } from '../../container/security-options.ts'
import type { Json, JsonObject } from '../request.ts'
import { fromBaseline, type DaemonUse, type Finding, type Judge } from './finding.ts'
import { objectOf, stringsOf, textOf } from './values.ts'

/** A setting that is refused if the daemon's own default, as `/info` has it, is stricter, or isn't known. */
function judgeByInfo(where: string, refused: (info: JsonObject) => Finding | false): DaemonUse {
  const judge = (info: Json): readonly Finding[] => [refused(objectOf(info)) || []].flat()
  return { kind: 'daemon', name: 'info', where, judge }
}

/** Names of the runtime that comes with dockerd. */
const RUNC: ReadonlySet<string> = new Set(['runc', 'io.containerd.runc.v2'])

/** `HostConfig.Runtime`: the daemon's default may be a sandbox, and another one may give containers devices. */
export const judgeRuntime: Judge = function* (value, where) {
  const runtime = textOf(value)
  if (runtime === '') return
  yield judgeByInfo(where, ({ DefaultRuntime }) => {
    const own = textOf(DefaultRuntime)
    const isDefault = runtime === own || (RUNC.has(runtime) && RUNC.has(own))
    const got = `the runtime is ${runtime}, and the daemon's default is ${own || 'not known'}`
    return !isDefault && fromBaseline('RUNTIME', where, got)
  })
}

/** An option of `HostConfig.SecurityOpt` with values that weaken none of Docker's own defaults. The last one counts. */
export function* judgeOption(name: string, values: readonly string[], where: string): Iterable<DaemonUse> {
  if (name === 'no-new-privileges' && !isTrue(values.at(-1) ?? '')) {
    const got = 'it turns off no-new-privileges, which the daemon sets, or does not say'
    yield judgeByInfo(where, (info) => !lacksNoNewPrivileges(info) && fromBaseline('CONFINEMENT', where, got))
  }
  if (name === 'seccomp') {
    const got = "it sets the seccomp profile builtin in the place of the daemon's own"
    yield judgeByInfo(where, (info) => !lacksProfile(info) && fromBaseline('CONFINEMENT', where, got))
  }
}

/** Before Docker 24, `/info` doesn't say it (moby, daemon/info.go). */
function lacksNoNewPrivileges({ ServerVersion, SecurityOptions }: JsonObject): boolean {
  return parseInt(textOf(ServerVersion), 10) >= 24 && !stringsOf(SecurityOptions).includes('name=no-new-privileges')
}

/** Docker 20.10 calls its own profile `default`. */
const NO_PROFILE: ReadonlySet<string> = new Set(
  ['builtin', 'default', 'unconfined'].map((one) => `name=seccomp,profile=${one}`),
)

const lacksProfile = ({ SecurityOptions }: JsonObject): boolean =>
  stringsOf(SecurityOptions).some((one) => NO_PROFILE.has(one))
