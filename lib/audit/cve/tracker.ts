/** Where a distribution says which of its packages have a fix. `ID` stands for the CVE. */
const TRACKERS: ReadonlyArray<readonly [build: RegExp, system: RegExp, name: string, address: string]> = [
  [/ubuntu/i, /^Ubuntu/, 'Ubuntu', 'https://ubuntu.com/security/ID'],
  [
    /dfsg|[+~]ds\d|[+~]deb|~bookworm|~trixie/i,
    /^(?:Debian|Raspbian)/,
    'Debian',
    'https://security-tracker.debian.org/tracker/ID',
  ],
  [/\.amzn\d/, /^Amazon Linux/, 'Amazon Linux', 'https://explore.alas.aws.amazon.com/ID.html'],
  [/\.fc\d/, /^Fedora/, 'Fedora', 'https://bodhi.fedoraproject.org/updates/?search=ID'],
  [/\.el\d/, /^(?:Red Hat|CentOS|Rocky|AlmaLinux|Oracle)/, 'Red Hat', 'https://access.redhat.com/security/cve/ID'],
  [/-r\d/, /^Alpine/, 'Alpine', 'https://security.alpinelinux.org/vuln/ID'],
  [/suse|lp\d|sle/i, /SUSE/, 'SUSE', 'https://www.suse.com/security/cve/ID.html'],
  [/arch/i, /^Arch Linux/, 'Arch Linux', 'https://security.archlinux.org/ID'],
]

/**
 * Says where to look for the fix of a vulnerability in a distribution's build.
 *
 * @param build - its version
 * @param system - `info.OperatingSystem`, for a build whose version doesn't say
 */
export function trackerOf(id: string, build: string, system: string | undefined): string {
  const tracker = findTracker(build, system)
  if (!tracker || !id.startsWith('CVE-')) return `search its security tracker for ${id}`
  const [, , name, address] = tracker
  return `see the tracker of ${name}, ${address.replace('ID', id)}`
}

/** The same for all vulnerabilities of a build. */
export function trackerPage(build: string, system: string | undefined): string {
  const tracker = findTracker(build, system)
  if (!tracker) return 'see its security tracker'
  const [, , name, address] = tracker
  return `see the tracker of ${name}, ${new URL(address).origin}`
}

function findTracker(build: string, system = ''): (typeof TRACKERS)[number] | undefined {
  return TRACKERS.find(([pattern]) => pattern.test(build)) ?? TRACKERS.find(([, pattern]) => pattern.test(system))
}
