/** Variables whose values checks read. None of them is a secret, except for a password within a URL. */
const SHOWN_VARIABLES: ReadonlySet<string> = new Set(['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_TLS'])

type Raw = Readonly<Record<string, unknown>>

/**
 * Removes the values of environment variables, the command of the healthcheck, and the options of log and volume drivers from
 * an inspected container.
 */
export function redactContainer(inspect: Raw): Raw {
  const config = objectOf(inspect['Config'])
  const hostConfig = objectOf(inspect['HostConfig'])
  const logConfig = objectOf(hostConfig?.['LogConfig'])
  return {
    ...inspect,
    ...(config && {
      Config: { ...config, Env: redactEnv(config['Env']), Healthcheck: redactHealthcheck(config['Healthcheck']) },
    }),
    ...(hostConfig && {
      HostConfig: {
        ...hostConfig,
        ...(logConfig && { LogConfig: { ...logConfig, Config: redactLog(logConfig['Config']) } }),
        Mounts: redactEach(hostConfig['Mounts'], redactMount),
      },
    }),
  }
}

/** Removes the options of a volume's driver except for those that name a folder or device of the host. */
export function redactVolume(volume: Raw): Raw {
  return { ...volume, Options: redactVolumeOptions(volume['Options']) }
}

/** Removes passwords from the proxies. */
export function redactInfo(info: Raw): Raw {
  return { ...info, HttpProxy: withoutPassword(info['HttpProxy']), HttpsProxy: withoutPassword(info['HttpsProxy']) }
}

function objectOf(value: unknown): Raw | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : undefined
}

function redactEnv(env: unknown): unknown {
  return redactEach(env, (entry) => {
    if (typeof entry !== 'string') return entry
    const [name = ''] = entry.split('=', 1)
    // An empty value is no secret, and `PASSWORD=` no finding.
    return SHOWN_VARIABLES.has(name) || entry === `${name}=` ? withoutPassword(entry) : name
  })
}

/** How it runs is enough: `NONE`, `CMD`, `CMD-SHELL`. The command may contain passwords. */
function redactHealthcheck(healthcheck: unknown): unknown {
  const given = objectOf(healthcheck)
  const test = given?.['Test']
  return given && Array.isArray(test) ? { ...given, Test: test.slice(0, 1) as unknown[] } : healthcheck
}

function redactEach(list: unknown, redact: (item: unknown) => unknown): unknown {
  return Array.isArray(list) ? list.map((item: unknown) => redact(item)) : list
}

function redactMount(mount: unknown): unknown {
  const volume = objectOf(objectOf(mount)?.['VolumeOptions'])
  const driver = objectOf(volume?.['DriverConfig'])
  if (!driver) return mount
  const DriverConfig = { ...driver, Options: redactVolumeOptions(driver['Options']) }
  return { ...objectOf(mount), VolumeOptions: { ...volume, DriverConfig } }
}

/** The mount options in `o` may hold the password of a file server: `username=ann,password=...`. */
function redactVolumeOptions(options: unknown): unknown {
  const given = objectOf(options)
  if (!given) return options
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, redactVolumeOption(name, value)]))
}

function redactVolumeOption(name: string, value: unknown): unknown {
  if (name === 'o' && typeof value === 'string') return value.replaceAll(/(?<!(?:lower|upper|data)dir\+?)=[^,]*/g, '')
  return name === 'type' || name === 'device' ? withoutPassword(value) : ''
}

/** A driver's options may hold tokens; only the sizes of local files are shown. */
export function redactLog(options: unknown): unknown {
  const given = objectOf(options)
  if (!given) return options
  const shown = new Set(['max-size', 'max-file'])
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, shown.has(name) ? value : '']))
}

/**
 * `http://ann:secret@proxy:3128` becomes `http://***@proxy:3128`, and `ann:secret@proxy:3128`, which Go also reads as a URL,
 * becomes `***@proxy:3128`. A password may contain any character.
 */
function withoutPassword(url: unknown): unknown {
  if (typeof url !== 'string') return url
  return /\/\/[^]*@/.test(url) ? url.replace(/\/\/[^]*@/, '//***@') : url.replace(/^[^/@]*:[^]*@/, '***@')
}
