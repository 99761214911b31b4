import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './command.ts'

/** Certificates by the openssl command: what the tests judge is made by someone else's code. */

const KEY_TYPES = {
  rsa1024: ['RSA', 'rsa_keygen_bits:1024'],
  rsa2048: ['RSA', 'rsa_keygen_bits:2048'],
  rsa3072: ['RSA', 'rsa_keygen_bits:3072'],
  p224: ['EC', 'ec_paramgen_curve:P-224'],
  p256: ['EC', 'ec_paramgen_curve:P-256'],
  p384: ['EC', 'ec_paramgen_curve:P-384'],
  p521: ['EC', 'ec_paramgen_curve:P-521'],
  secp256k1: ['EC', 'ec_paramgen_curve:secp256k1'],
  brainpool: ['EC', 'ec_paramgen_curve:brainpoolP256r1'],
  explicit: ['EC', 'ec_paramgen_curve:P-256', 'ec_param_enc:explicit'],
  ed25519: ['ED25519'],
  ed448: ['ED448'],
  'rsa-pss': ['RSA-PSS', 'rsa_keygen_bits:2048'],
} as const

/** The kinds of keys that {@link makeCertificate} makes. `explicit` is P-256 with its curve spelt out. */
export type TestKeyType = keyof typeof KEY_TYPES

/** All of {@link TestKeyType}. */
export const TEST_KEY_TYPES: readonly TestKeyType[] = Object.keys(KEY_TYPES) as TestKeyType[]

/** A certificate with its key, as PEM. */
export interface Made {
  readonly cert: string
  /** PKCS#8, not encrypted. */
  readonly key: string
}

export interface CertificateOptions {
  /** Its common name; `''` for a subject without any. */
  readonly commonName?: string
  /** @defaultValue `p256` */
  readonly keyType?: TestKeyType
  /** A key that is there already, as PEM. */
  readonly key?: string
  /** Who signs it. @defaultValue itself */
  readonly issuer?: Made
  /** @defaultValue false */
  readonly ca?: boolean
  /** Extended key usage: `clientAuth`, `serverAuth`, ... @defaultValue no such extension */
  readonly purposes?: readonly string[]
  /** Key usage: `digitalSignature`, `keyCertSign`, ... @defaultValue no such extension */
  readonly keyUsage?: readonly string[]
  /** Alternative names as openssl writes them: `DNS:build01`, `IP:10.0.0.5`. @defaultValue none */
  readonly names?: readonly string[]
  /** When it begins. @defaultValue an hour ago */
  readonly from?: Date
  /** When it ends. @defaultValue in 90 days */
  readonly to?: Date
  /** The hash of its signature: `sha1`, `sha512`, ... @defaultValue openssl's own for the issuer's key */
  readonly digest?: string
  /** An RSA signature with PSS padding. @defaultValue false */
  readonly pss?: boolean
  /** In hexadecimal, an even number of digits. @defaultValue random */
  readonly serial?: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A moment so many days from now; the past is negative. */
export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY)
}

/** Makes one certificate, self-signed or by an issuer. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'openssl-'))
  try {
    const key = options.key ?? (await makeKey(options.keyType))
    await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 })
    await writeFile(join(folder, 'issuer-key.pem'), options.issuer?.key ?? key, { mode: 0o600 })
    if (options.issuer) await writeFile(join(folder, 'issuer.pem'), options.issuer.cert)
    await writeFile(join(folder, 'index.txt'), '')
    if (options.serial !== undefined) await writeFile(join(folder, 'serial'), `${options.serial}\n`)
    await writeFile(join(folder, 'openssl.cnf'), configuration(folder, options))
    const subject = options.commonName === '' ? ['-subj', '/'] : []
    await openssl(
      ['req', '-new', '-config', 'openssl.cnf', ...subject, '-key', 'key.pem', '-out', 'request.pem'],
      folder,
    )
    await openssl(['ca', ...caArguments(options)], folder)
    return { key, cert: await readFile(join(folder, 'cert.pem'), 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Makes a private key alone: PKCS#8, not encrypted. */
export async function makeKey(type: TestKeyType = 'p256'): Promise<string> {
  const [algorithm, ...settings] = KEY_TYPES[type]
  return openssl(['genpkey', '-algorithm', algorithm, ...settings.flatMap((setting) => ['-pkeyopt', setting])])
}

/** A key encrypted: as PKCS#8, or in the older form whose PEM has a `Proc-Type` header (RSA and EC only). */
export async function encryptKey(key: string, passphrase: string, form: 'pkcs8' | 'legacy'): Promise<string> {
  const how = { pkcs8: ['-v2', 'aes-256-cbc', '-topk8'], legacy: ['-traditional', '-aes-256-cbc'] }[form]
  const command = form === 'pkcs8' ? 'pkcs8' : 'pkey'
  const { code, stdout, stderr } = await runCommand('openssl', [command, ...how, '-passout', 'env:PASSPHRASE'], {
    input: key,
    env: { PASSPHRASE: passphrase },
  })
  if (code !== 0) throw new Error(`openssl ${command} failed: ${stderr}`)
  return stdout
}

