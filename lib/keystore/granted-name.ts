/**
 * The common name of a granted certificate. It isn't that of the grant: who has that name may have a certificate of its own,
 * which the end of a grant must not revoke.
 */
export const GRANTED_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9_-]{0,48}-grant-[0-9a-f]{8}$/
