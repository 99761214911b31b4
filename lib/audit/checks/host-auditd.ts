import { known, type Check } from '../check.ts'
import type { FileRole, HostFacts, HostFile } from '../snapshot/host/schema.ts'
import { fail, pass, Unseen, type Verdict } from '../verdict.ts'
import { filesOf, hidden, isRootless, pathsCheck } from './host-check.ts'

/** What each item of the benchmark wants to be watched. The numbers are the same in 1.6 and 1.8. */
const ITEMS: ReadonlyArray<readonly [item: string, role: FileRole, name?: string]> = [
  ['1.1.3', 'program', 'dockerd'],
  ['1.1.4', 'containerd-folder'],
  ['1.1.6', 'config-folder'],
  ['1.1.7', 'unit', 'docker.service'],
  ['1.1.8', 'containerd-socket'],
  ['1.1.9', 'unit', 'docker.socket'],
  ['1.1.10', 'defaults'],
  ['1.1.11', 'daemon-json'],
  ['1.1.12', 'containerd-config'],
  ['1.1.13', 'sysconfig'],
  ['1.1.14', 'program', 'containerd'],
  ['1.1.15', 'program', 'containerd-shim'],
  ['1.1.16', 'program', 'containerd-shim-runc-v1'],
  ['1.1.17', 'program', 'containerd-shim-runc-v2'],
  ['1.1.18', 'program', 'runc'],
]
const DATA_ITEM = '1.1.5'
const NUMBERS = [...ITEMS.map(([item]) => item), DATA_ITEM].toSorted((one, other) =>
  one.localeCompare(other, 'en', { numeric: true }),
)

const auditd = pathsCheck({
  id: 'F-AUDIT',
  title: "auditd records changes to Docker's programs and files",
  severity: 'low',
  cis: { '1.6': NUMBERS, '1.8': NUMBERS },
  why: 'Without these records, nobody can tell later that an attacker replaced dockerd or runc, changed a unit, or wrote to the data of containers.',
  remedy:
    'Add a line for each path to /etc/audit/rules.d/docker.rules, such as -w /usr/bin/dockerd -p wa -k docker, then run augenrules --load',
  references: [
    'https://man7.org/linux/man-pages/man8/auditctl.8.html',
    'https://man7.org/linux/man-pages/man7/audit.rules.7.html',
  ],
  none: 'the daemon runs rootless, and its files are in the home folder of its user',
  test: (host) => {
    if (isRootless(host)) return []
    const { isInstalled, from, watched } = known(host.auditRules)
    const paths = auditedPaths(host)
    if (watched.length > 0) return paths.map(([item, file]) => [file.path, judge(item, file, watched)])
    const [first] = paths
    if (first === undefined) throw new Unseen('no file of Docker was found')
    // One finding: sixteen would say the same.
    const detail = isInstalled ? `no path is watched, by the rules of the ${from}` : 'auditd is not installed'
    return [['/etc/audit/rules.d', fail(detail)]]
  },
})

type Audited = readonly [item: string, file: HostFile]

function auditedPaths(host: HostFacts): Audited[] {
  const found = ITEMS.flatMap(([item, role, name]) =>
    filesOf(host, role)
      .filter(({ path }) => name === undefined || path.endsWith(`/${name}`))
      .map((file): Audited => [item, file]),
  )
  if ('unknown' in host.data) return found
  const path = host.data.value.path.replace(/\/\d+\.\d+$/, '')
  const state = { kind: 'folder', isLink: false, mode: 0, uid: 0, gid: 0, owner: '', group: '' } as const
  return [...found, [DATA_ITEM, { role: 'config-folder', path, state }]]
}

function judge(item: string, { path, state }: HostFile, watched: readonly string[]): Verdict {
  const rule = watched.find((one) => covers(one, path))
  if (rule !== undefined) return pass(`${item}: watched by the rule for ${rule}`)
  return state.kind === 'hidden' ? hidden(path) : fail(`${item}: no rule watches it`)
}

/** A watch of a folder includes everything in it (auditctl(8), -w and -F dir). */
function covers(rule: string, path: string): boolean {
  const [folder, file] = [canonical(rule), canonical(path)]
  return file === folder || file.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** The same path, however a rule writes it: on most hosts /lib is /usr/lib, and /var/run is /run everywhere. */
function canonical(path: string): string {
  return path
    .replace(/(.)\/$/, '$1')
    .replace(/^\/var\/run(?=\/|$)/, '/run')
    .replace(/^\/usr\/(?=(?:s?bin|lib)(?:\/|$))/, '/')
}

/** What the kernel records. */
export const HOST_AUDITD: readonly Check[] = [auditd]
