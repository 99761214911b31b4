import { daysFromNow, makeCa, makeCertificate, makeClient, type Made } from '../../../test/support/openssl-certs.ts'
import { makeCrl } from '../../../test/daemon/support/revocation.ts'

/** Certificates as the usual scripts with openssl make them: one CA, for ten years, and no purposes. */
export interface NaiveCertificates {
  readonly ca: Made
  readonly server: Made
  readonly client: Made
  readonly stolen: Made
  /** The CA's list of revoked certificates, with the stolen one in it. */
  readonly crl: string
  /** A CA that the system trusts, and a client certificate of it. */
  readonly publicCa: Made
  readonly bought: Made
}

const LONG = { to: daysFromNow(3650) }
const NAMES = ['DNS:localhost', 'IP:127.0.0.1']

export async function makeNaiveCertificates(): Promise<NaiveCertificates> {
  const [ca, publicCa] = await Promise.all([
    makeCa({ commonName: 'Company CA', to: daysFromNow(3660) }),
    makeCa({ commonName: 'Public CA' }),
  ])
  const [server, client, stolen, bought] = await Promise.all([
    makeCertificate({ commonName: 'localhost', issuer: ca, names: NAMES, ...LONG }),
    makeClient(ca, { commonName: 'alice', ...LONG }),
    makeClient(ca, { commonName: 'laptop', ...LONG }),
    makeClient(publicCa, { commonName: 'mallory' }),
  ])
  return { ca, server, client, stolen, crl: await makeCrl(ca, stolen), publicCa, bought }
}

/** The certificate of an impostor: for the right names, and of a CA that nobody trusts. */
export async function makeImpostor(): Promise<Made> {
  const issuer = await makeCa({ commonName: 'Rogue CA' })
  return makeCertificate({ commonName: 'localhost', issuer, purposes: ['serverAuth'], names: NAMES })
}
