import { spawnSync } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { findProgram } from '../../../scripts/packages.ts'
import { dockerLocally } from './docker-cli.ts'
import type { Daemon } from './dockerd.ts'

/** The name of the image that {@link makeImage} makes, unless told otherwise. */
export const IMAGE = 'busybox:made-here'

/**
 * Makes an image out of the machine's busybox, without any registry: `docker import` of a tar that is made on the spot.
 *
 * @param programs - paths of further programs of the machine for the image
 * @returns the image's name
 */
export async function makeImage(
  daemon: Daemon,
  name: string = IMAGE,
  programs: readonly string[] = [],
): Promise<string> {
  const command = ['import', '--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin', '-', name]
  const { code, stderr } = await dockerLocally(daemon, command, { input: await busyboxTar(programs) })
  if (code !== 0) throw new Error(`docker import failed: ${stderr}`)
  return name
}

/** A root folder with busybox, all its applets, and further programs, as a tar for `docker import`. */
export async function busyboxTar(programs: readonly string[] = []): Promise<Buffer> {
  const busybox = findProgram('busybox')
  if (busybox === undefined) throw new Error('busybox is not installed (Debian: busybox-static)')
  const tar = pack()
  for (const name of ['bin', 'etc', 'proc', 'root', 'sys']) tar.entry({ name, type: 'directory', mode: 0o755 })
  tar.entry({ name: 'tmp', type: 'directory', mode: 0o1777 })
  tar.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')
  tar.entry({ name: 'etc/group' }, 'root:x:0:\nnogroup:x:65534:\n')
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(busybox))
  const files = new Set([busybox, ...programs].flatMap(librariesOf))
  for (const file of [...programs, ...files]) {
    tar.entry({ name: file.slice(1), mode: 0o755 }, await readFile(await realpath(file)))
  }
  for (const applet of appletsOf(busybox)) tar.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' })
  tar.finalize()
  return buffer(tar)
}

function appletsOf(busybox: string): string[] {
  const names = spawnSync(busybox, ['--list'], { encoding: 'utf8' }).stdout.split('\n')
  return names.filter((name) => name !== '' && name !== 'busybox')
}

/** None for busybox-static; Debian's other busybox, which excludes that one, needs its loader and libc. */
export function librariesOf(program: string): string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '')
}

/**
 * A command that prints and then waits for a moment. If the machine is loaded, dockerd loses the output of a container that
 * ends at once (executed: 26.1.5).
 */
export function printing(script: string): string[] {
  return ['sh', '-c', `${script}; sleep 0.5`]
}
