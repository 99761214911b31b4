import type { Machine } from '../machine.ts'

/** When a daemon was not there: from the moment that it began to stop until it was ready again. In milliseconds since 1970. */
export interface Absence {
  readonly from: number
  readonly to: number
}

/** The last restart of docker, by systemd's own clock. */
export async function lastRestart(machine: Machine): Promise<Absence> {
  const said = await machine.must([
    'systemctl',
    'show',
    'docker.service',
    '--timestamp=us+utc',
    '-p',
    'ActiveExitTimestamp',
    '-p',
    'ActiveEnterTimestamp',
  ])
  return {
    from: Math.floor(momentOf(said, 'ActiveExitTimestamp')),
    to: Math.ceil(momentOf(said, 'ActiveEnterTimestamp')),
  }
}

/** `Wed 2026-11-25 10:20:30.123456 UTC` */
function momentOf(said: string, name: string): number {
  const [, day, time, micros] = new RegExp(`^${name}=\\w+ ([\\d-]+) ([\\d:]+)\\.(\\d+) UTC$`, 'm').exec(said) ?? []
  if (day === undefined || time === undefined) throw new Error(`no ${name} in ${said}`)
  return Date.parse(`${day}T${time}Z`) + Number(micros) / 1000
}
