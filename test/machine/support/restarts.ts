import type { Machine } from '../machine.ts'

/** When a daemon was not there: from the moment that it began to stop until it was ready again. In milliseconds since 1970. */
export interface Absence {
  readonly from: number
  readonly to: number
}

/**
 * The last restart of docker. systemd sends the signal before it writes down the time of the end, so what dockerd says
 * of the signal can be earlier.
 */
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
  const log = await machine.must(['journalctl', '-u', 'docker', '-o', 'cat', '--no-pager'])
  const signal = [...log.matchAll(/time="([^"]+)" level=info msg="Processing signal/g)].at(-1)?.[1]
  if (signal === undefined) throw new Error(`dockerd has got no signal: ${log.slice(-2000)}`)
  return {
    from: Math.floor(Math.min(momentOf(said, 'ActiveExitTimestamp'), Date.parse(signal))),
    to: Math.ceil(momentOf(said, 'ActiveEnterTimestamp')),
  }
}

/** `Wed 2026-11-25 10:20:30.123456 UTC` */
function momentOf(said: string, name: string): number {
  const [, day, time, micros] = new RegExp(`^${name}=\\w+ ([\\d-]+) ([\\d:]+)\\.(\\d+) UTC$`, 'm').exec(said) ?? []
  if (day === undefined || time === undefined) throw new Error(`no ${name} in ${said}`)
  return Date.parse(`${day}T${time}Z`) + Number(micros) / 1000
}
