/** A registry has accepted the credentials. */
export interface AuthResponse {
  /** E.g. `Login Succeeded`. */
  readonly Status: string
  /** A token to use instead of the password; empty or absent if the registry doesn't issue one. Secret. */
  readonly IdentityToken?: string
}
