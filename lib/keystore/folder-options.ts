import type { Passphrase } from '../pki/encrypted-key.ts'
import type { LeafOptions } from '../pki/issue.ts'

/** Options for a certificate in a {@link PkiFolder}. */
export interface FolderLeafOptions extends LeafOptions {
  /**
   * Replaces a pair that doesn't fit: other names, another key type, expired, damaged, or issued by another CA. A good pair is
   * kept.
   *
   * @defaultValue false
   */
  readonly force?: boolean
  /**
   * Replaces a good pair as well.
   *
   * @defaultValue false
   */
  readonly renew?: boolean
  /** Decrypts the CA key, if it is encrypted and needed for signing. */
  readonly passphrase?: Passphrase
}

/** Options for a server in a {@link PkiFolder}. */
export interface FolderServerOptions extends FolderLeafOptions {
  /**
   * The name of one of several servers: letters, digits, `.`, `-` and `_`. Its files are in the folder `hosts/HOST`.
   *
   * @defaultValue none: the server in the folder `server`
   */
  readonly host?: string
}
