import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem } from 'node:os'

/** The machine on which the benchmark ran. Results are meaningless without it. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly dockerd: string
  readonly openssl: string
  /** The load average of the minute before. Other running programs make all results worse. */
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
