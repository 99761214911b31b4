import { packageVersion } from '../../base/package-version.ts'

/** The argument by which the docker command asks a plugin for its metadata (cli-plugins/metadata/metadata.go of docker/cli). */
export const METADATA_WORD = 'docker-cli-plugin-metadata'

/** The metadata that the docker command shows in `docker --help` and `docker info`. */
export function metadata(): string {
  const about = {
    SchemaVersion: '0.1.0',
    Vendor: 'docker-mtls',
    Version: packageVersion(),
    ShortDescription: 'Secure a Docker daemon with mutual TLS and connect to it',
  }
  return `${JSON.stringify(about)}\n`
}
