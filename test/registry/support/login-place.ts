import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'

/** A home with the Docker CLI's folder in it, and a PATH of its own for helpers. */
export class LoginPlace {
  readonly home: string
  readonly env: Readonly<Record<string, string>>

  private constructor(home: string) {
    this.home = home
    this.env = { HOME: home, PATH: `${join(home, 'bin')}:/usr/bin:/bin` }
  }

  static async make(t?: Cleanable): Promise<LoginPlace> {
    const place = new LoginPlace(await temporaryFolder(t))
    await mkdir(place.config)
    await mkdir(join(place.home, 'bin'))
    return place
  }

  get config(): string {
    return join(this.home, '.docker')
  }

  async writeConfig(content: unknown): Promise<void> {
    await writeFile(join(this.config, 'config.json'), typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** Puts `docker-credential-NAME` in the PATH: a script that notes what it is asked, action by action. */
  async addHelper(name: string, actions: Readonly<Record<string, string>>): Promise<void> {
    const cases = Object.entries(actions).map(([action, script]) => `${action}) ${script} ;;`)
    const note = `echo "${name} $1 $server" >> '${this.#log}'`
    const script = `#!/bin/sh\nread -r server || true\n${note}\ncase "$1" in\n${cases.join('\n')}\nesac\n`
    const path = join(this.home, 'bin', `docker-credential-${name}`)
    await writeFile(path, script)
    await chmod(path, 0o755)
  }

  /** What the helpers were asked: `NAME get SERVER`. */
  async asked(): Promise<string[]> {
    const text = await readFile(this.#log, 'utf8').catch(() => '')
    return text.split('\n').filter((line) => line !== '')
  }

  get #log(): string {
    return join(this.home, 'asked')
  }
}

/** The `auth` of an entry. */
export function basic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64')
}

/** A script that prints what a helper answers. */
export function answer(Username: string, Secret: string): string {
  return `printf '%s' '${JSON.stringify({ ServerURL: 'x', Username, Secret })}'`
}
