import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem } from 'node:os'

/** Where figures were measured: without it they say nothing. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly dockerd: string
  readonly openssl: string
  /** Processes that wanted a core in the minute before: whatever else runs makes all figures worse. */
  readonly loadBefore: number
}

export function describeMachine(dockerd: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    dockerd: versionOf(dockerd, ['--version'], /version ([^\s,]+)/),
    openssl: versionOf('openssl', ['version'], /OpenSSL (\S+)/),
    loadBefore: loadavg()[0] ?? 0,
  }
}

function versionOf(file: string, args: readonly string[], pattern: RegExp): string {
  return pattern.exec(execFileSync(file, args, { encoding: 'utf8' }))?.[1] ?? 'unknown'
}
