/** The first version that shows plugins every JSON body, or refuses the request (CVE-2026-34040). */
const SAFE = [29, 3, 1]

/** A warning if plugins don't see all requests of this version of dockerd. Distributions add the fix to older versions. */
export function bypassOf(version: string): string | undefined {
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  const difference = numbers?.map((number, index) => number - (SAFE[index] ?? 0)).find((one) => one !== 0) ?? 0
  if (difference >= 0) return undefined
  return (
    `dockerd ${version} is older than ${SAFE.join('.')}. Unless your distribution has added the fix of CVE-2026-34040, it shows ` +
    'plugins no JSON body above 1 MiB, and carries the request out. Below the level privileged, docker-mtls refuses each ' +
    'request whose JSON body it is not shown. Upgrade Docker Engine.'
  )
}
