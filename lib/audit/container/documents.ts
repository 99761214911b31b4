const DOCKER = 'https://docs.docker.com'
const MAN = 'https://man7.org/linux/man-pages'

/** A page of Docker's documentation: `engine/security/seccomp/`. */
export function dockerDocs(path: string): string {
  return `${DOCKER}/${path}`
}

/** A page of the Linux manual: `capabilities.7`. */
export function manPage(name: string): string {
  return `${MAN}/man${name.split('.').at(-1) ?? ''}/${name}.html`
}

/** An item that has the same number in both versions of the CIS Docker Benchmark. */
export function cisItems(...items: readonly string[]): {
  readonly '1.6': readonly string[]
  readonly '1.8': readonly string[]
} {
  return { '1.6': items, '1.8': items }
}
