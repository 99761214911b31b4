/** A registry has taken the credentials. */
export interface AuthResponse {
  /** E.g. `Login Succeeded`. */
  readonly Status: string
  /** In place of the password from now on; empty or left out where the registry gives out none. Secret. */
  readonly IdentityToken?: string
}
