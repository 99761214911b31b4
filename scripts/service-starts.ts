import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onInterrupt } from './interrupt.ts'

/** invoke-rc.d and deb-systemd-invoke ask this program before a maintainer script starts a service (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d'
/** "Action forbidden by policy". */
const FORBIDDEN = 101
/** Identifies our file, in case a power failure leaves it behind. */
const MARK = '# written by docker-mtls while it installs packages; it may be removed'
const SCRIPT = `#!/bin/sh\n${MARK}\nexit ${FORBIDDEN}\n`

/**
 * Runs an installation without starting services: `docker.io` would otherwise start a root daemon. If the machine
 * already has a policy, it stays: a policy that forbids starts is sufficient, and one that allows them is covered, for
 * the installer only, in a mount namespace.
 *
 * @param install - receives the words to put before the installer's command
 */
export async function withoutServiceStarts<T>(install: (prefix: readonly string[]) => Promise<T>): Promise<T> {
  if (!existsSync(POLICY) || isOurs()) return withOwnPolicy(install)
  if (forbids()) return install([])
  return withCoveredPolicy(install)
}

function isOurs(): boolean {
  return readFileSync(POLICY, 'utf8').includes(MARK)
}

function forbids(): boolean {
  return ['docker', 'containerd'].every((service) => spawnSync(POLICY, [service, 'start']).status === FORBIDDEN)
}

async function withOwnPolicy<T>(install: (prefix: readonly string[]) => Promise<T>): Promise<T> {
  const forget = onInterrupt(removePolicy)
  try {
    writeFileSync(POLICY, SCRIPT, { mode: 0o755 })
    return await install([])
  } finally {
    removePolicy()
    forget()
  }
}

function removePolicy(): void {
  rmSync(POLICY, { force: true })
}

async function withCoveredPolicy<T>(install: (prefix: readonly string[]) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-policy-'))
  const policy = join(folder, 'policy-rc.d')
  const cover = 'mount -n --bind "$1" "$2" && shift 2 && exec "$@"'
  try {
    writeFileSync(policy, SCRIPT, { mode: 0o755 })
    return await install(['unshare', '--mount', 'sh', '-c', cover, 'sh', policy, POLICY])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
