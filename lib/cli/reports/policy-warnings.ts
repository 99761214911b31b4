import { enumerate } from '../../base/text.ts'
import { widerAfterEnd } from '../../policy/file/after.ts'
import type { Policy, PolicyRule } from '../../policy/file/types.ts'
import { refusesOperation } from '../../policy/reasons.ts'
import { hasEnded } from '../../policy/who/match.ts'

const isShared = ({ level, owner }: PolicyRule): boolean => level.enforce !== 'privileged' && owner === undefined

/** A rule without operations is intended: `grant end` leaves one. */
const cannotPing = ({ only }: PolicyRule): boolean =>
  only.operations?.length !== 0 &&
  ['system.ping', 'system.pingHead'].some((name) => only.operations?.includes(name) === false)

/** No request shows which layers an image has: whose they are, only the registry knows. */
function pullsAnything(rule: PolicyRule): boolean {
  const { version, enforce } = rule.level
  if (rule.owner === undefined || rule.only.images !== undefined) return false
  return !refusesOperation({ ...rule, level: { version, enforce } }, 'images.pull')
}

/** What the author may not expect. */
export function policyWarnings({ rules }: Policy, now: Date = new Date()): string[] {
  const root = rules.filter(({ level }) => level.enforce === 'privileged').map(({ name }) => name)
  const paths = rules.flatMap(({ name, allow }) =>
    allow.hostPaths.filter(({ path }) => GIVES_ROOT.has(path)).map(({ path }) => `${path} (${name})`),
  )
  const others = rules.some(({ owner }) => owner !== undefined) ? rules.filter(isShared).map(({ name }) => name) : []
  const ended = rules.filter((rule) => hasEnded(rule, now)).map(({ name }) => name)
  const wider = widerAfterEnd(rules).map(
    ({ ended: { name, until }, next }) => `${name} ends on ${until}. Then ${next.name} gives these callers more.`,
  )
  const pulling = rules.filter(pullsAnything).map(({ name }) => name)
  const mute = rules.filter(cannotPing).map(({ name }) => name)
  return [
    ...(ended.length === 0 ? [] : [`${enumerate(ended)}: ended, and applies to nobody any more.`]),
    ...wider,
    ...(mute.length === 0
      ? []
      : [`${enumerate(mute)}: Docker clients ping first. Add system.ping and system.pingHead to only.`]),
    ...(others.length === 0
      ? []
      : [`${enumerate(others)}: without an owner, these callers reach what every owner has.`]),
    ...(pulling.length === 0
      ? []
      : [
          `${enumerate(pulling)}: these owners can pull from a registry of their own, and so read every layer whose digest they know. ` +
            "Add  only: { images: ['registry.example.com/team/*'] }  with a registry that you trust, or deny images.pull.",
        ]),
    ...(root.length === 0 ? [] : [`${enumerate(root)}: these callers are root on the host.`]),
    ...(paths.length === 0 ? [] : [`With these, a container can become root on the host: ${enumerate(paths)}.`]),
  ]
}

/** Folders and files of the host with which root in a container becomes root on the host. */
const GIVES_ROOT: ReadonlySet<string> = new Set(
  '/ /bin /boot /dev /etc /home /lib /proc /root /run /run/docker.sock /sbin /sys /usr /var /var/lib /var/lib/docker /var/run /var/run/docker.sock'.split(
    ' ',
  ),
)
