import { IMAGE } from '../../../test/daemon/harness/image.ts'
import { Refusal } from '../attack.ts'
import { ask, type Way } from './ask.ts'

/** A container of an attack. It has the name of the attack, so that findings of the audit can be told apart. */
export interface Job {
  readonly name: string
  readonly script?: string
  readonly env?: readonly string[]
  readonly hostConfig?: object
}

const END = '--end--'
/** So that no attack can burden the machine. */
const LIMITS = { Memory: 64 * 1024 * 1024, PidsLimit: 32, NetworkMode: 'none' }

/** Creates a container, and doesn't start it. */
export async function create(way: Way, { name, script = '', env = [], hostConfig }: Job): Promise<string> {
  const body = {
    Image: IMAGE,
    // It stays for the audit. dockerd may lose the end of the output of a container that exits at once.
    Cmd: ['sh', '-c', `exec 2>&1\n${script}\necho ${END}; sleep 60`],
    Env: env,
    // The output is then one plain stream.
    Tty: true,
    HostConfig: { ...LIMITS, ...hostConfig },
  }
  const text = await ask(way, { method: 'POST', path: `/containers/create?name=${name}`, body })
  return (JSON.parse(text) as { Id: string }).Id
}

/** Runs a script in a container, and returns its output. */
export async function run(way: Way, job: Job): Promise<string> {
  const id = await create(way, job)
  await ask(way, { method: 'POST', path: `/containers/${id}/start` })
  const path = `/containers/${id}/logs?stdout=1&follow=1`
  const text = await ask(way, { path, until: END })
  return text.slice(0, text.indexOf(END)).replaceAll('\r', '').trim()
}

/**
 * The line of the output that proves the attack.
 *
 * @throws {@link Refusal} with the output, if it isn't there
 */
export function proof(output: string, what: string): string {
  const line = output.split('\n').find((text) => text.includes(what))
  if (line === undefined) throw new Refusal(output.replaceAll('\n', '; '))
  return line.trim()
}
