import { readdirSync, readFileSync } from 'node:fs'

/** The command lines of all processes here that have this text in them (proc_pid_cmdline(5)). */
export function processesNaming(text: string): string[] {
  const lines = readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? commandLine(pid) : []))
  return lines.filter((line) => line.includes(text))
}

function commandLine(pid: string): string[] {
  try {
    return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()]
  } catch {
    // It ended meanwhile.
    return []
  }
}
