/** Image names, and the registry credentials that the Docker CLI stores. */
export const REGISTRY_ERRORS = {
  ERR_REFERENCE_INVALID: {
    meaning: "The image name or registry isn't valid.",
    cause: 'Upper-case letters, an image id, an invalid tag, or a digest where only a tag can be pushed.',
    remedy: 'Write `REGISTRY/REPOSITORY:TAG`, such as `ghcr.io/me/app:1.2`.',
  },
  ERR_CREDENTIALS_INVALID: {
    meaning: "Stored registry credentials can't be read.",
    cause: 'A damaged entry in `config.json`, or an invalid answer from a credential helper.',
    remedy: 'Log in again: `docker login REGISTRY`.',
  },
  ERR_CREDENTIAL_HELPER_MISSING: {
    meaning: "The configured credential helper isn't on the PATH.",
    cause: '`config.json` came from another machine.',
    remedy: 'Install the helper, or remove it from `credsStore` and `credHelpers`.',
  },
  ERR_CREDENTIAL_HELPER_FAILED: {
    meaning: "The credential helper failed or didn't answer in time.",
    cause: 'A locked keychain, or no desktop session.',
    remedy: 'Run the command in the message in a terminal.',
  },
}
