import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** The command lines of all processes here that have this text in them (proc_pid_cmdline(5)). */
export function processesNaming(text: string): string[] {
  const lines = readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? commandLine(pid) : []))
  return lines.filter((line) => line.includes(text))
}

/** Waits for the end of all processes like those, and gives what is left: one that was killed takes a moment to die. */
export async function processesLeft(text: string): Promise<string[]> {
  for (let attempt = 0; attempt < 200 && processesNaming(text).length > 0; attempt++) await delay(10)
  return processesNaming(text)
}

function commandLine(pid: string): string[] {
  try {
    return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()]
  } catch {
    // It ended meanwhile.
    return []
  }
}
