/** A line of /etc/passwd or /etc/group: as much of it as counts here. */
export interface Account {
  readonly name: string
  /** The uid, or the gid. */
  readonly id: number
  /** Of a user: what it logs in with. */
  readonly shell?: string
}

const ID = /^\d{1,10}$/

/**
 * Reads passwd(5) or group(5), and what `getent` prints of them. Lines without a number, such as NIS's `+::::::`, name
 * nobody.
 */
export function parseAccounts(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , id = '', , , , shell] = line.trim().split(':')
    if (name === '' || !ID.test(id)) return []
    return [{ name, id: Number(id), ...(shell !== undefined && { shell }) }]
  })
}

/** By its name or its number; the first one that has it is who is meant, as for dockerd (executed: 26.1.5). */
export function findAccount(accounts: readonly Account[], nameOrId: string | number): Account | undefined {
  return accounts.find(({ name, id }) => (typeof nameOrId === 'string' ? name : id) === nameOrId)
}
