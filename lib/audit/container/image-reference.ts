/** An id as `docker images` shows it, long or short. */
const ID = /^(?:sha256:)?[0-9a-f]{12,64}$/

/** Whether a reference names one image for ever: by digest or by id. */
export function isPinned(reference: string): boolean {
  return ID.test(reference) || /@sha256:[0-9a-f]{64}$/.test(reference)
}

/** The tag of a reference; `latest` if it names none. */
export function tagOf(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1)
  return name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest'
}