/** A key in the older form, without encryption: `RSA PRIVATE KEY`, or `EC PRIVATE KEY`. */
export function traditionalKey(key: string): Promise<string> {
  return openssl(['pkey', '-traditional'], undefined, key)
}

/** A CA, as it should be. */
export function makeCa(options: CertificateOptions = {}): Promise<Made> {
  return makeCertificate({ commonName: 'Test CA', ca: true, keyUsage: ['keyCertSign', 'cRLSign'], ...options })
}

/** A server's certificate, as it should be: for localhost, 127.0.0.1 and ::1. */
export function makeServer(issuer: Made, options: CertificateOptions = {}): Promise<Made> {
  return makeCertificate({
    commonName: 'localhost',
    issuer,
    purposes: ['serverAuth'],
    names: ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'],
    ...options,
  })
}

/** A client's certificate, as it should be. */
export function makeClient(issuer: Made, options: CertificateOptions = {}): Promise<Made> {
  return makeCertificate({ commonName: 'alice', issuer, purposes: ['clientAuth'], ...options })
}

/** A folder as DOCKER_CERT_PATH wants it, made where it isn't there: ca.pem, cert.pem and key.pem (0600). */
export async function writeIdentity(
  folder: string,
  { ca, cert, key }: { ca: string; cert: string; key: string },
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, 'ca.pem'), ca)
  await writeFile(join(folder, 'cert.pem'), cert)
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 })
  await chmod(join(folder, 'key.pem'), 0o600)
}

function configuration(folder: string, options: CertificateOptions): string {
  const { commonName = 'test', serial, names = [] } = options
  const lines = [
    '[req]',
    'prompt = no',
    'utf8 = yes',
    'string_mask = utf8only',
    'distinguished_name = name',
    '[name]',
    `CN = ${commonName === '' ? 'none' : commonName}`,
    '[ca]',
    'default_ca = issuing',
    '[issuing]',
    `new_certs_dir = ${folder}`,
    `database = ${folder}/index.txt`,
    ...(serial === undefined ? ['rand_serial = yes'] : [`serial = ${folder}/serial`]),
    'default_md = default',
    'default_days = 90',
    'unique_subject = no',
    'policy = anything',
    'email_in_dn = no',
    '[anything]',
    'commonName = optional',
    '[extensions]',
    ...extensions(options),
    '[names]',
    ...names.map((name, index) => name.replace(/^([A-Za-z]+):(.*)$/, `$1.${index} = $2`)),
  ]
  return `${lines.join('\n')}\n`
}

function extensions({ issuer, ca = false, purposes, keyUsage, names = [] }: CertificateOptions): string[] {
  return [
    ...(ca ? ['basicConstraints = critical, CA:TRUE'] : []),
    'subjectKeyIdentifier = hash',
    ...(issuer ? ['authorityKeyIdentifier = keyid'] : []),
    ...(keyUsage ? [`keyUsage = critical, ${keyUsage.join(', ')}`] : []),
    ...(purposes ? [`extendedKeyUsage = ${purposes.join(', ')}`] : []),
    ...(names.length > 0 ? ['subjectAltName = @names'] : []),
  ]
}

function caArguments({ issuer, digest = 'default', pss, from, to }: CertificateOptions): string[] {
  const padding = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']
  return [
    ...'-config openssl.cnf -batch -notext -in request.pem -out cert.pem'.split(' '),
    ...'-extensions extensions -keyfile issuer-key.pem'.split(' '),
    ...(issuer ? ['-cert', 'issuer.pem'] : ['-selfsign']),
    ...(pss ? padding : []),
    '-md',
    digest,
    '-startdate',
    asn1Date(from ?? daysFromNow(-1 / 24)),
    '-enddate',
    asn1Date(to ?? daysFromNow(90)),
  ]
}

/** `20261124221334Z`. */
function asn1Date(date: Date): string {
  return `${date.toISOString().replace(/[-:T]|\.\d+Z$/g, '')}Z`
}

async function openssl(args: readonly string[], cwd?: string, input?: string): Promise<string> {
  const options = { ...(cwd === undefined ? {} : { cwd }), ...(input === undefined ? {} : { input }) }
  const { code, stdout, stderr } = await runCommand('openssl', args, options)
  if (code !== 0) throw new Error(`openssl ${args.join(' ')} failed: ${stderr}`)
  return stdout
}
